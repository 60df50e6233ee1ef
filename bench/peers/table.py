"""Prints what bench/protocol measured as ratios; exit code 1 where an aim is missed: table.py DIRECTORY."""

import csv
import glob
import json
import sys

NAMES = {"agentmta": "AgentMta", "gmime": "GMime", "python": "Python email"}
VERDICT = {True: "ok", False: "MISSED"}


def verification(folder):
    rows = {}
    for name in glob.glob(folder + "/results/*-report-full-compressed.json"):
        with open(name, encoding="utf-8") as file:
            for b in json.load(file)["Benchmarks"]:
                rows[b["Type"], b["Parameters"].split("=")[-1], b["Method"]] = (b["Statistics"]["Min"] / 1000, b["Statistics"]["Median"] / 1000, b["Memory"]["BytesAllocatedPerOperation"])
    missed = 0
    print(f"\n{'one message':38}{'min us':>9}{'median':>9}{'alloc B':>9}   against the aim")
    for (kind, parameter, method), (least, median, allocated) in sorted(rows.items()):
        kind = kind.removesuffix("Benchmark").removesuffix("Verify").upper()
        label = f"{kind} {parameter}" + (" bare RSA+SHA-256" if method == "Bare" else "")
        note = ""
        if kind == "DKIM" and method != "Bare":
            ratio = least / rows["DkimVerifyBenchmark", parameter, "Bare"][0]
            missed += ratio > 2
            note = f"{ratio:.2f} x bare, aim 2: {VERDICT[ratio <= 2]}"
        elif kind in ("SPF", "DMARC"):
            missed += least >= 20
            note = f"{least / 20:.2f} of 20 us: {VERDICT[least < 20]}"
        print(f"{label:38}{least:9.2f}{median:9.2f}{allocated:9.0f}   {note}")
    return missed + (not rows)


def throughput(folder):
    best = {}
    with open(folder + "/throughput.tsv", encoding="utf-8") as file:
        for source, who, mode, octets, messages, seconds, _, peak, extra in csv.reader(file, delimiter="\t"):
            row = (float(octets) / float(seconds) / 1e6, int(octets), int(messages), int(peak), extra)
            best[source, who, mode] = max(best.get((source, who, mode), row), row)
    missed = 0
    for source in dict.fromkeys(key[0] for key in best):
        _, octets, messages, _, _ = best[source, "agentmta", "decode"]
        print(f"\n{f'{source}: {messages} message(s), {octets / 1e6:.1f} MB':38}{'MB/s':>9}{'x GMime':>9}{'x Python':>9}{'peak MiB':>9}{'alloc/octet':>12}")
        for mode in ("parse", "decode", "content"):
            for who in NAMES:
                if (source, who, mode) not in best:
                    continue
                speed, _, _, peak, extra = best[source, who, mode]
                # "content" is ours alone and does more than the peers' "decode", beside which it stands.
                like = "decode" if mode == "content" else mode
                native, python = best.get((source, "gmime", like)), best[source, "python", like]
                columns = (f"{speed / native[0]:9.2f}" if native else f"{'-':>9}") + f"{speed / python[0]:9.1f}"
                allocated = f"{int(extra) / octets:12.3f}" if who == "agentmta" else f"{'-':>12}"
                note = ""
                if who == "agentmta":
                    good = speed >= python[0] * 10 and (native is None or speed * 2 >= native[0])
                    missed += not good
                    note = f"   {VERDICT[good]}"
                elif who == "python" and extra not in ("", "0"):
                    note = f"   raised on {extra}"
                print(f"  {mode + ', ' + NAMES[who]:36}{speed:9.1f}{columns}{peak / 1024:9.1f}{allocated}{note}")
    return missed


sys.exit(1 if verification(sys.argv[1]) + throughput(sys.argv[1]) else 0)
