# SPDX-License-Identifier: MIT
"""Plays the root against real ioemu-peer processes: every check, every attack.

Owns the order, and what an attack must end in.
"""

import kit
import wire
from checks import (
    hostile, ring_checks, root_access, root_dma, root_life, root_link,
    root_state)
from kit import equal
from root import Root
from rootbench import MEMBAR, Bench

MPS = 512                       # of a hostile root
CHECKS = (root_access.check, root_dma.check, root_life.check, root_link.check,
          root_state.check)


def attack(bench, case):
    """It must be answered with the BYE, and the next connection served."""
    root = bench.link(bench.membar, max_payload=MPS)
    data = case.data
    if data is None:            # HELLO again
        data = wire.frame(wire.HELLO, root.link.mine.pack())
    root.link.put(data)
    root.expect_bye(case.reason())
    again = bench.link(bench.membar)
    equal(again.config(0), MEMBAR, "register 0 of the next connection")
    again.link.cut()


def attack_hello(bench, case):
    root = Root(kit.connect(bench.membar.path, bench.membar))
    bench.opened.append(root)
    root.link.out[:] = case.data
    root.expect_bye(case.reason())


def guarded(bench, function, *args):
    try:
        function(bench, *args)
    finally:
        bench.done()


def run_all(report, build, folder, ring):
    bench = Bench(build, folder, ring)
    try:
        for checks in CHECKS:
            checks.run(report, guarded, bench)
        if ring:
            ring_checks.peer.run(report, guarded, bench)
        for case in hostile.malformed(wire.ROOT, MPS):
            report.run(f"peer, hostile root: {case.name}", guarded, bench,
                       attack, case)
        for case in hostile.hellos(wire.ROOT):
            report.run(f"peer, hostile root: {case.name}", guarded, bench,
                       attack_hello, case)
    finally:
        bench.stop()
