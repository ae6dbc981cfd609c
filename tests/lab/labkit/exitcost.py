# SPDX-License-Identifier: MIT
"""What an access costs in instructions, from what QEMU's plugin counted.

Owns the meaning of addresses: Xen's and dom0's kernel's by their own symbols,
mini-ioemu's by the files it has mapped. Every figure is of the median run.
"""

import bisect
import os
import re

from . import LabError

SCENARIO = "exitcost"
COUNTS = "exitcost.counts"
TOP = 15

# kind, what the table says
ROWS = {
    "cpuid": "cpuid, which Xen answers",
    "xen-port-read": "port read that Xen answers",
    "xen-mmio-read": "MMIO read that Xen answers",
    "port-read": "port read, 1 byte",
    "config-address": "config address (write cf8)",
    "config-data": "config data (read cfc)",
    "mmio-read": "MMIO read, 4 bytes",
    "mmio-write": "MMIO write, 4 bytes",
    "mmio-write-merged": "same, to be merged",
    "mmio-write-posted": "same, posted if Xen can",
    "doorbell": "same, a doorbell if Xen can",
}
DETAILS = ("mmio-read", "port-read", "mmio-write-posted")

COLUMNS = ("guest", "Xen", "dom0 kernel", "mini-ioemu", "other programs")

NOTE = """
Instructions of the run with the median total, of those in which no interrupt
came to the guest. A string instruction is not in them, its steps are said
apart. "guest" has what guest-tool executes around the access, {own} with none.
"""


class Symbols:
    """The name at or before an address."""

    def __init__(self, path, wanted="tTwW"):
        found = []
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                address, kind, name = line.split()[:3]
                if kind in wanted:
                    found.append((int(address, 16), name))
        found.sort()
        self._addresses = [a for a, _ in found]
        self._names = [n for _, n in found]

    def find(self, address):
        """The name, and whether that is where it begins."""
        i = bisect.bisect_right(self._addresses, address) - 1
        if i < 0:
            return hex(address), False
        return self._names[i], self._addresses[i] == address


class Files:
    """The file that one process has mapped at an address, or None."""

    def __init__(self, path):
        self._ranges = []
        with open(path, encoding="utf-8") as f:
            for line in f:
                first, last, name = re.match(
                    r"(\w+)-(\w+)(?: +\S+){4} *(.*)", line).groups()
                self._ranges.append((int(first, 16), int(last, 16),
                                     os.path.basename(name)))

    def find(self, address):
        for first, last, name in self._ranges:
            if first <= address < last:
                return name
        return None


class Kind:
    """One kind of access: its median run."""

    def __init__(self, runs, disturbed, *totals):
        self.runs = f"{runs} of {int(runs) + int(disturbed)}"
        self.least, self.median, self.most = (int(t) for t in totals)
        self.columns = dict.fromkeys(COLUMNS, 0)
        self.steps = 0
        self.parts = {}         # (column, name): [instructions, calls]

    def add(self, column, name, begins, count, times):
        self.columns[column] += count
        part = self.parts.setdefault((column, name), [0, 0])
        part[0] += count
        part[1] += times if begins else 0


class Meaning:
    """Whose an address is, and what is there."""

    def __init__(self, logs):
        self._xen = Symbols(os.path.join(logs, "xensyms.out"))
        self._kernel = Symbols(os.path.join(logs, "kallsyms.out"))
        self._files = Files(os.path.join(logs, "maps.out"))

    def of(self, zone, address):
        """Column, name, whether something that is called begins there."""
        if zone == "xen":
            return ("Xen", *self._xen.find(address))
        if zone == "dom0-kernel":
            return ("dom0 kernel", *self._kernel.find(address))
        if zone == "dom0-user":
            name = self._files.find(address)
            if name:
                return "mini-ioemu", name, False
            return "other programs", "", False
        return "guest", zone, False


def kinds(logs, counts):
    """{name: Kind} of all that was measured."""
    with open(os.path.join(logs, "kinds.out"), encoding="utf-8") as f:
        names = f.read().split()
    meaning = Meaning(logs)
    found = []
    with open(counts, encoding="utf-8") as f:
        for line in f:
            word, *fields = line.split()
            if word == "kind":
                found.append(Kind(*fields))
                continue
            zone, address, count, times = fields
            if word == "rep":
                found[-1].steps += int(count)
                continue
            found[-1].add(*meaning.of(zone, int(address, 16)), int(count),
                          int(times))
    if len(found) != len(names):
        raise LabError(f"{counts} has {len(found)} kinds of access, not "
                       f"{len(names)}")
    return dict(zip(names, found))


def table(logs, counts):
    found = kinds(logs, counts)
    lines = [f"{'':29}" + "".join(f"{c:>15}" for c in COLUMNS) +
             f"{'total':>10}{'least':>10}{'most':>10}{'steps':>8}"
             f"{'runs':>13}"]
    for name, label in ROWS.items():
        k = found[name]
        lines.append(f"{label:29}" +
                     "".join(f"{k.columns[c]:15,}" for c in COLUMNS) +
                     f"{k.median:10,}{k.least:10,}{k.most:10,}{k.steps:8,}"
                     f"{k.runs:>13}")
    lines.append(NOTE.format(own=found["nothing"].median))
    for name in DETAILS:
        for column in COLUMNS[1:4]:
            lines += top(name, found[name], column)
    return "\n".join(lines)


def top(name, kind, column):
    """The parts of a column with the most instructions."""
    parts = sorted(((count, calls, part) for (c, part), (count, calls)
                    in kind.parts.items() if c == column), reverse=True)
    if not parts:
        return
    yield f"{f'{ROWS[name]}: {column}':52}{'instructions':>14}{'calls':>8}"
    for count, calls, part in parts[:TOP]:
        yield f"    {part:48}{count:14,}{calls or '':>8}"
    rest = sum(count for count, _, _ in parts[TOP:])
    if rest:
        yield f"    {f'{len(parts) - TOP} others':48}{rest:14,}"
    yield ""
