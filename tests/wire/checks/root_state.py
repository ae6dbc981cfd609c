# SPDX-License-Identifier: MIT
"""Checks of ioemu-peer: pausing, resetting, saving and loading, in every order
that a root may think of.
"""

import struct
import time

import kit
import wire
from kit import equal, true
from rootbench import BAR0


check = kit.Checks("peer")

SECOND = 10**9


def clock(paused):
    return struct.unpack(">Q", paused.data)[0]


# ---- pausing ------------------------------------------------------------


@check
def every_pause_is_answered_by_its_number(bench):
    root = bench.link(bench.membar)
    equal(root.pause(7).b, 7, "PAUSED of a peer that never ran")
    equal(root.pause(8).b, 8, "PAUSED of a peer that is paused")
    root.run(SECOND)
    equal(root.pause(9).b, 9, "PAUSED of a peer that ran")
    root.run(SECOND)
    root.pause(10)
    root.run(SECOND)
    root.said.clear()
    for number in (11, 12):
        root.say(wire.M_PAUSE, b=number)
    root.until(lambda: [m for m in root.said if m.b == 12], "PAUSED 12")


@check
def the_clock_of_paused_is_that_of_the_guest(bench):
    root = bench.link(bench.membar)
    hour = 3600 * SECOND        # longer than this check may take
    root.run(5 * hour)
    first = clock(root.pause())
    true(first >= 5 * hour, f"it went back to {first}")
    equal(clock(root.pause()), first, "the clock of a peer that is paused")
    root.run(3 * hour)          # as of a guest that was loaded
    true(3 * hour <= clock(root.pause()) < first, "the clock of the last RUN")
    root.run(4 * hour)
    root.run(2 * hour)          # to one that runs: it sets the clock
    true(2 * hour <= clock(root.pause()) < 3 * hour, "the clock it was set")


# ---- resetting ----------------------------------------------------------


@check
def a_reset_neither_stops_nor_starts_it(bench):
    for bus in (0, 1):
        root = bench.link(bench.membar)
        root.run(SECOND)
        root.reset(bus)
        equal(root.save(), None, "the state of a peer that runs")
        time.sleep(0.01)
        true(clock(root.pause()) >= SECOND + 10**7, "the clock stood still")
        stopped = clock(root.pause())
        root.reset(bus)
        true(root.save(), "no state of a peer that is paused")
        time.sleep(0.01)
        equal(clock(root.pause()), stopped, "the clock, paused")
        root.close()


@check
def a_reset_tells_of_each_window_that_goes(bench):
    for bus in (0, 1):
        root = bench.fresh(bench.membar)
        equal(len(root.windows), 3, "windows")
        root.said.clear()
        root.reset(bus)
        told = [m for m in root.said if m.number == wire.M_WINDOW]
        equal(sorted(m.b for m in told), [0, 2, 4], "windows told of")
        for m in told:
            equal(m.a & wire.W_MAPPED, 0, "the flag mapped")
            equal(m.data, bytes(16), "base and size")
        root.close()


@check
def a_reset_leaves_fixed_windows_where_they_are(bench):
    program = bench.start("debugcon")
    try:
        root = bench.link(program)
        equal(root.link.theirs.kind, wire.KIND_WINDOWS, "kind")
        root.until(lambda: root.windows, "its window")
        (name, (base, size, flags)), = root.windows.items()
        true(name[1] >= 7, "the index of a fixed window")
        equal((base, size, flags & 3), (0xe9, 1, wire.W_MAPPED), "its window")
        root.said.clear()
        for bus in (0, 1):
            root.say(wire.M_RESET, bus)
            equal(root.flush(0).done, True, "the flush")
            equal(root.port(0xe9, 1), 0xe9, "the port")
        equal([m for m in root.said if m.number == wire.M_WINDOW], [],
              "WINDOWs")
        program.healthy()
    finally:
        program.kill()


@check
def the_index_of_a_64_bit_bar_is_its_lower_register(bench):
    root = bench.fresh(bench.engine)
    equal(sorted(root.windows), [(0, 0), (0, 2), (0, 4)], "windows")
    true(root.windows[0, 0][0] >> 32, "BAR 0 is not above 4 GiB")


# ---- loading ------------------------------------------------------------


def pieces(root, blob):
    return wire.states(blob, root.link.mps)


def prepared(bench):
    """A paused peer, and its state."""
    root = bench.fresh(bench.membar, max_payload=512)
    root.write32(BAR0, 0xfeed)
    root.pause()
    return root, root.save()


def tell(root, number, a=0):
    """And hear it out: in a ring that is full there is no room for BYE."""
    if number == wire.M_SAVE:
        root.save()
    else:
        root.say(number, a, bytes(8) if number == wire.M_RUN else b"")


ORDERS = (
    ("no RESET", ()),
    ("a reset of the bus", ((wire.M_RESET, 1),)),
    ("RESET, then a reset of the bus", ((wire.M_RESET, 0), (wire.M_RESET, 1))),
    ("RESET, then PAUSE", ((wire.M_RESET, 0), (wire.M_PAUSE, 0))),
    ("RESET, then SAVE", ((wire.M_RESET, 0), (wire.M_SAVE, 0))),
    ("RESET, then RUN", ((wire.M_RESET, 0), (wire.M_RUN, 0))),
    ("RUN, then RESET", ((wire.M_RUN, 0), (wire.M_RESET, 0))))


@check
def a_state_that_nothing_announced_ends_the_link(bench):
    for name, words in ORDERS:
        root, blob = prepared(bench)
        for number, a in words:
            tell(root, number, a)
        root.link.send(pieces(root, blob)[0])
        try:
            root.expect_bye(wire.R_MALFORMED)
        except Exception as e:
            raise kit.Failed(f"STATE after {name}: {e}") from e


@check
def a_state_begun_does_not_outlive_another_word(bench):
    for number in (wire.M_RUN, wire.M_PAUSE, wire.M_SAVE):
        root, blob = prepared(bench)
        parts = pieces(root, blob)
        root.say(wire.M_RESET)
        root.link.send(parts[0])
        tell(root, number)
        root.link.send(parts[1])
        root.expect_bye(wire.R_MALFORMED)


@check
def each_state_needs_a_reset_of_its_own(bench):
    root, blob = prepared(bench)
    equal(root.load(blob), 0, "LOADED")
    equal(root.load(blob), 0, "LOADED after another RESET")
    root.link.send(pieces(root, blob)[0])
    root.expect_bye(wire.R_MALFORMED)


@check
def requests_between_the_pieces_of_a_state_do_no_harm(bench):
    root, blob = prepared(bench)
    root.say(wire.M_RESET)
    before = len(root.said)
    for i, m in enumerate(pieces(root, blob)):
        root.link.send(m)
        if i % 64 == 0:
            root.flush(BAR0)
            root.config(0)
    root.until(lambda: root.last(wire.M_LOADED), "LOADED")
    equal(root.last(wire.M_LOADED).a, 0, "LOADED")
    true(len(root.said) > before, "messages")
    root.configure(0x3c, 0, 1)
    equal(root.read32(BAR0), 0xfeed, "memory")
