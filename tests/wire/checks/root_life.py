# SPDX-License-Identifier: MIT
"""Checks of ioemu-peer: the life of a connection, and what breaks it.
"""

import struct
import time

import kit
import wire
from kit import equal, true
from root import COMMAND, DEVFN, Root
from checks.root_dma import LAST, TO_GUEST, ended, nothing_more, start, vectors
from rootbench import (BAR0, BAR2, DMA0, DMA2, ENGINE, MEMBAR, pattern)


check = kit.Checks("peer")


# ---- the life of a connection -------------------------------------------


def clock(paused):
    return struct.unpack(">Q", paused.data)[0]


@check
def pausing_stops_the_clock_and_finishes_what_is_open(bench):
    root = bench.fresh(bench.engine)
    root.run(10**9)
    root.hold_reads = True
    start(root, [(0x20000, 64, LAST)])
    tlp = root.until(lambda: root.held and root.held.pop(), "the list")
    root.say(wire.M_PAUSE)
    nothing_more(root)
    true(root.last(wire.M_PAUSED) is None, "PAUSED with a request open")
    root.hold_reads = False
    root.link.complete(root.answers(root.link, tlp))
    root.until(lambda: root.last(wire.M_PAUSED), "PAUSED")
    ns = clock(root.last(wire.M_PAUSED))
    true(10**9 <= ns < 10**9 + kit.LIMIT_S * 10**9, f"the clock: {ns}")
    before = len(root.link.seen)
    equal(root.config(0), ENGINE, "register 0 of a peer that is paused")
    nothing_more(root)
    equal(len(root.link.seen), before + 1, "TLPs while paused")
    root.run(ns)
    equal(ended(root), 0, "ERROR")


@check
def a_peer_that_runs_cannot_be_saved(bench):
    root = bench.fresh(bench.membar)
    equal(root.save(), None, "the state")
    root.pause()
    true(root.save(), "no state of a peer that is paused")
    equal(root.read32(BAR2), MEMBAR, "ID, paused")


@check
def state_goes_into_a_fresh_process(bench):
    root = bench.fresh(bench.engine, max_payload=512)
    vectors(root)
    start(root, [(0x20000, 4096, LAST)], control=9, offset=64)
    root.ram.set(0x20000, pattern(4096))
    equal(ended(root), 0, "ERROR")
    data = root.read(DMA0 + 1024, 512)
    root.pause()
    blob = root.save()
    other = bench.start("dma-engine")
    try:
        there = bench.link(other, max_payload=256)
        equal(there.windows, {}, "windows of a new process")
        equal(there.load(blob), 0, "LOADED")
        there.configure(0x3c, 0, 1)
        equal(there.windows, root.windows, "windows")
        order = [m.number for m in there.said]
        equal(order[-1], wire.M_LOADED, "the last message")
        there.run()
        equal(there.read(DMA0 + 1024, 512), data, "the card's memory")
        equal(there.config(COMMAND, 2) & 7, 7, "command")
        start(there, [(0x20000, 64, TO_GUEST | LAST)], control=9)
        there.until(lambda: there.msis, "MSI")
        equal(there.writes[0].rid, DEVFN, "requester")
        other.healthy()
    finally:
        other.kill()


@check
def a_wire_that_is_high_is_told_after_loading(bench):
    root = bench.fresh(bench.engine)
    start(root, [(0x20000, 64, LAST)], control=9)
    root.until(lambda: root.wires[0], "INTA#")
    root.pause()
    blob = root.save()
    root.reset()
    root.until(lambda: not root.wires[0], "INTA# down after reset")
    equal(root.windows, {}, "windows after reset")
    equal(root.load(blob), 0, "LOADED")
    true(root.wires[0], "INTA# is not told before LOADED")


@check
def states_that_are_not_good_are_refused(bench):
    root = bench.fresh(bench.membar)
    root.pause()
    blob = root.save()
    true(root.load(blob[:-1]) in (1, 4), "a state cut short")
    true(root.load(b"x") != 0, "one byte")
    true(root.load(bytes(4096)) != 0, "zeros")
    for at in range(0, min(len(blob), 64)):
        bad = bytearray(blob)
        bad[at] ^= 0x80
        root.load(bytes(bad))           # any verdict, and alive
    engine = bench.fresh(bench.engine)
    engine.pause()
    true(engine.load(blob) in (1, 2), "LOADED of another type")
    equal(root.load(blob), 0, "LOADED of the good one")


@check
def a_state_cut_short_by_the_link_is_forgotten(bench):
    root = bench.fresh(bench.membar, max_payload=512)
    root.write32(BAR0, 0xfeed)
    root.pause()
    blob = root.save()
    root.say(wire.M_RESET)
    for m in wire.states(blob, 512)[:5]:
        root.link.send(m)
    equal(root.config(0), MEMBAR, "register 0")
    root.link.cut()
    root = bench.link(bench.membar)
    equal(root.load(blob), 0, "LOADED on the next link")
    equal(root.read32(BAR0), 0xfeed, "memory")


@check
def reset_unmaps_and_clears(bench):
    for bus in (0, 1):
        root = bench.fresh(bench.membar)
        root.write32(BAR0, 0xfeed)
        root.reset(bus)
        equal(root.windows, {}, "windows")
        equal(root.config(COMMAND, 2) & 7, 0, "command")
        equal(root.config(0x18), 0, "BAR 2")
        root.close()


@check
def the_same_process_keeps_its_state_over_connections(bench):
    root = bench.fresh(bench.engine)
    instance = root.link.theirs.instance
    true(root.link.theirs.capabilities & wire.CAP_AGAIN, "no word of it")
    start(root, [(0x20000, 64, LAST)], control=9)
    root.until(lambda: root.wires[0], "INTA#")
    root.write32(DMA0 + 64, 0xfeed)
    root.flush(DMA0)
    windows = root.windows
    root.close()
    root = bench.link(bench.engine)
    equal(root.link.theirs.instance, instance, "instance")
    root.run()
    equal(root.config(0), ENGINE, "register 0")
    equal(root.windows, windows, "windows told after HELLO")
    true(root.wires[0], "INTA# is not told after HELLO")
    equal(root.read32(DMA0 + 64), 0xfeed, "the card's memory")


@check
def a_new_process_has_another_instance(bench):
    root = bench.link(bench.membar)
    other = bench.start("membar")
    try:
        there = bench.link(other)
        true(there.link.theirs.instance != root.link.theirs.instance,
             "the same instance")
        equal(there.windows, {}, "windows")
        equal(there.config(COMMAND, 2), 0, "command")
    finally:
        other.kill()


@check
def it_pings_when_it_would_be_silent(bench):
    root = bench.fresh(bench.membar, keepalive_ms=800, patient=True)
    root.until(lambda: root.link.pings >= 2, "two PINGs")
    true(not root.link.broken, "silence")


@check
def pings_are_answered_among_requests(bench):
    root = bench.fresh(bench.membar)
    for _ in range(5):
        root.link.ping()
        equal(root.config(0), MEMBAR, "register 0")
        root.until(lambda: root.link.cookie is None, "PONG")


@check
def a_peer_that_connects_ends_with_the_link(bench):
    path = f"{bench.folder}/here"
    with kit.socket.socket(kit.socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        server.settimeout(kit.LIMIT_S)
        program = bench.start("membar", how="--connect", path=path)
        try:
            root = Root(server.accept()[0]).hello()
            equal(root.config(0), MEMBAR, "register 0")
            root.close()
            program.ended()
        finally:
            program.kill()


# ---- completions nobody wants -------------------------------------------


@check
def completions_nobody_wants_are_dropped(bench):
    root = bench.fresh(bench.engine)
    for cpl in (wire.Tlp(wire.CPLD, tag=77, count=4, data=bytes(4)),
                wire.Tlp(wire.CPL, tag=1023, count=4, status=wire.UR),
                wire.Tlp(wire.CPLLK, count=4),
                wire.Tlp(wire.CPLDLK, count=4, data=bytes(4))):
        root.link.send(cpl)
    equal(root.config(0), ENGINE, "register 0")


def wrong_answers(tlp):
    """Completions that fail section 9, point 8."""
    good = wire.answer_read(tlp, lambda addr, n: bytes(n), 4096, 64,
                            limit=1024)
    for name, more in (("requester", {"rid": tlp.rid + 1}),
                       ("byte count", {"count": good[0].count - 1}),
                       ("lower address", {"lower": 4}),
                       ("boundary", {"data": bytes(100)}),
                       ("no data", {"data": b"", "kind": wire.CPL}),
                       ("too long", {"data": bytes(4096)}),
                       ("another tag", {"tag": tlp.tag ^ 0x200})):
        bad = wire.Tlp(**{**good[0].__dict__, **more})
        yield name, bad
    last = wire.Tlp(**{**good[-1].__dict__})
    yield "the last part first", last


@check
def completions_that_do_not_fit_are_dropped_and_it_waits_on(bench):
    root = bench.fresh(bench.engine)
    root.ram.set(0x20000, pattern(2048))
    start(root, [(0x20000, 2048, LAST)])
    root.until(lambda: root.reads, "the list")
    equal(ended(root), 0, "ERROR")
    root.hold_reads = True
    root.write32(DMA2 + 0x08, 1)
    tlp = root.until(lambda: root.held and root.held.pop(), "the list")
    root.link.complete(root.answers(root.link, tlp))
    while True:
        tlp = root.until(lambda: root.held and root.held.pop(0), "the data")
        for _, bad in wrong_answers(tlp):
            root.link.send(bad)
        root.link.complete(root.answers(root.link, tlp))
        if wire.span(tlp)[0] + wire.span(tlp)[1] == 0x20800:
            break
    equal(ended(root), 0, "ERROR")
    equal(root.read(DMA0, 2048), pattern(2048), "the card's memory")


@check
def after_a_thousand_of_them_it_closes(bench):
    root = bench.fresh(bench.membar)
    bad = wire.Tlp(wire.CPL, tag=5, count=4).frame()
    root.link.put(bad * 1000)
    equal(root.config(0), MEMBAR, "register 0 after 1,000")
    root.link.put(bad)
    root.expect_bye(wire.R_UNEXPECTED)


# ---- hostile roots ------------------------------------------------------


@check
def a_flood_of_pings_ends_the_link_or_is_answered(bench):
    root = bench.fresh(bench.membar)
    root.link.push(wire.frame(wire.PING, b"12345678") * 20000)
    true(not root.link.out, "it neither reads nor closes")


@check
def requests_beyond_credit_end_a_link_that_is_not_read(bench):
    """Completions that cannot leave keep their credit (sections 3 and 6)."""
    root = bench.fresh(bench.membar)
    data = b"".join(wire.mem_read(BAR0, 4096, tag=i % 1024).frame()
                    for i in range(8192))
    root.link.push(data)
    root.link.unexpected = -2**31
    root.until(lambda: root.link.eof or root.link.bye, "BYE")
    if not root.link.ring_came:   # there it finds no room: it is full
        equal((root.link.bye or (None,))[0], wire.R_CREDIT, "reason")


@check
def links_cut_anywhere_do_no_harm(bench):
    whole = (wire.cfg_read(DEVFN, 0).frame() + wire.run().frame() +
             wire.mem_write(BAR0, bytes(64)).frame())
    for n in list(range(0, len(whole), 3)):
        root = bench.link(bench.membar)
        root.link.put(whole[:n])
        root.link.writable()
        root.link.cut()
    root = bench.fresh(bench.membar)
    for _ in range(root.link.theirs.np_hdr):
        root.link.request(wire.mem_read(BAR0, 4096))
    root.until(lambda: len(root.link.seen) > 5, "some answers")
    root.link.cut()             # in the middle of completions
    root = bench.fresh(bench.engine)
    root.hold_reads = True
    start(root, [(0x20000, 64, LAST)])
    root.until(lambda: root.held, "a DMA read")
    root.link.cut()             # while it waits for us
    root = bench.link(bench.engine)
    root.run()
    root.configure(COMMAND, 7, 2)
    equal(ended(root), 4, "ERROR of a read that the link took with it")


@check
def frames_may_come_byte_by_byte(bench):
    root = bench.fresh(bench.membar)
    req = root.link.request(wire.mem_read(BAR2, 4))
    data = bytes(root.link.out)
    root.link.out.clear()
    for i in range(len(data)):
        root.link.put(data[i:i + 1])
        root.until(lambda: not root.link.out, "room in the socket")
    root.until(lambda: req.done, "completion")
    equal(struct.unpack("<I", req.data)[0], MEMBAR, "ID")
