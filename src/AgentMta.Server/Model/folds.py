#!/usr/bin/python3
"""Writes folds.txt: what each letter, digit or mark is found by, where that is not itself or its lower case.

Unicode's compatibility decomposition without accents, in lower case; letters with a stroke and ligatures become plain ones. .NET without ICU (InvariantGlobalization)
has no such table. Left out: Hangul (SearchWords composes it), forms for Arabic and Han that only old encodings have, letters of mathematics."""
import unicodedata

PLAIN = {"ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ı": "i", "ς": "σ"}
ACCENTS = [(0x300, 0x36F), (0x591, 0x5C7), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF)]
TAKEN = [(0x80, 0x10FF), (0x1200, 0x33FF), (0xFB00, 0xFB4F), (0xFF00, 0xFFEF)]


def counts(c):
    return unicodedata.category(c)[0] in "LNM" and not any(a <= ord(c) <= b for a, b in ACCENTS)


found = {}
for first, last in TAKEN:
    for c in map(chr, range(first, last + 1)):
        if not counts(c):
            continue
        folded = "".join(PLAIN.get(d, d.lower()) for d in unicodedata.normalize("NFKD", c) if counts(d))
        if folded and folded not in (c, c.lower()):
            found.setdefault(folded, []).append(c)
with open(__file__.replace(".py", ".txt"), "w", encoding="utf-8") as out:
    out.write(f"# Written by folds.py from Unicode {unicodedata.unidata_version}: what is found by the first word of each line.\n")
    for folded, letters in sorted(found.items()):
        out.write(f"{folded} {''.join(letters)}\n")
