# SPDX-License-Identifier: MIT
"""Checks of the core: who it says it is, what names and ids mean, PING and
PONG, BYE, versions.
"""

import dataclasses

import kit
import wire
from corebench import (BAR0, DEVFN, ID, IO, ONES, RAM, SLOT, Scripted,
                       msi_count, pattern)
from kit import equal, true
from link import Link
from peer import Device


check = kit.Checks("core")
MAPPED = wire.W_MAPPED | wire.W_MEMORY


# ---- versions -----------------------------------------------------------


@check
def it_speaks_this_version(bench):
    bench.fresh()
    theirs = bench.link.theirs
    equal((theirs.major, theirs.minor), (1, 1), "version")
    equal(theirs.capabilities & ~wire.CAP_RING, 0, "capabilities of a root")


@check
def a_peer_of_version_1_0_is_served(bench):
    device = Scripted()
    device.numbers = False
    bench.attach(device, minor=0)
    bench.there()
    bench.configure(0x10, BAR0)
    bench.configure(0x04, 7, 2)
    bench.until(lambda: device.running, "RUN")
    equal(bench.read("mem", BAR0), ID, "ID")
    for _ in range(2):
        bench.ask("stop")
        bench.until(lambda: bench.ask("waiting") == "-", "PAUSED")
        bench.ask("cont")
        bench.until(lambda: device.running, "RUN")
    equal(bench.read("mem", BAR0), ID, "ID")


@check
def a_higher_minor_and_options_are_skipped(bench):
    bench.fresh(minor=9, options=b"\x55\x03abc\x56\x00")
    equal(bench.read("mem", BAR0), ID, "ID")


# ---- ids ----------------------------------------------------------------


@check
def a_refusal_comes_from_the_root(bench):
    device = bench.fresh()
    rid = device.rid
    for name, tlp, cid in (
            ("MRdLk", wire.Tlp(wire.MRDLK, addr=RAM, length=1, first_be=15,
                               rid=rid), 0),
            ("FetchAdd", wire.Tlp(wire.FETCHADD, addr=RAM, data=bytes(4),
                                  rid=rid), 0),
            ("memory nobody has", wire.mem_read(2**40, 4, rid=rid), 0),
            ("another requester", wire.mem_read(RAM, 4, rid=0x1230), 0),
            ("CfgRd1", wire.Tlp(wire.CFGRD1, target=0x1230, length=1,
                                first_be=15, rid=rid), 0),
            ("IORd", wire.io_read(0x80, 1, rid=rid), 0),
            ("CfgRd0", wire.cfg_read(0x1230, 0, rid=rid), 0x1230)):
        req = bench.request(tlp)
        equal(req.status, wire.UR, f"status of {name}")
        equal(req.parts[0].kind, wire.CPL, f"answer to {name}")
        equal(req.parts[0].cid, cid, f"completer of {name}")


@check
def a_function_that_has_a_number_asks_by_it(bench):
    device = bench.fresh()
    bench.poke(RAM, bytes(8))
    for rid in (0, device.rid ^ 8, device.rid | 0x100):
        equal(bench.request(wire.mem_read(RAM, 4, rid=rid)).status, wire.UR,
              f"a read of {rid:#x}")
        bench.link.send(wire.mem_write(RAM, b"\xff" * 8, rid=rid))
    equal(bench.request(wire.mem_read(RAM, 4, rid=device.rid)).status,
          wire.SC, "a read by its number")
    equal(bench.peek(RAM, 8), bytes(8), "guest memory")


@check
def a_peer_without_functions_asks_as_nobody(bench):
    path = f"{bench.folder}/nobody"
    bench.ask(f"device raw-mmio,id=nobody,listen=unix:{path},"
              "base=0xfed90000,size=4096,dma=on")
    hello = dataclasses.replace(Device().hello(), kind=wire.KIND_WINDOWS,
                                functions=0)
    link = Link(kit.connect(path, bench.core), hello)
    bench.link = link
    bench.until(lambda: any(t.number == wire.M_RUN for t in link.seen), "RUN")
    for rid, status in ((0, wire.SC), (8, wire.UR), (1, wire.UR)):
        req = bench.request(wire.mem_read(RAM, 4, rid=rid))
        equal(req.status, status, f"a read of {rid:#x}")


@check
def parts_end_where_the_peer_said(bench):
    device = bench.fresh(wire.W_PREFETCH, rcb=128)
    device.memory[4096:] = pattern(4096)

    def parts(tlp, limit):
        base = tlp.addr - BAR0
        return wire.answer_read(
            tlp, lambda a, n: bytes(device.memory[base + a - tlp.addr:][:n]),
            4096, limit, device.rid, limit=limit)

    def confused(tlp):
        bench.link.send(parts(tlp, 64)[0])      # not at a multiple of 128
        return parts(tlp, 128)

    device.on_read = confused
    before = bench.stats().get("unexpected")
    bench.rep("read", BAR0 + 0x1000, 4, 1024, 0x3000)
    equal(bench.peek(0x3000, 4096), pattern(4096), "guest memory")
    true(bench.stats().get("unexpected") > before, "unexpected completions")


@check
def tags_are_all_numbers_of_ten_bits(bench):
    device = bench.fresh()
    bench.poke(RAM, pattern(64))
    for tag in (0, 1, 255, 256, 511, 512, 1023):
        req = bench.link.request(wire.mem_read(RAM, 64, rid=device.rid),
                                 tag=tag)
        bench.until(lambda req=req: req.done, f"completion of tag {tag}")
        equal(bytes(req.data), pattern(64), f"data of tag {tag}")


@check
def what_is_not_ready_is_not_asked_again(bench):
    device = bench.fresh()
    asked = []

    def not_ready(tlp):
        asked.append(tlp)
        return [wire.answer(tlp, wire.CRS, cid=device.rid)]

    device.configure = not_ready
    equal(bench.config(0), ONES, "register 0")
    equal(len(asked), 1, "CfgRd0")


# ---- windows ------------------------------------------------------------


@check
def the_index_of_a_64_bit_bar_is_its_lower_register(bench):
    device = bench.fresh()
    high = 8 << 32
    bench.configure(0x20, 0x00100000)
    bench.configure(0x24, 8)
    for index, base, there in ((5, high + 0x100000, False),
                               (4, high + 0x200000, False),
                               (4, high + 0x100000, True)):
        bench.link.send(wire.window(index, base, 4096, MAPPED, device.rid))
        bench.settled()
        equal(bench.claimed("mem", base), there,
              f"window {index} at {base:#x} is mapped")


@check
def of_a_window_no_longer_mapped_nothing_else_counts(bench):
    device = bench.fresh()
    for flags, base, size in ((0, 0, 0), (0xfe, 0, 0), (0, BAR0, 8192),
                              (wire.W_MEMORY, 2**64 - 1, 2**64 - 1)):
        bench.link.send(wire.window(0, BAR0, 8192, MAPPED, device.rid))
        bench.settled()
        true(bench.claimed("mem", BAR0), "the window is not mapped")
        bench.link.send(wire.window(0, base, size, flags, device.rid))
        bench.settled()
        true(not bench.claimed("mem", BAR0), f"flags {flags:#x}, {base:#x}, "
             f"{size:#x}: the window is mapped")


@check
def reserved_fields_mean_nothing(bench):
    device = bench.fresh()
    window = wire.window(0, BAR0, 8192, MAPPED | 0xc0, device.rid)
    up = dataclasses.replace(wire.intx(0, True, device.rid), vendor=0x1234,
                             number=5, a=6, b=7)
    text = wire.log("well", rid=device.rid)
    for tlp in (window, up, text):
        data = bytearray(tlp.frame())
        data[5] |= 0x02         # LN of byte 1
        bench.link.put(bytes(data))
        bench.link.used[0] += 1
        bench.link.used[1] += (len(tlp.data) + 15) // 16
    bench.settled()
    equal(bench.read("mem", BAR0), ID, "ID")
    equal(bench.lines(), ["3.0"], "INTA#")


@check
def messages_that_mean_nothing_are_dropped(bench):
    device = bench.fresh()
    gone = wire.window(0, 0, 0, 0, device.rid)
    for more in ({"kind": 0x70}, {"kind": 0x72}, {"kind": 0x77},
                 {"code": 0x7e}, {"code": 0x50}, {"vendor": 0x8086},
                 {"number": 0x06}, {"number": 0x85}):
        bench.link.send(dataclasses.replace(gone, **more))
    bench.settled()
    equal(bench.read("mem", BAR0), ID, "ID")


# ---- PING, PONG, BYE ----------------------------------------------------


@check
def a_second_ping_waits_for_the_pong_of_the_first(bench):
    bench.fresh(keepalive_ms=100, patient=True)
    bench.link.answers_pings = False
    bench.link.pings = 0
    bench.until(lambda: bench.link.pings, "PING")
    end = kit.time.monotonic() + 0.4    # eight times when one is due
    bench.until(lambda: kit.time.monotonic() >= end, "time")
    equal(bench.link.pings, 1, "PINGs while one is open")
    bench.link.put(wire.frame(wire.PONG, bench.link.pinged))
    bench.until(lambda: bench.link.pings == 2, "PING after the PONG")


@check
def a_pong_of_another_cookie_ends_the_link(bench):
    bench.fresh(keepalive_ms=100, patient=True)
    bench.link.answers_pings = False
    bench.link.pings = 0
    bench.until(lambda: bench.link.pings, "PING")
    bench.link.put(wire.frame(wire.PONG, b"\xff" * 8))
    bench.expect_bye(wire.R_MALFORMED)


@check
def bye_is_not_answered(bench):
    bench.fresh()
    bench.link.put(wire.bye(wire.R_END, "that was all"))
    bench.until(lambda: bench.link.eof, "the end")
    equal(bench.link.bye, None, "BYE")
    bench.gone()


# ---- the number of a device ---------------------------------------------


@check
def any_device_number_will_do_for_a_link(bench):
    device = bench.fresh()
    equal(device.rid, DEVFN, "its number")
    equal(bench.read("config", SLOT, 4), ID, "register 0")
    bench.write("port", IO, 1, 1)
    before = msi_count(bench)[0]
    bench.link.send(wire.mem_write(0xfee00000, bytes(4), rid=device.rid))
    bench.settled()
    equal(msi_count(bench)[0], before + 1, "MSIs")
