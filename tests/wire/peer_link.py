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
    bench.fresh(keepalive_ms=100)
    bench.link.mine.keepalive_ms = 0    # it said so, and bears anything
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
    bench.fresh(keepalive_ms=100)
    bench.link.mine.keepalive_ms = 0
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
