# SPDX-License-Identifier: MIT
"""The tables of the document as data: plugins-sdk/doc/wire.json.

Owns how a table looks in wire.md, so that the two can be compared. The rest of
this folder takes its numbers from here.
"""

import json
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../plugins-sdk/doc")

with open(os.path.join(FOLDER, "wire.json"), encoding="utf-8") as _file:
    DATA = json.load(_file)

FRAMES, HELLO, CAPABILITIES, INTX, MESSAGES, FLAGS, REASONS, CHECKS = (
    DATA[name] for name in ("frames", "hello", "capabilities", "intx",
                            "messages", "flags", "reasons", "checks"))
VERSION = DATA["version"]["major"], DATA["version"]["minor"]


def accepts(values, v):
    """Is v in one of the ranges? None: no limit."""
    return any(first <= v and (last is None or v <= last)
               for first, last in values)


def edges(values, size):
    """Numbers of `size` bits on both sides of each end of a range."""
    out = set()
    for first, last in values:
        last = 2**size - 1 if last is None else last
        out |= {first - 1, first, last, last + 1}
    return sorted(v for v in out if 0 <= v < 2**size)


def number(rows, name, key):
    """Of the row of that name."""
    return next(row[key] for row in rows if row["name"] == name)


# ---- as in the document -------------------------------------------------


def _range(first, last):
    if last is None:
        return f"{first} or more" if first else "any"
    if first != last:
        return f"{first}–{last}"
    return f"{first:#X}".replace("X", "x") if first > 65535 else str(first)


def _values(row, key="values"):
    return ", ".join(_range(*r) for r in row.get(key, ()))


def _word(row, name):
    """`a` or `b` of a message."""
    if name not in row:
        return ""
    return f"{_values(row[name])}: {row[name]['meaning']}"


def _payload(row):
    if not row.get("plus_b"):
        return str(row["payload"])
    return f"{row['payload']} + b" if row["payload"] else "b"


def _table(header, rows):
    lines = ["|" + "".join(f" {cell} |" if cell else " |" for cell in line)
             for line in (header, *rows)]
    return [lines[0], "|" + "---|" * len(header), *lines[1:]]


def _plain(header, rows, *keys):
    return _table(header, [[str(row[k]) for k in keys] for row in rows])


def tables():
    """Each as the lines that it has in wire.md."""
    return [
        _table(("Type", "Name", "Length", "Body"),
               [(f"{r['type']:02X}", r["name"], _values(r, "length"),
                 r["body"]) for r in FRAMES]),
        _table(("Offset", "Size", "Field", "Values", "Meaning"),
               [(str(r["offset"]), str(r["size"]), r["field"], _values(r),
                 r.get("meaning", "")) for r in HELLO]),
        _plain(("Bit", "Capability", "In force if set by", "Meaning"),
               CAPABILITIES, "bit", "name", "in_force", "meaning"),
        _table(("Code", "Message", "Code", "Message"),
               [(f"{up['code']:02X}", up["name"], f"{down['code']:02X}",
                 down["name"]) for up, down in zip(INTX[:4], INTX[4:])]),
        _table(("Byte 12", "Name", "From", "`a` (byte 13)",
                "`b` (bytes 14–15)", "Payload, bytes", "Payload from byte 16"),
               [(f"{r['number']:02X}", r["name"], r["from"], _word(r, "a"),
                 _word(r, "b"), _payload(r), r.get("layout", ""))
                for r in MESSAGES]),
        _plain(("Bit", "Flag", "If set"), FLAGS, "bit", "name", "meaning"),
        _plain(("Reason of BYE", "Meaning"), REASONS, "reason", "meaning"),
        _plain(("Check", "Of", "Rule", "If broken"), CHECKS, "check", "of",
               "rule", "else"),
    ]


def missing(text):
    """Lines of the tables that are not in the document, where they belong."""
    out = []
    for lines in tables():
        if "\n".join([""] + lines + [""]) not in text:
            there = text.splitlines()
            out += [line for line in lines if line not in there] or lines[:1]
    return out
