# SPDX-License-Identifier: MIT
"""Checks of the core: enumeration, accesses, credits.
"""

import struct

import kit
import wire
from corebench import BAR0, ID, IO, ONES, SLOT, VALUE, Scripted, pattern
from kit import equal, true


check = kit.Checks("core")


# ---- enumeration and accesses -------------------------------------------


@check
def a_peer_is_found_where_the_user_wants_it(bench):
    bench.gone()
    device = bench.attach(Scripted())
    bench.there()
    equal(bench.config(8), 0xff000001, "class and revision")
    equal(bench.config(0x2c), 0x00011234, "subsystem")
    equal(bench.read("config", SLOT + (1 << 32), 4), ONES, "function 1")
    equal(bench.config(1, 1), 0x12, "a byte")
    equal(bench.config(2, 2), 0xf00d, "a word")
    bench.until(lambda: device.running, "RUN")


@check
def bars_are_sized_placed_moved_and_taken_away(bench):
    bench.fresh()
    for reg, mask in ((0x10, 0xffffe000), (0x18, 0xfff1), (0x14, 0)):
        was = bench.config(reg)
        bench.configure(reg, ONES)
        equal(bench.config(reg), mask, f"BAR {reg:#x} sized")
        bench.configure(reg, was)
    true(bench.claimed("mem", BAR0) and bench.claimed("mem", BAR0 + 8191) and
         not bench.claimed("mem", BAR0 + 8192), "the memory that is claimed")
    true(bench.claimed("port", IO) and bench.claimed("port", IO + 15) and
         not bench.claimed("port", IO + 16), "the ports that are claimed")
    bench.configure(0x10, BAR0 + 0x100000)
    true(bench.claimed("mem", BAR0 + 0x100000) and
         not bench.claimed("mem", BAR0), "the claims after a move")
    equal(bench.read("mem", BAR0 + 0x100000), ID, "ID at its new place")
    bench.configure(0x04, 0, 2)
    true(not bench.claimed("mem", BAR0 + 0x100000) and
         not bench.claimed("port", IO), "claims of a device switched off")


@check
def memory_accesses_become_tlps_of_their_own_width(bench):
    device = bench.fresh()
    for at in range(0x1000, 0x1009):
        for n in (1, 2, 4, 8):
            device.reads.clear()
            value = int.from_bytes(pattern(n, at), "little")
            bench.write("mem", BAR0 + at, value, n)
            equal(bench.read("mem", BAR0 + at, n), value, f"{n} at {at:#x}")
            equal(len(device.reads), 1, "MRd")
            equal(wire.span(device.reads[0]), (BAR0 + at, n), "its bytes")
            equal(wire.span(device.writes[-1]), (BAR0 + at, n),
                  "bytes of the MWr")
    device.reads.clear()
    bench.read("mem", BAR0 + 0xffe)
    equal([wire.span(r) for r in device.reads],
          [(BAR0 + 0xffe, 2), (BAR0 + 0x1000, 2)], "MRds over 4 KiB")


@check
def port_accesses_of_every_width(bench):
    device = bench.fresh()
    bench.write("port", IO + 4, VALUE)
    for at in range(4):
        for n in (1, 2, 4):
            want = (VALUE >> 8 * at) & ((1 << 8 * n) - 1)
            if at + n <= 4:
                equal(bench.read("port", IO + 4 + at, n), want,
                      f"{n} at {at}")
    bench.write("port", IO + 3, 0xaabb, 2)
    equal(bytes(device.ports[:8]), b"\0\0\0\xbb\xaa\x33\x22\x11",
          "two bytes over a DW")


@check
def strings_stay_apart_where_joining_is_not_allowed(bench):
    device = bench.fresh()
    bench.poke(0x2000, pattern(64))
    device.writes.clear()
    bench.rep("write", BAR0 + 0x1000, 4, 16, 0x2000)
    bench.read("mem", BAR0)
    equal([wire.span(w) for w in device.writes],
          [(BAR0 + 0x1000 + 4 * i, 4) for i in range(16)], "MWrs")
    device.reads.clear()
    bench.rep("read", BAR0 + 0x1000, 2, 32, 0x3000)
    equal(len(device.reads), 32, "MRds")
    equal(bench.peek(0x3000, 64), pattern(64), "guest memory")


@check
def strings_are_joined_and_split_at_mps_and_mrrs(bench):
    for mps, mrrs in ((128, 256), (4096, 4096)):
        device = bench.fresh(wire.W_PREFETCH, max_payload=mps, max_read=mrrs,
                             posted_data=mps)
        bench.poke(0x2000, pattern(4096))
        device.writes.clear()
        bench.rep("write", BAR0 + 0x1000, 4, 1024, 0x2000)
        bench.rep("read", BAR0 + 0x1000, 4, 1024, 0x3000)
        equal(bytes(device.memory[4096:]), pattern(4096), "the device")
        equal(bench.peek(0x3000, 4096), pattern(4096), "guest memory")
        true(len(device.writes) >= 4096 // mps and
             all(len(w.data) <= mps for w in device.writes), "MWrs")
        true(all(4 * r.dws() <= mrrs for r in device.reads), "MRds")
        if mps == 4096:
            true(len(device.writes) < 64, "nothing was joined")
        bench.done()


@check
def non_posted_writes_are_followed_by_a_flush(bench):
    device = bench.fresh(wire.W_NONPOSTED)
    device.reads.clear()
    bench.write("mem", BAR0 + 0x1004, VALUE)
    equal([(r.addr, r.first_be) for r in device.reads],
          [(BAR0 + 0x1004, 0)], "the flush")


@check
def read_only_and_write_only_windows(bench):
    device = bench.fresh(wire.W_RO)
    bench.write("mem", BAR0 + 0x1000, VALUE)
    equal(bench.read("mem", BAR0 + 0x1000), 0, "what was written")
    bench.done()
    device = bench.fresh(wire.W_WO)
    bench.write("mem", BAR0 + 0x1000, VALUE)
    equal(bench.read("mem", BAR0 + 0x1000), ONES, "what is read")
    equal(bytes(device.memory[4096:4100]), struct.pack("<I", VALUE),
          "the device")


@check
def errors_and_poison_read_all_ones(bench):
    device = bench.fresh()
    for status in (wire.UR, wire.CA, wire.CRS, 3, 7):
        device.on_read = lambda tlp, s=status: [wire.answer(tlp, s)]
        equal(bench.read("mem", BAR0), ONES, f"a read of status {status}")

    def poisoned(tlp):
        answers = device.good(tlp)
        answers[0].ep = 1
        return answers

    device.on_read = poisoned
    equal(bench.read("mem", BAR0), ONES, "a poisoned read")
    device.on_read = None
    equal(bench.read("mem", BAR0), ID, "a read after all that")


@check
def completions_in_parts_are_put_together(bench):
    device = bench.fresh(wire.W_PREFETCH)
    device.memory[4096:] = pattern(4096)

    def parts(tlp):
        base = tlp.addr - BAR0
        return wire.answer_read(
            tlp, lambda a, n: bytes(device.memory[base + a - tlp.addr:][:n]),
            4096, 64, device.rid, limit=64)

    device.on_read = parts
    bench.rep("read", BAR0 + 0x1000, 4, 1024, 0x3000)
    equal(bench.peek(0x3000, 4096), pattern(4096), "guest memory")
    equal(bench.stats().get("unexpected"), 0, "unexpected completions")


@check
def the_core_keeps_to_little_credit(bench):
    device = bench.fresh(wire.W_PREFETCH, np_hdr=1, posted_hdr=1,
                         posted_data=8, max_payload=128, max_read=128)
    bench.poke(0x2000, pattern(4096))
    bench.rep("write", BAR0 + 0x1000, 4, 1024, 0x2000)
    bench.rep("read", BAR0 + 0x1000, 4, 1024, 0x3000)
    equal(bytes(device.memory[4096:]), pattern(4096), "the device")
    equal(bench.peek(0x3000, 4096), pattern(4096), "guest memory")


@check
def without_credit_the_guest_waits_and_the_core_reads_on(bench):
    device = bench.fresh(np_hdr=2, posted_hdr=4, posted_data=64,
                         max_payload=128)
    bench.link.tell()
    bench.link.hold = True
    before = len(device.writes)
    for i in range(4):
        bench.write("mem", BAR0 + 0x1000 + 4 * i, i)
    bench.core.begin(f"mem write {BAR0 + 0x1010:#x} 4 4")
    for _ in range(5):          # frames alone need no credit
        bench.link.ping()
        bench.until(lambda: bench.link.cookie is None, "PONG")
    true(len(device.writes) - before <= 4, "MWrs with credit for 4")
    bench.link.hold = False
    bench.link.tell()
    bench.until(bench.core.answer, "the write that waited")
    equal(bench.read("mem", BAR0 + 0x1010), 4, "what it wrote")
