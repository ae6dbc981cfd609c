# SPDX-License-Identifier: MIT
"""The side-by-side table, from the figures the bench scenario left behind.

A figure is a line "DM KEY VALUE" in bench.out, one a round. The median counts,
of single accesses the least: a host that is busy for minutes makes them twice
as long, and the guest's tool takes the fastest batch for that reason, too.
"""

import os
import statistics

from . import LabError

SCENARIO = "bench"

# key, what the table says, unit, how many of the figure's own units make one
ROWS = (
    ("boot-cd", "xl create to userspace, from CD", "s", 1e3),
    ("boot-kernel", "xl create to userspace, kernel=", "s", 1e3),
    ("ready", "exec to readiness", "ms", 1),
    ("save", "xl save", "ms", 1),
    ("restore", "xl restore", "ms", 1),
    ("migrate", "xl migrate, live", "ms", 1),
    ("downtime", "guest silent in the migration", "ms", 1),
    ("upgrade", "device model replaced, guest waits", "ms", 1),
    ("state", "state of the devices, saved", "KiB", 1024),
    ("destroy", "xl destroy", "ms", 1),
    ("port-read", "port read, 1 byte", "us", 1e3),
    ("port-write", "port write, 1 byte", "us", 1e3),
    ("config-read", "config read (write cf8, read cfc)", "us", 1e3),
    ("mmio-read", "MMIO read, 4 bytes", "us", 1e3),
    ("mmio-write", "MMIO write, 4 bytes", "us", 1e3),
    ("rep-movs-4k-read", "rep movsl, 4 KiB from the BAR", "us", 1e3),
    ("rep-movs-4k-write", "rep movsl, 4 KiB to the BAR", "us", 1e3),
    ("loop-4k-read", "dword loop, 4 KiB from the BAR", "us", 1e3),
    ("loop-4k-write", "dword loop, 4 KiB to the BAR", "us", 1e3),
    ("rss", "resident memory", "KiB", 1),
    ("anon", "of it private data", "KiB", 1),
    ("binary", "program file", "KiB", 1024),
    ("plugins", "plugin files, all", "KiB", 1024),
)

COLUMNS = ("stock", "mini", "peer")

NOTE = """
One boot of Xen on an emulated processor, the same guest for all: read the
ratios, not the times. Medians of several rounds; of single accesses the least.
Ratio: how many times less mini-ioemu takes. Peer: the device in a process of
its own, behind an Intel 31154 and a Unix socket. Saved and migrated is a guest
of 128 MiB that says something every 10 ms.
"""


def figures(path):
    found = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            dm, key, value = line.split()
            found.setdefault((dm, key), []).append(float(value))
    return found


def of_rounds(values, unit):
    if not values:
        return None
    return min(values) if unit == "us" else statistics.median(values)


def cell(value, scale):
    if value is None:
        return "-"
    value /= scale
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def row(found, key, label, unit, scale):
    stock, mini, peer = (of_rounds(found.get((dm, key)), unit)
                         for dm in COLUMNS)
    ratio = f"{stock / mini:.2f}x" if stock and mini else "-"
    return (f"{label:34} {unit:>4} {cell(stock, scale):>11} "
            f"{cell(mini, scale):>11} {ratio:>8} {cell(peer, scale):>11}")


def table(logs):
    path = os.path.join(logs, "bench.out")
    if not os.path.exists(path):
        raise LabError(f"the bench scenario left no figures in {path}")
    found = figures(path)
    head = (f"{'':34} {'':>4} {'stock QEMU':>11} {'mini-ioemu':>11} "
            f"{'ratio':>8} {'peer':>11}")
    return "\n".join([head, *(row(found, *r) for r in ROWS), NOTE])
