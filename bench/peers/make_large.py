"""Writes a message of about 20 MB with attachments, the same each time: make_large.py FILE."""

import base64
import random
import sys

LINE = "An ordinary line of text, as people write it, with a word in it now and then that is gr\u00f6\u00dfer than ASCII."


def part(kind, encoding, body, extra=()):
    head = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *extra]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body + b"\r\n"


def quoted_printable(text):
    lines = []
    for line in text.split("\n"):
        coded = "".join(c if c in "\t " or 33 <= ord(c) < 127 and c != "=" else "".join(f"={o:02X}" for o in c.encode()) for c in line)
        while len(coded) > 75:
            cut = 75
            while "=" in coded[cut - 2:cut]:
                cut -= 1
            lines.append(coded[:cut] + "=")
            coded = coded[cut:]
        lines.append(coded)
    return "\r\n".join(lines).encode()


def main(path):
    numbers = random.Random(20261121)
    text = "\n".join(LINE for _ in range(400))
    html = "<html><body>" + "".join(f"<p>{LINE}</p>\n" for _ in range(400)) + "</body></html>"
    plain = part("text/plain; charset=utf-8", "quoted-printable", quoted_printable(text))
    page = part("text/html; charset=utf-8", "quoted-printable", quoted_printable(html))
    parts = [part('multipart/alternative; boundary="=_inner"', "7bit", b"--=_inner\r\n" + plain + b"--=_inner\r\n" + page + b"--=_inner--")]
    for number, size in enumerate((9_000_000, 3_000_000, 1_000_000, 500_000, 100_000, 20_000)):
        body = base64.encodebytes(numbers.randbytes(size)).rstrip(b"\n").replace(b"\n", b"\r\n")
        parts.append(part("application/octet-stream", "base64", body, (f'Content-Disposition: attachment; filename="file{number}.bin"',)))
    parts.append(part("text/csv; charset=utf-8", "quoted-printable", quoted_printable("\n".join(f"{n};{LINE}" for n in range(10_000))),
                      ('Content-Disposition: attachment; filename="table.csv"',)))
    head = (b"From: Ann Example <ann@example.test>\r\nTo: Bob <bob@example.net>\r\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fere_Dateien?=\r\n"
            b"Date: Sat, 21 Nov 2026 03:00:00 +0000\r\nMessage-ID: <large@example.test>\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="=_outer"\r\n\r\n')
    with open(path, "wb") as file:
        file.write(head + b"".join(b"--=_outer\r\n" + p for p in parts) + b"--=_outer--\r\n")


main(sys.argv[1])
