#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Conformance of the two ends of the wire, seen from outside.

    conform.py BUILD_DIR [WORD]

Runs ioemu-peer and the core around a scripted Xen, both of BUILD_DIR, against
the independent implementation in this folder; WORD picks the checks whose
names contain it. One line a check.
"""

import os
import re
import sys
import tempfile

import aspeer
import asroot
import kit
import ring
import tables
import wire
from checks import hostile, ring_checks

DOCUMENT = os.path.join(tables.FOLDER, "wire.md")


def tables_of_the_document():
    """They say what wire.json says, line by line."""
    with open(DOCUMENT, encoding="utf-8") as f:
        kit.equal(tables.missing(f.read()), [], "lines of tables that differ")


def every_check_of_section_9_is_broken_by_somebody():
    kit.equal(hostile.unproven(), [], "checks without a case")
    names = {function.__name__ for checks in asroot.CHECKS + aspeer.CHECKS + (
                 ring_checks.peer, ring_checks.core)
             for function in checks.functions}
    kit.equal(set(hostile.ELSEWHERE.values()) - names, set(),
              "checks that are not there")


def examples_of_the_document():
    """Those of sections 12 to 14 as we read and write them."""
    with open(DOCUMENT, encoding="utf-8") as f:
        text = f.read().split("## 12")[1]
    found = 0
    for line in text.splitlines():
        m = re.fullmatch(r"[RP] ([0-9A-F ]+)(…)?", line)
        if not m:
            continue
        found += 1
        data = bytes.fromhex(m[1])
        size = wire.frame_size(data)
        if m[2]:
            data = data.ljust(size, b"\0")
        kit.equal(len(data), size, line)
        if data[0] == wire.TLP:
            kit.equal(wire.Tlp.unpack(data[4:], 512).frame(), data, line)
        elif data[0] == wire.HELLO:
            hello = wire.Hello.unpack(data[4:])
            hello.check(3 - hello.role)
            kit.equal(wire.frame(wire.HELLO, hello.pack()), data, line)
        elif data[0] == wire.RING and size > 4:
            layout = ring.Layout.unpack(data[4:])
            kit.equal(wire.frame(wire.RING, layout.pack()), data, line)
    kit.true(found >= 30, f"only {found} examples found")


def main():
    if not 2 <= len(sys.argv) <= 3:
        print(__doc__.splitlines()[2].strip(), file=sys.stderr)
        return 2
    build = os.path.abspath(sys.argv[1])
    report = kit.Report(sys.argv[2] if len(sys.argv) == 3 else "")
    report.run("the tables of the document", tables_of_the_document)
    report.run("every check of section 9 is broken by somebody",
               every_check_of_section_9_is_broken_by_somebody)
    report.run("the examples of the document", examples_of_the_document)
    with tempfile.TemporaryDirectory(prefix="ioemu-wire-") as folder:
        for word in ("", "ring: "):
            report.where = word
            place = os.path.join(folder, "ring" if word else "socket")
            os.mkdir(place)
            asroot.run_all(report, build, place, bool(word))
            aspeer.run_all(report, build, place, bool(word))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
