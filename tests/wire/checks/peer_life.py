# SPDX-License-Identifier: MIT
"""Checks of the core: peers that come, go, come back and lie.
"""

import dataclasses
import struct
import time

import kit
import wire
from corebench import (BAR0, DEVFN, ID, IO, ONES, RAM, TIMEOUT_MS, VALUE,
                       Scripted, msi_count, pattern)
from kit import equal, true
from link import Link
from peer import MSI, Device


check = kit.Checks("core")


# ---- coming and going ---------------------------------------------------


ORDER = (0x3c, 0x0c, *range(0x10, 0x28, 4), 0x30, *range(0xfc, 0x3c, -4), 0x04)


@check
def a_new_instance_gets_what_the_guest_had_written(bench):
    bench.fresh()
    bench.configure(MSI + 2, 0x81, 2)
    bench.configure(MSI + 4, 0xfee02000)
    bench.configure(MSI + 8, 0)
    bench.configure(MSI + 12, 0x42, 2)
    bench.configure(0x30, 0)
    bench.configure(0x0c, 0x08, 1)
    bench.configure(0x0d, 0x40, 1)
    bench.configure(0x3c, 11, 1)
    bench.configure(0x14, 0)
    bench.configure(0x06, 0xf900, 2)
    bench.link.cut()
    bench.link = None
    bench.gone()
    true(not bench.claimed("mem", BAR0), "a window of a peer that went")
    device = bench.attach(Scripted())
    bench.there()
    bench.until(lambda: device.running, "RUN")
    regs = [reg for reg, _ in device.log]
    places = [ORDER.index(reg & ~3) for reg in regs]
    equal(places, sorted(places), f"order of {[hex(r) for r in regs]}")
    equal(regs[0], 0x3c, "the first register")
    equal(regs[-1], 0x04, "the last register")
    true(0x06 not in regs and len(device.log[-1][1]) <= 2,
         "the status register is replayed")
    got = {}
    for reg, data in device.log:
        got.update({reg + i: v for i, v in enumerate(data)})
    for reg, data in ((0x10, struct.pack("<I", BAR0)), (0x0d, b"\x40"),
                      (0x18, struct.pack("<I", IO)), (0x3c, b"\x0b"),
                      (MSI + 4, struct.pack("<I", 0xfee02000)),
                      (MSI + 2, b"\x81"), (MSI + 12, b"\x42")):
        equal(bytes(got.get(reg + i, 0xee) for i in range(len(data))), data,
              f"register {reg:#x}")
    equal(bench.read("mem", BAR0), ID, "ID")
    equal(device.rid, DEVFN, "its number")
    device.send_msi()
    bench.settled()
    equal(msi_count(bench)[1:], (0xfee02000, 0x42), "MSI")


@check
def peer_py_is_a_program_that_connects(bench):
    program = kit.Program(bench.folder, "peer-connects",
                          [kit.PEER, "--connect", f"unix:{bench.core.path}"])
    try:
        bench.there()
        bench.configure(0x10, BAR0)
        bench.configure(0x04, 2, 2)
        equal(bench.read("mem", BAR0), ID, "ID")
        program.healthy()
    finally:
        program.kill()
    bench.gone()


@check
def peer_py_is_a_program_that_listens(bench):
    path = f"{bench.folder}/listens"
    bench.ask(f"device peer,slot=4,connect=unix:{path}")
    program = kit.Program(bench.folder, "peer-listens",
                          [kit.PEER, "--listen", f"unix:{path}"])
    try:
        end = time.monotonic() + kit.LIMIT_S
        while bench.read("config", 0x20 << 32) != ID:
            true(time.monotonic() < end, "nobody is in slot 4")
            time.sleep(0.01)
        program.healthy()
    finally:
        program.kill()


@check
def the_same_instance_is_taken_as_it_is(bench):
    device = bench.fresh()
    bench.write("mem", BAR0 + 0x1000, VALUE)
    bench.write("mem", BAR0 + 0x10, 3)
    bench.read("mem", BAR0)
    bench.link.cut()
    bench.gone()
    equal(bench.lines(), [], "wires of a peer that went")
    bench.attach(device)
    bench.there()
    bench.until(lambda: device.running, "RUN")
    equal(device.log, [], "configuration writes")
    equal(bench.read("mem", BAR0 + 0x1000), VALUE, "its memory")
    equal(bench.lines(), ["3.0"], "its wire")


@check
def a_peer_lost_in_the_middle_of_a_read_gives_ones(bench):
    device = bench.fresh(wire.W_PREFETCH)
    device.memory[4096:] = pattern(4096)
    bench.poke(0x3000, bytes(4096))

    def cut(tlp):
        first = wire.answer_read(tlp, lambda a, n: bytes(n), 4096, 64,
                                 device.rid, limit=512)[0].frame()
        bench.link.put(first + first[:100])
        while bench.link.out:
            bench.link.writable()
        bench.link.cut()

    device.on_read = cut
    bench.rep("read", BAR0 + 0x1000, 4, 1024, 0x3000)
    equal(bench.peek(0x3000, 4096), b"\xff" * 4096, "guest memory")
    equal(bench.config(0), ONES, "register 0")


@check
def a_read_not_answered_times_out_and_its_answer_is_late(bench):
    device = bench.fresh()
    kept = []
    device.on_read = kept.append
    began = time.monotonic()
    equal(bench.read("mem", BAR0), ONES, "a read nobody answers")
    took = time.monotonic() - began
    true(took > TIMEOUT_MS / 1000 * 0.9, f"it took {took:.2f} s only")
    device.on_read = None
    tags = set()
    for _ in range(40):
        device.reads.clear()
        equal(bench.read("mem", BAR0), ID, "ID")
        tags.add(device.reads[0].tag)
    true(kept[0].tag not in tags, "a tag in quarantine was used")
    late = bench.stats().get("late")
    bench.link.complete(device.good(kept[0]))
    equal(bench.read("mem", BAR0), ID, "ID after the late completion")
    equal(bench.stats().get("late"), late + 1, "late completions counted")
    device.on_read = None


@check
def completions_that_do_not_fit_are_dropped_and_it_waits_on(bench):
    device = bench.fresh()
    before = bench.stats().get("unexpected")

    def confused(tlp):
        good = device.good(tlp)[0]
        for more in ({"rid": 1}, {"count": 3}, {"count": 8}, {"lower": 4},
                     {"data": bytes(8)}, {"data": b"", "kind": wire.CPL},
                     {"tag": tlp.tag ^ 1}, {"tag": tlp.tag ^ 0x200},
                     {"kind": wire.CPLDLK}):
            bench.link.send(wire.Tlp(**{**good.__dict__, **more}))
        return [good]

    device.on_read = confused
    equal(bench.read("mem", BAR0), ID, "ID")
    equal(bench.stats().get("unexpected"), before + 9, "unexpected")


@check
def completions_of_configuration_and_ports_must_fit_too(bench):
    device = bench.fresh()

    def confused(make):
        def answers(tlp):
            good = make(tlp)[0]
            for more in ({"count": 1}, {"lower": 1}, {"data": bytes(8)},
                         {"data": b"", "kind": wire.CPL}):
                bad = wire.Tlp(**{**good.__dict__, "data": bytes(4), **more})
                bad.length = None
                bench.link.send(bad)
            return [good]
        return answers

    before = bench.stats().get("unexpected")
    device.ports[:4] = b"\x78\x56\x34\x12"
    device.configure = confused(device.configure)
    equal(bench.config(0), ID, "register 0")
    device.port = confused(device.port)
    equal(bench.read("port", IO), 0x12345678, "a port")
    equal(bench.stats().get("unexpected"), before + 8, "unexpected")


@check
def after_a_thousand_of_them_it_closes(bench):
    bench.fresh()
    bad = wire.Tlp(wire.CPL, tag=1000, count=4).frame()
    bench.link.put(bad * 1000)
    equal(bench.read("mem", BAR0), ID, "ID after 1,000")
    bench.link.put(bad)
    bench.expect_bye(wire.R_UNEXPECTED)
    bench.gone()


def refused(bench, index, base, size, kind, at=None):
    """A window that must not be mapped."""
    bench.link.send(wire.window(index, base, size, kind, bench.device.rid))
    bench.settled()
    space = "mem" if kind & wire.W_MEMORY else "port"
    at = base if at is None else at
    true(not bench.claimed(space, at), f"window {index} at {base:#x}, "
         f"{size:#x} bytes, is mapped")


@check
def windows_that_lie_are_not_mapped(bench):
    bench.fresh()
    flags = wire.W_MAPPED | wire.W_MEMORY
    for index, base, size, kind in (
            (0, BAR0 + 0x10000, 8192, flags), (1, 0xd0000000, 4096, flags),
            (2, 0x60, 16, wire.W_MAPPED), (6, 0xfee00000, 4096, flags),
            (9, 0xd0000000, 4096, flags), (9, 0xcf8, 8, wire.W_MAPPED),
            (0, 0, 2**64 - 1, flags), (2, BAR0 + 8192, 4096, flags)):
        refused(bench, index, base, size, kind)
    bench.link.send(wire.window(0, BAR0, 8192, flags, bench.device.rid))
    bench.settled()
    equal(bench.read("mem", BAR0), ID, "ID in the right place")


@check
def a_bar_nobody_programmed_is_no_place_for_a_window(bench):
    bench.fresh()
    refused(bench, 3, 0, 4096, wire.W_MAPPED | wire.W_MEMORY)


@check
def a_window_larger_than_its_bar_can_be_is_not_mapped(bench):
    bench.fresh()
    refused(bench, 0, BAR0, 1 << 30, wire.W_MAPPED | wire.W_MEMORY,
            0xfec00000)


@check
def windows_of_functions_it_has_not_are_dropped(bench):
    device = bench.fresh()
    flags = wire.W_MAPPED | wire.W_MEMORY
    bench.link.send(wire.window(0, BAR0, 4096, flags, device.rid | 3))
    bench.settled()
    equal(bench.read("mem", BAR0), ID, "ID")


@check
def a_thousand_windows_do_no_harm(bench):
    device = bench.fresh()
    flags = wire.W_MAPPED | wire.W_MEMORY
    for i in range(1000):
        bench.link.send(wire.window(i % 256, 0xd0000000 + i * 4096, 4096,
                                    flags, device.rid))
    bench.sent("them")
    bench.settled()
    true(not bench.claimed("mem", 0xd0000000), "one of them is mapped")


@check
def a_peer_without_a_bus_has_no_place_here(bench):
    device = Device()
    hello = device.hello()
    hello.kind, hello.functions = wire.KIND_WINDOWS, 0
    bench.link = Link(kit.connect(bench.core.path, bench.core), hello)
    bench.expect_bye(wire.R_PLACE)


@check
def a_name_is_for_people(bench):
    device = Scripted()
    hello = device.hello
    device.hello = lambda **more: dataclasses.replace(hello(**more),
                                                      name=b"a\x1b[31m")
    bench.attach(device)
    bench.there()
    bench.until(lambda: device.running, "RUN")
    bench.ask("peers")
    true(not any("\x1b" in line for line in bench.core.lines()),
         "control characters in the log")


@check
def it_pings_when_it_would_be_silent(bench):
    bench.fresh(keepalive_ms=800, patient=True)
    bench.until(lambda: bench.link.pings >= 2, "two PINGs")


@check
def reads_without_end_are_bounded_in_memory(bench):
    """A peer that asks and does not read: credit runs out (section 6)."""
    device = bench.fresh()
    data = b"".join(wire.mem_read(RAM, 4096, rid=device.rid,
                                  tag=i % 1024).frame() for i in range(8192))
    bench.link.push(data)
    bench.link.unexpected = -2**31
    bench.until(lambda: bench.link.eof or bench.link.bye, "BYE")
    if not bench.link.ring_came:   # there it finds no room: it is full
        equal((bench.link.bye or (None,))[0], wire.R_CREDIT, "reason")


@check
def a_flood_of_pings_ends_the_link_or_is_answered(bench):
    bench.fresh()
    bench.link.push(wire.frame(wire.PING, b"12345678") * 20000)
    true(not bench.link.out, "it neither reads nor closes")
    bench.link.cut()
    bench.link = None
    bench.gone()


@check
def links_cut_anywhere_do_no_harm(bench):
    device = Device()
    rid = device.rid
    whole = (wire.window(0, BAR0, 8192, 3, rid).frame() +
             wire.mem_read(RAM, 64, rid=rid).frame() +
             wire.intx(0, True, rid).frame())
    for n in range(0, len(whole), 5):
        link = bench.raw()
        link.put(whole[:n])
        link.writable()
        link.cut()
    bench.fresh()
    equal(bench.read("mem", BAR0), ID, "ID")
