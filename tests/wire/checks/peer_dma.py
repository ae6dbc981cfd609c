# SPDX-License-Identifier: MIT
"""Checks of the core: DMA, interrupts and log lines of a peer.
"""

import time

import kit
import wire
from corebench import BAR0, OUTSIDE, RAM, msi_count, pattern
from kit import equal, true

BURST = 64 << 10        # bytes that one source may log at once

check = kit.Checks("core")


@check
def dma_reads_what_the_guest_has(bench):
    device = bench.fresh()
    bench.poke(RAM, pattern(4096))
    for addr, n in ((0, 4096), (1, 4095), (3, 700), (64, 64), (62, 5),
                    (4095, 1)):
        req = bench.request(wire.mem_read(RAM + addr, n, rid=device.rid,
                                          tc=3, attr=5))
        equal(req.status, wire.SC, "status")
        equal(bytes(req.data[addr % 4:][:n]), pattern(4096)[addr:][:n],
              f"{n} bytes at {addr}")
        true(all((c.tc, c.attr, c.cid) == (3, 5, 0) for c in req.parts),
             "TC, attributes or completer")
    equal(bench.link.unexpected, 0, "completions that did not fit")


@check
def dma_writes_what_the_guest_has(bench):
    device = bench.fresh()
    bench.poke(RAM, b"\xee" * 32)
    bench.link.send(wire.mem_write(RAM + 3, pattern(5), rid=device.rid))
    bench.link.send(wire.Tlp(wire.MWR, addr=RAM + 16, data=pattern(8),
                             first_be=0b1001, last_be=0b0110, rid=device.rid))
    bench.settled()
    got = bench.peek(RAM, 32)
    want = bytearray(b"\xee" * 32)
    want[3:8] = pattern(5)
    for i in (0, 3, 5, 6):
        want[16 + i] = pattern(8)[i]
    equal(got, bytes(want), "guest memory")
    device.memory[4096:] = pattern(4096)
    device.deliver(RAM + 0xff0, 4096)
    bench.settled()
    equal(bench.peek(RAM + 0xff0, 4096), pattern(4096), "4 KiB over a page")


@check
def a_device_moves_data_by_its_registers(bench):
    bench.fresh()
    bench.poke(RAM, pattern(3000))
    for reg, value in ((4, RAM), (8, 0), (12, 3000), (16, 1)):
        bench.write("mem", BAR0 + reg, value)
    # the command was posted: it may not have reached the device yet
    bench.until(bench.device.finished, "the transfer")
    equal(bench.read("mem", BAR0 + 0x14), 2, "status")
    equal(bytes(bench.device.memory[4096:7096]), pattern(3000), "its memory")
    for reg, value in ((4, RAM + 0x8000), (16, 2)):
        bench.write("mem", BAR0 + reg, value)
    equal(bench.read("mem", BAR0 + 0x14), 2, "status")
    equal(bench.peek(RAM + 0x8000, 3000), pattern(3000), "guest memory")


@check
def dma_without_bus_master_is_refused(bench):
    device = bench.fresh()
    bench.poke(RAM, bytes(8))
    bench.configure(0x04, 3, 2)
    equal(bench.request(wire.mem_read(RAM, 4, rid=device.rid)).status,
          wire.UR, "a read")
    bench.link.send(wire.mem_write(RAM, b"\xff" * 8, rid=device.rid))
    bench.settled()
    equal(bench.peek(RAM, 8), bytes(8), "guest memory")
    bench.configure(0x04, 7, 2)
    equal(bench.request(wire.mem_read(RAM, 4, rid=device.rid)).status,
          wire.SC, "a read with bus master on")


@check
def dma_outside_memory_is_unsupported(bench):
    device = bench.fresh()
    for addr in (OUTSIDE, 2**40, 2**64 - 4096, BAR0, 0xfffff000):
        equal(bench.request(wire.mem_read(addr, 64, rid=device.rid)).status,
              wire.UR, f"a read at {addr:#x}")
        bench.link.send(wire.mem_write(addr, bytes(64), rid=device.rid))
    bench.settled()


@check
def what_a_peer_must_not_ask_is_unsupported(bench):
    device = bench.fresh()
    bench.poke(RAM, bytes(8))
    rid = device.rid
    for name, tlp in (
            ("IORd", wire.io_read(0x80, 1, rid=rid)),
            ("IOWr", wire.io_write(0x80, b"a", rid=rid)),
            ("CfgRd0", wire.cfg_read(0, 0, rid=rid)),
            ("CfgWr0", wire.cfg_write(0, 4, b"aa", rid=rid)),
            ("MRdLk", wire.Tlp(wire.MRDLK, addr=RAM, length=1, first_be=15,
                               rid=rid)),
            ("FetchAdd", wire.Tlp(wire.FETCHADD, addr=RAM, data=bytes(4),
                                  rid=rid)),
            ("AT", wire.mem_read(RAM, 4, rid=rid, at=1)),
            ("another requester", wire.mem_read(RAM, 4, rid=0x1230)),
            ("the root's id", wire.mem_read(RAM, 4, rid=1)),
            ("a function it has not", wire.mem_read(RAM, 4, rid=rid | 5)),
            ("a read of the interrupt window",
             wire.mem_read(0xfee00000, 4, rid=rid))):
        equal(bench.request(tlp).status, wire.UR, name)
    for tlp in (wire.mem_write(RAM, b"\xff" * 8, rid=0x1230),
                wire.mem_write(RAM, b"\xff" * 8, rid=rid, at=1),
                wire.mem_write(RAM, b"\xff" * 8, rid=rid, ep=1)):
        bench.link.send(tlp)
    bench.settled()
    equal(bench.peek(RAM, 8), bytes(8), "guest memory")


@check
def a_read_above_mrrs_is_unsupported(bench):
    device = bench.fresh(max_read=512)
    equal(bench.request(wire.mem_read(RAM, 512, rid=device.rid)).status,
          wire.SC, "512 bytes")
    equal(bench.request(wire.mem_read(RAM, 516, rid=device.rid)).status,
          wire.UR, "516 bytes")


@check
def an_msi_reaches_the_guest(bench):
    device = bench.fresh()
    cap = bench.config(0x34, 1)
    equal(bench.config(cap, 1), 5, "the capability")
    bench.configure(cap + 4, 0xfee01000)
    bench.configure(cap + 12, 0x41, 2)
    bench.configure(cap + 2, 0x81, 2)
    before = msi_count(bench)[0]
    bench.write("mem", BAR0 + 0x10, 5)
    bench.read("mem", BAR0)
    equal(msi_count(bench), (before + 1, 0xfee01000, 0x41), "MSI")
    for tlp in (wire.mem_write(0xfee01000, b"a", rid=device.rid),
                wire.mem_write(0xfee01000, bytes(8), rid=device.rid)):
        bench.link.send(tlp)
    bench.configure(0x04, 3, 2)
    device.force = True
    device.send_msi()
    bench.settled()
    equal(msi_count(bench)[0], before + 1, "MSIs after ones to refuse")


@check
def wires_follow_their_levels_and_drop_with_the_link(bench):
    bench.fresh()
    bench.write("mem", BAR0 + 0x10, 3)
    bench.read("mem", BAR0)
    equal(bench.lines(), ["3.0"], "INTA# up")
    bench.write("mem", BAR0 + 0x10, 4)
    bench.read("mem", BAR0)
    equal(bench.lines(), [], "INTA# down")
    for pin in range(4):
        bench.link.send(wire.intx(pin, True, bench.device.rid))
    bench.link.send(wire.intx(1, True, bench.device.rid))
    bench.settled()
    equal(bench.lines(), ["3.0", "3.1", "3.2", "3.3"], "all of them")
    bench.link.cut()
    bench.link = None
    bench.gone()
    equal(bench.lines(), [], "wires of a peer that went")


@check
def what_it_logs_is_for_people(bench):
    device = bench.fresh()
    bench.link.send(wire.log("all \x1b[31m well\n\x07", rid=device.rid))
    bench.settled()
    lines = [line for line in bench.core.lines() if "well" in line]
    equal(len(lines), 1, "log lines")
    true("\x1b" not in lines[0] and "\x07" not in lines[0],
         "control characters")
    before = len(bench.core.lines())
    began = time.monotonic()
    for i in range(20000):
        bench.link.send(wire.log(f"line {i}", 0, rid=device.rid))
        if i % 100 == 99:       # who only fills its queue is silent
            bench.sent("a flood")
    bench.settled()
    # A burst, which is there again after a minute (loop/loop.h), however long
    # it took; the words of a peer and what the core says of it have one each.
    minutes = (time.monotonic() - began) / 60
    said = sum(len(line) + 1 for line in bench.core.lines()[before:])
    true(said < 2 * BURST * (1 + minutes) + 1000, f"{said} bytes of log")
