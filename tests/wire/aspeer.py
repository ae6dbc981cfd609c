# SPDX-License-Identifier: MIT
"""Plays the peer against the real core: every check, every attack.

Owns the order, and what an attack must end in.
"""

import kit
import wire
from checks import (
    hostile, peer_access, peer_dma, peer_life, peer_link, peer_state,
    ring_checks, smallest_checks)
from corebench import MPS, Bench
from kit import equal, true
from link import Link
from peer import Device

CHECKS = (peer_access.check, peer_dma.check, peer_life.check, peer_link.check,
          peer_state.check, smallest_checks.check)


def log_lines(bench):
    return [line for line in bench.core.lines()
            if " is there" not in line and "left out" not in line]


def attack(bench, case):
    link = bench.raw()
    bench.until(lambda: any(t.number == wire.M_RUN for t in link.seen), "RUN")
    before = len(log_lines(bench))
    data = case.data
    if data is None:            # HELLO again
        data = wire.frame(wire.HELLO, link.mine.pack())
    link.put(data)
    bench.expect_bye(case.reason())
    bench.ask("lines")
    said = log_lines(bench)[before:]
    true(len(said) <= 1, f"log lines {said}")
    return said


def attack_hello(bench, case):
    bench.link = Link(kit.connect(bench.core.path, bench.core),
                      Device().hello())
    bench.link.out[:] = case.data
    bench.expect_bye(case.reason())


def a_link_that_is_closed_makes_one_line(bench):
    for case in hostile.frames()[:3]:
        equal(len(attack(bench, case)), 1, "log lines")
        bench.done()


def guarded(bench, function, *args):
    try:
        function(bench, *args)
    finally:
        bench.done()


def run_checks(report, bench):
    for checks in CHECKS:
        checks.run(report, guarded, bench)
    if bench.caps:
        ring_checks.core.run(report, guarded, bench)


def run_attacks(report, bench):
    report.run("core: a link that is closed makes one line", guarded, bench,
               a_link_that_is_closed_makes_one_line)
    for case in hostile.malformed(wire.PEER, MPS):
        report.run(f"core, hostile peer: {case.name}", guarded, bench, attack,
                   case)
    for case in hostile.hellos(wire.PEER):
        report.run(f"core, hostile peer: {case.name}", guarded, bench,
                   attack_hello, case)
    report.run("core: after all that a peer is taken", guarded, bench,
               peer_access.a_peer_is_found_where_the_user_wants_it)


def run_all(report, build, folder, ring):
    """A core for the checks and one for the attacks: what peers make a core
    log is limited over its life."""
    for name, run in (("core-1", run_checks), ("core-2", run_attacks)):
        bench = Bench(build, folder, name, ring)
        try:
            run(report, bench)
            report.run(f"{name}: it ends with nothing claimed",
                       bench.core.finish)
        finally:
            bench.core.kill()
