"""Reads messages with Python's email package as MimeThroughput.cs does, and prints the same line:
mode, octets, messages, median CPU seconds of a round, octets decoded, peak memory in KiB, messages that raised.
email_throughput.py parse|decode SECONDS FILE..."""

import email
import email.policy
import resource
import statistics
import sys
import time


def text_of(part):
    octets = part.get_payload(decode=True) or b""
    charset = part.get_content_charset("utf-8")
    try:
        return octets.decode(charset, "replace")
    except LookupError:
        return octets.decode("latin-1")


def read(raw, decode):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if not decode:
        return 0
    size = 0
    for name in ("From", "To", "Cc", "Subject", "Date", "Message-ID"):
        size += len(str(message.get(name, "")))
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.get_content_maintype() == "text":
            size += len(text_of(part))
        else:
            size += len(part.get_payload(decode=True) or b"")
    return size


def main(mode, seconds, *files):
    raws = []
    for name in files:
        with open(name, "rb") as file:
            raws.append(file.read())
    rounds = []
    begun = time.process_time()
    while len(rounds) < 3 or time.process_time() - begun < float(seconds):
        start = time.process_time()
        size = raised = 0
        for raw in raws:
            try:
                size += read(raw, mode == "decode")
            except Exception:  # Some of the corpora's messages make the package raise; that is its result.
                raised += 1
        rounds.append(time.process_time() - start)
    median = statistics.median(rounds[len(rounds) // 2:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(mode, sum(map(len, raws)), len(raws), f"{median:.9f}", size, peak, raised, sep="\t")


main(*sys.argv[1:])
