# SPDX-License-Identifier: MIT
"""Checks of ioemu-peer: HELLO, configuration, memory, ports, credits.
"""

import struct
import time

import kit
import wire
from kit import equal, true
from root import COMMAND, DEVFN, Root
from rootbench import BAR0, BAR2, FLAGS, IO, MEMBAR, pattern


check = kit.Checks("peer")


# ---- HELLO and configuration --------------------------------------------


@check
def a_peer_says_hello_without_waiting(bench):
    root = bench.link(bench.membar)
    hello = root.link.theirs
    equal(hello.kind, wire.KIND_PCI, "kind")
    equal(hello.functions, 1, "functions")
    equal(hello.name, b"membar", "name")


@check
def options_and_a_higher_minor_are_skipped(bench):
    root = bench.link(bench.membar, minor=9, options=b"\x55\x03abc\x56\x00")
    equal(root.config(0), MEMBAR, "register 0")


@check
def hello_may_come_byte_by_byte(bench):
    root = Root(kit.connect(bench.membar.path, bench.membar))
    bench.opened.append(root)
    data = bytes(root.link.out)
    root.link.out.clear()
    for i in range(len(data)):
        root.link.put(data[i:i + 1])
        root.until(lambda: not root.link.out, "room in the socket")
    root.hello()
    equal(root.config(0), MEMBAR, "register 0")


@check
def a_function_takes_its_number_from_configuration_writes(bench):
    root = bench.link(bench.membar)
    root.reset()
    req = root.ask(wire.cfg_read(DEVFN, 0), tag=0)
    equal(req.parts[0].cid, 0, "completer before the first CfgWr0")
    req = root.configure(COMMAND, 0, 2, devfn=0x1234 & ~7)
    equal(req.parts[0].cid, 0x1230, "completer of the CfgWr0")
    req = root.ask(wire.cfg_read(DEVFN, 0))
    equal(req.parts[0].cid, 0x1230, "completer of a CfgRd0 to another number")
    root.reset()
    req = root.ask(wire.cfg_read(DEVFN, 0))
    equal(req.parts[0].cid, 0, "completer after power")
    root.configure(COMMAND, 0, 2)
    root.reset(bus=1)
    req = root.ask(wire.cfg_read(DEVFN, 0))
    equal(req.parts[0].cid, DEVFN, "completer after a reset of the bus")


@check
def functions_that_are_not_there_answer_ur_as_their_target(bench):
    root = bench.fresh(bench.membar)
    for make in (lambda f: wire.cfg_read(DEVFN + f, 0),
                 lambda f: wire.cfg_write(DEVFN + f, 4, b"\7\0")):
        req = root.ask(make(3))
        equal(req.status, wire.UR, "status")
        equal(req.parts[0].cid, DEVFN + 3, "completer")


@check
def extended_configuration_space_reads_zero(bench):
    root = bench.fresh(bench.membar)
    req = root.ask(wire.cfg_read(DEVFN, 0x100))
    equal((req.status, bytes(req.data)), (wire.SC, bytes(4)), "register 100")
    req = root.ask(wire.cfg_write(DEVFN, 0xffc, b"abcd"))
    equal(req.status, wire.SC, "status of a write to FFC")


@check
def bars_are_sized_and_appear_before_the_completion(bench):
    root = bench.link(bench.membar)
    root.reset()
    equal(root.windows, {}, "windows after power")
    for reg, n, mask in ((0x10, 4, 0xfff00008), (0x18, 4, 0xfffff000),
                         (0x20, 2, 0xfff1), (0x14, 4, 0), (0x30, 4, 0)):
        root.configure(reg, 0xffffffff)
        equal(root.config(reg, n), mask, f"BAR {reg:#x} sized")
    root.configure(0x10, BAR0)
    root.configure(0x18, BAR2)
    root.configure(0x20, IO)
    equal(root.windows, {}, "windows before the command register")
    root.configure(COMMAND, 2, 1)
    equal(root.windows, {(0, 0): (BAR0, 1 << 20, FLAGS | wire.W_PREFETCH),
                         (0, 2): (BAR2, 4096, FLAGS)}, "memory windows")
    root.configure(COMMAND, 1, 1)
    equal(root.windows, {(0, 4): (IO, 16, wire.W_MAPPED)}, "port windows")
    root.configure(COMMAND, 3, 1)
    root.configure(0x10, BAR0 + (1 << 20))
    equal(root.windows[0, 0][0], BAR0 + (1 << 20), "a BAR that moved")


@check
def configuration_writes_keep_to_their_byte_enables(bench):
    root = bench.fresh(bench.membar)
    root.configure(0x3c, 0xab, 1)
    root.configure(0x0c, 0x10, 1)
    root.configure(COMMAND, 0, 1)
    root.configure(COMMAND + 1, 4, 1)
    equal(root.config(0x3c, 1), 0xab, "interrupt line")
    equal(root.config(COMMAND, 2), 0x400, "command")
    gap = wire.cfg_write(DEVFN, 0x10, struct.pack("<I", 0xe1a2b3c4))
    gap.first_be = 0b1000
    root.ask(gap)
    equal(root.config(0x10), 0xe1000008 | BAR0 & 0xffffff, "BAR 0")
    nothing = wire.cfg_write(DEVFN, 0x10, b"\0\0\0\0")
    nothing.first_be = 0
    root.ask(nothing)
    equal(root.config(0x13, 1), 0xe1, "BAR 0 after a write of no bytes")


# ---- memory and ports ---------------------------------------------------


@check
def reads_of_every_width_and_offset(bench):
    root = bench.fresh(bench.membar)
    want = pattern(256)
    root.write(BAR0, want)
    for at in range(8):
        for n in list(range(1, 20)) + [64, 67]:
            equal(root.read(BAR0 + at, n), want[at:at + n],
                  f"{n} bytes at {at}")


@check
def writes_of_every_width_and_offset(bench):
    root = bench.fresh(bench.membar)
    want = bytearray(4096)
    root.write(BAR0 + 4096, bytes(want))
    for at in range(8):
        for n in list(range(1, 18)) + [64]:
            data = pattern(n, at * 31 + n)
            to = (at * 100 + n * 3) % 3900
            root.write(BAR0 + 4096 + to, data)
            want[to:to + n] = data
    equal(root.read(BAR0 + 4096, 4096), bytes(want), "the page")


@check
def gaps_in_byte_enables_are_not_written(bench):
    root = bench.fresh(bench.membar)
    for first in range(1, 16):
        for last in (1, 5, 8, 10, 15):
            root.write(BAR0, b"\xee" * 8)
            root.link.send(wire.Tlp(wire.MWR, addr=BAR0, data=pattern(8),
                                    first_be=first, last_be=last))
            bits = first | last << 4
            want = bytes(pattern(8)[i] if bits >> i & 1 else 0xee
                         for i in range(8))
            equal(root.read(BAR0, 8), want, f"enables {bits:#x}")
    root.link.send(wire.Tlp(wire.MWR, addr=BAR0, data=bytes(4)))
    equal(root.read(BAR0, 8), want, "after a write of no bytes")


@check
def reads_with_gaps_count_from_first_to_last_byte(bench):
    root = bench.fresh(bench.membar)
    root.write(BAR0, pattern(16))
    for first in range(1, 16):
        for last in (0, 1, 4, 9, 15):
            req = root.ask(wire.Tlp(wire.MRD, addr=BAR0 + 8, first_be=first,
                                    last_be=last, length=2 if last else 1))
            equal(req.status, wire.SC, "status")
            bits = first | last << 4
            for i in range(8):
                if bits >> i & 1:
                    equal(req.data[i], pattern(16)[8 + i],
                          f"byte {i} of {bits:#x}")
    equal(root.link.unexpected, 0, "completions that did not fit")


@check
def a_flush_comes_after_the_writes_and_touches_nothing(bench):
    root = bench.fresh(bench.membar)
    root.write32(BAR2 + 4, 0)
    for i in range(20):
        root.write32(BAR0 + 4 * i, i)
    req = root.flush(BAR0 + 0x44)
    equal((req.status, req.parts[0].count, req.parts[0].lower),
          (wire.SC, 1, 0x44), "the flush")
    equal(root.read32(BAR2 + 4), 20, "accesses the device saw")
    true(root.flush(0xdead0000).status in (wire.SC, wire.UR),
         "a flush of nobody")


def parts_hold(root, addr, n, mps):
    req = root.ask(wire.mem_read(addr, n))
    equal(req.status, wire.SC, "status")
    lead = addr % 4
    equal(bytes(req.data[lead:lead + n]), pattern(1 << 16)[addr - BAR0:][:n],
          f"{n} bytes at {addr:#x}")
    for cpl in req.parts:
        true(len(cpl.data) <= mps, "a part above MPS")


@check
def large_reads_are_split_at_the_boundary(bench):
    for mps in (128, 256, 4096):
        root = bench.fresh(bench.membar, max_payload=mps)
        for at in range(0, 1 << 16, mps):
            root.write(BAR0 + at, pattern(1 << 16)[at:at + mps])
        for addr, n in ((0, 4096), (4096 + 1, 4095), (8192 + 3, 700),
                        (127, 2), (126, 130), (64, 4032), (61, 259)):
            parts_hold(root, BAR0 + addr, n, mps)
        equal(root.link.unexpected, 0, "completions that did not fit")
        root.close()


@check
def a_read_above_mrrs_is_unsupported(bench):
    root = bench.fresh(bench.membar, max_read=256)
    equal(root.ask(wire.mem_read(BAR0, 256)).status, wire.SC, "256 bytes")
    equal(root.ask(wire.mem_read(BAR0, 260)).status, wire.UR, "260 bytes")
    equal(root.ask(wire.mem_read(BAR0 + 3, 254)).status, wire.UR,
          "254 bytes in 65 DW")


@check
def ports_of_every_width(bench):
    root = bench.fresh(bench.membar)
    root.port_write(IO + 4, 0x44332211)
    for at in range(4):
        for n in (1, 2, 4):
            if at + n <= 4:
                want = 0x44332211 >> 8 * at & (1 << 8 * n) - 1
                equal(root.port(IO + 4 + at, n), want, f"{n} at {at}")
    root.port_write(IO + 5, 0xaabb, 2)
    equal(root.port(IO + 4), 0x44aabb11, "after a write of two")


@check
def what_nobody_has_is_unsupported(bench):
    root = bench.fresh(bench.membar)
    root.write32(BAR0, 0x1234)
    for name, tlp in (
            ("port below", wire.io_read(IO - 4, 4)),
            ("port above", wire.io_read(IO + 16, 1)),
            ("port written", wire.io_write(IO + 16, b"a")),
            ("memory", wire.mem_read(BAR0 - 4, 4)),
            ("memory above 4 GiB", wire.mem_read(2**32 + BAR0, 4)),
            ("memory past the end", wire.mem_read(BAR2 + 4096, 4)),
            ("AT", wire.mem_read(BAR0, 4, at=1)),
            ("a configuration cycle of type 1", wire.Tlp(
                wire.CFGRD1, target=DEVFN, length=1, first_be=15)),
            ("a locked read", wire.Tlp(wire.MRDLK, addr=BAR0, length=1,
                                       first_be=15)),
            ("FetchAdd", wire.Tlp(wire.FETCHADD, addr=BAR0, data=bytes(4))),
            ("Swap", wire.Tlp(wire.SWAP, addr=BAR0, data=bytes(8))),
            ("CAS", wire.Tlp(wire.CAS, addr=BAR0, data=bytes(16))),
            ("a requester that is not the root",
             wire.mem_read(BAR0, 4, rid=0x100))):
        equal(root.ask(tlp).status, wire.UR, name)
    for tlp in (wire.mem_write(BAR0 - 4, bytes(4)),
                wire.mem_write(BAR0, bytes(4), at=2),
                wire.mem_write(BAR0, bytes(4), rid=0x100)):
        root.link.send(tlp)
    equal(root.read32(BAR0), 0x1234, "memory after writes to drop")
    root.configure(COMMAND, 0, 1)
    equal(root.ask(wire.mem_read(BAR0, 4)).status, wire.UR, "memory disabled")
    equal(root.ask(wire.io_read(IO, 4)).status, wire.UR, "ports disabled")


@check
def what_is_poisoned_is_not_carried_out(bench):
    root = bench.fresh(bench.membar)
    root.write32(BAR0, 0x1234)
    root.port_write(IO, 0x5678)
    root.link.send(wire.mem_write(BAR0, bytes(4), ep=1))
    equal(root.ask(wire.io_write(IO, bytes(4), ep=1)).status, wire.UR, "IOWr")
    equal(root.ask(wire.cfg_write(DEVFN, COMMAND, bytes(2), ep=1)).status,
          wire.UR, "CfgWr")
    equal(root.read32(BAR0), 0x1234, "memory")
    equal(root.port(IO), 0x5678, "port")
    equal(root.config(COMMAND, 2) & 7, 7, "command")


@check
def messages_that_mean_nothing_are_dropped(bench):
    root = bench.fresh(bench.membar)
    for kind in range(0x30, 0x38):
        root.link.send(wire.Tlp(kind, code=0x14))
        root.link.send(wire.Tlp(kind | 0x40, code=0x50, data=b"data"))
    for more in ({"vendor": 0x8086, "number": 0x83},
                 {"vendor": wire.OUR_ID, "number": 0x7e}):
        root.link.send(wire.Tlp(wire.MSG, code=wire.VENDOR, **more))
    root.link.send(wire.Tlp(wire.MSG, code=0x7e, vendor=wire.OUR_ID,
                            number=wire.M_RESET))
    for routing in (0, 1, 2, 3, 5, 6, 7):   # ours are local: 4
        root.link.send(wire.Tlp(0x30 | routing, code=wire.VENDOR,
                                vendor=wire.OUR_ID, number=wire.M_RESET))
    equal(root.config(0x10) & ~15, BAR0, "BAR 0")


@check
def reserved_fields_mean_nothing(bench):
    root = bench.fresh(bench.membar)
    for tlp in (wire.message(wire.M_PAUSE, 0xff, 0x1234),
                wire.message(wire.M_RUN, 0xff, 0xffff, bytes(8)),
                wire.message(wire.M_RESET, 1, 0xffff)):
        data = bytearray(tlp.frame())
        data[5] |= 0x02                     # LN of byte 1
        data[12:14] = b"\xff\xff"           # bytes 8 and 9
        root.link.put(bytes(data))
        root.link.used[0] += 1
        root.link.used[1] += (len(tlp.data) + 15) // 16
    equal(root.config(0), MEMBAR, "register 0")
    equal(root.windows, {}, "windows after RESET")
    equal(root.last(wire.M_PAUSED).b, 0x1234, "number of PAUSED")
    read = bytearray(wire.cfg_read(DEVFN, 0, tag=3).frame())
    read[14] |= 0xf0                        # bits 15:12 of DW 2
    read[15] |= 3
    req = root.link.request(wire.cfg_read(DEVFN, 0), tag=3)
    root.link.out[-len(read):] = read
    root.until(lambda: req.done, "completion")
    equal(bytes(req.data), struct.pack("<I", MEMBAR), "register 0")


@check
def an_intx_message_of_the_root_is_dropped(bench):
    root = bench.fresh(bench.membar)
    root.link.send(wire.intx(0, True))
    equal(root.config(0x10) & ~15, BAR0, "BAR 0")


@check
def every_tag_comes_back_with_tc_and_attributes(bench):
    root = bench.fresh(bench.membar)
    for i, tag in enumerate((0, 1, 127, 128, 255, 256, 511, 512, 767, 768,
                             1022, 1023)):
        req = root.ask(wire.mem_read(BAR0, 4, tc=i % 8, attr=i * 3 % 8),
                       tag=tag)
        cpl = req.parts[0]
        equal((cpl.tag, cpl.tc, cpl.attr), (tag, i % 8, i * 3 % 8),
              "tag, TC and attributes")
        equal(cpl.cid, DEVFN, "completer")
    root.write(BAR0, pattern(128))
    reqs = {tag: root.link.request(wire.mem_read(BAR0 + tag % 32 * 4, 4),
                                   tag=tag) for tag in range(1023, -1, -1)}
    root.until(lambda: all(r.done for r in reqs.values()), "1,024 answers")
    for tag, req in reqs.items():
        at = tag % 32 * 4
        equal(bytes(req.data), pattern(128)[at:at + 4], f"tag {tag}")


# ---- credits ------------------------------------------------------------


@check
def credit_comes_back_in_time(bench):
    root = bench.fresh(bench.membar)
    theirs = root.link.theirs
    before = root.link.credits_seen
    for _ in range(theirs.posted_hdr * 3):
        root.write32(BAR0, 1)
    root.until(lambda: not root.link.queue, "posted headers")
    for _ in range(theirs.posted_data * 32 // 4096):
        root.write(BAR0, bytes(4096))
    root.until(lambda: not root.link.queue, "posted data")
    for _ in range(theirs.np_hdr * 3):
        root.link.request(wire.mem_read(BAR0, 4))
    root.until(lambda: not root.link.open, "completions")
    true(root.link.credits_seen > before, "no CREDIT came")
    for got, used in zip(root.link.credit, root.link.used):
        true(got >= used, "less granted than used")


@check
def a_reader_that_reads_late_loses_nothing(bench):
    """Section 6, obligation 1, with the peer's output blocked."""
    root = bench.fresh(bench.membar)
    root.write(BAR0, pattern(4096))
    reqs = [root.link.request(wire.mem_read(BAR0, 4096))
            for _ in range(root.link.theirs.np_hdr)]
    end = time.monotonic() + kit.LIMIT_S
    while root.link.out and time.monotonic() < end:
        root.link.writable()
    true(not root.link.out, "the peer stopped reading")
    root.until(lambda: all(r.done for r in reqs), "answers")
    for req in reqs:
        equal(bytes(req.data), pattern(4096), "a page")
