# SPDX-License-Identifier: MIT
"""Checks of ioemu-peer: what a device asks of the root, and interrupts.
"""

import struct
import time

import kit
import wire
from kit import equal, true
from root import COMMAND, DEVFN
from rootbench import DMA0, DMA2, DMA4, VECTOR_ADDR, VECTOR_DATA, pattern


check = kit.Checks("peer")


def describe(root, parts, at=0x1000):
    """A list of (address, bytes, flags) in guest memory."""
    for i, (addr, n, flags) in enumerate(parts):
        root.ram.set(at + 16 * i, struct.pack("<QII", addr, n, flags))
    root.write32(DMA2 + 0x18, at & 0xffffffff)
    root.write32(DMA2 + 0x1c, at >> 32)
    root.write32(DMA2 + 0x20, len(parts))


def start(root, parts, offset=0, control=1, at=0x1000):
    describe(root, parts, at)
    root.write32(DMA2 + 0x24, offset)
    root.reads.clear()
    root.writes.clear()
    root.write32(DMA2 + 0x08, control)


def ended(root):
    """ERROR, when the list is over."""
    root.until(lambda: not root.read32(DMA2 + 0x0c) & 1, "end of the list")
    true(root.read32(DMA2 + 0x0c) & 6, "STATUS says neither done nor error")
    return root.read32(DMA2 + 0x10)


TO_GUEST, LAST = 1, 4


def splits_hold(tlps, most, page=4096):
    """Section 5: at multiples, ascending, no 4 KiB crossed."""
    at = None
    for tlp in tlps:
        n = 4 * tlp.dws()
        true(n <= most, f"{n} bytes above {most}")
        true(tlp.addr % page + n <= page, "crosses 4 KiB")
        true(tlp.rid == DEVFN, f"requester {tlp.rid:#x}")
        begin, size = wire.span(tlp)
        true(at is None or begin == at, "not in ascending order without gap")
        at = begin + size


@check
def dma_reads_are_split_at_mrrs_and_pages(bench):
    for mrrs, addr, n in ((128, 0x20000, 512), (512, 0x20ff2, 5000),
                          (4096, 0x123456701, 8192)):
        root = bench.fresh(bench.engine, max_read=mrrs)
        root.ram.set(addr, pattern(n))
        root.part = 64
        start(root, [(addr, n, LAST)])
        equal(ended(root), 0, "ERROR")
        splits_hold([r for r in root.reads if r.addr >= 0x20000], mrrs)
        got = b"".join(root.read(DMA0 + i, min(128, n - i))
                       for i in range(0, n, 128))
        equal(got, pattern(n), "the card's memory")
        equal(root.read32(DMA2 + 0x30), n, "BYTES_IN")
        root.close()


@check
def dma_writes_are_split_at_mps_and_pages(bench):
    for mps, addr, n in ((128, 0x20000, 512), (256, 0x20ff3, 5000),
                         (4096, 0x123456701, 8192)):
        root = bench.fresh(bench.engine, max_payload=mps)
        for i in range(0, n, 128):
            root.write(DMA0 + i, pattern(n)[i:i + 128])
        start(root, [(addr, n, TO_GUEST | LAST)])
        equal(ended(root), 0, "ERROR")
        splits_hold(root.writes, mps)
        equal(root.ram.get(addr, n), pattern(n), "guest memory")
        root.close()


@check
def data_comes_before_the_wire_and_before_the_status(bench):
    root = bench.fresh(bench.engine, max_payload=128)
    start(root, [(0x20000, 4096, TO_GUEST | LAST)], control=9)
    root.until(lambda: root.wires[0], "INTA#")
    equal(sum(len(w.data) for w in root.writes), 4096,
          "bytes written before INTA#")
    root.write32(DMA2 + 0x0c, 2 | 8)
    root.flush(DMA2)
    root.until(lambda: not root.wires[0], "INTA# down")
    intx = [t for t in root.link.seen if t.code in wire.INTX]
    equal([t.code for t in intx], [0x20, 0x24], "INTx messages")
    true(all(t.rid & 7 == 0 for t in intx), "function of INTx")


def vectors(root):
    cap = root.config(0x34, 1)
    while root.config(cap, 1) != 0x11:
        cap = root.config(cap + 1, 1)
        true(cap, "no MSI-X capability")
    root.configure(cap + 2, 0x8000, 2)
    for i in range(8):
        at = DMA4 + 16 * i
        for reg, value in enumerate((VECTOR_ADDR, 0, VECTOR_DATA + i, 0)):
            root.write32(at + 4 * reg, value)


@check
def an_msi_cannot_overtake_the_data(bench):
    root = bench.fresh(bench.engine, max_payload=128)
    vectors(root)
    root.write32(DMA2 + 0x28, 5)
    start(root, [(0x20000, 2048, TO_GUEST | LAST)], control=9)
    root.until(lambda: root.msis, "MSI")
    equal(root.msis, [(VECTOR_ADDR, VECTOR_DATA + 5)], "MSI")
    equal(sum(len(w.data) for w in root.writes), 2048,
          "bytes written before the MSI")
    true(not root.wires[0], "INTA# beside MSI-X")


@check
def nothing_is_asked_with_bus_master_off(bench):
    root = bench.fresh(bench.engine)
    vectors(root)
    root.configure(COMMAND, 2, 1)
    start(root, [(0x20000, 64, LAST)], control=9)
    equal(ended(root), 4, "ERROR")
    equal((root.reads, root.writes, root.msis), ([], [], []), "requests")


@check
def a_dma_read_that_fails_says_so(bench):
    root = bench.fresh(bench.engine)
    for status in (wire.UR, wire.CRS, wire.CA, 3, 7):
        root.hold_reads = True
        start(root, [(0x20000, 64, LAST)])
        tlp = root.until(lambda: root.held and root.held.pop(), "a DMA read")
        root.link.complete([wire.answer(tlp, status)])
        equal(ended(root), 4, f"ERROR after status {status}")
    start(root, [(0x20000, 64, LAST)])
    tlp = root.until(lambda: root.held and root.held.pop(), "a DMA read")
    answers = root.answers(root.link, tlp)
    answers[0].ep = 1
    root.link.complete(answers)
    equal(ended(root), 4, "ERROR after a poisoned completion")


@check
def an_error_in_the_place_of_a_part_ends_the_request(bench):
    root = bench.fresh(bench.engine)
    root.ram.set(0x20000, pattern(4096))
    describe(root, [(0x20000, 4096, LAST)])
    root.hold_reads = True
    root.write32(DMA0, 0x11111111)
    root.write32(DMA2 + 0x08, 1)
    tlp = root.until(lambda: root.held and root.held.pop(), "the list")
    root.link.complete(root.answers(root.link, tlp))
    tlp = root.until(lambda: root.held and root.held.pop(), "the data")
    root.part = 256
    answers = root.answers(root.link, tlp)[:2]
    root.link.complete(answers + [wire.answer(tlp, wire.CA)])
    equal(ended(root), 4, "ERROR")
    equal(root.read32(DMA0), 0x11111111, "the card's memory")


@check
def answers_in_any_order_and_any_parts(bench):
    root = bench.fresh(bench.engine, max_read=512)
    root.ram.set(0x20000, pattern(8192))
    root.ram.set(0x1000, struct.pack("<QII", 0x20004, 8000, LAST))
    root.write32(DMA2 + 0x18, 0x1000)
    root.write32(DMA2 + 0x20, 1)
    root.write32(DMA2 + 0x08, 1)
    root.until(lambda: root.reads, "the list")
    root.hold_reads = True
    total = 0
    while total < 8000:
        root.until(lambda: root.held, "a DMA read")
        while root.held:
            tlp = root.held.pop()       # the youngest first
            total += wire.span(tlp)[1]
            root.part = 64 * (1 + total % 5)
            root.link.complete(root.answers(root.link, tlp))
    equal(ended(root), 0, "ERROR")
    root.hold_reads = False
    equal(root.read(DMA0 + 4000, 4000 % 96 + 4),
          pattern(8192)[4004:][:4000 % 96 + 4], "the card's memory")


def poor(bench):
    """A root that grants hardly anything."""
    return bench.fresh(bench.engine, np_hdr=1, posted_hdr=4, posted_data=8,
                       max_payload=128)


def nothing_more(root):
    """A PING needs no credit: what was sent before its PONG is here."""
    root.link.ping()
    root.until(lambda: root.link.cookie is None, "PONG")


@check
def a_peer_keeps_to_little_credit(bench):
    root = poor(bench)
    root.ram.set(0x20000, pattern(4096))
    start(root, [(0x20000, 4096, 0), (0x30000, 4096, TO_GUEST | LAST)])
    equal(ended(root), 0, "ERROR")
    equal(root.ram.get(0x30000, 128), root.read(DMA0 + 4096, 128),
          "guest memory")


@check
def without_credit_a_peer_waits(bench):
    root = poor(bench)
    for i in range(0, 1024, 128):
        root.write(DMA0 + i, pattern(1024)[i:i + 128])
    root.flush(DMA0)
    root.link.tell()
    root.link.hold = True
    start(root, [(0x30000, 1024, TO_GUEST | LAST)])
    root.until(lambda: root.reads, "the list")
    req = None
    for i in range(1, 9):
        root.until(lambda i=i: len(root.writes) >= i, f"write {i}")
        for _ in range(3):
            nothing_more(root)
        equal(len(root.writes), i, "writes with credit for one more")
        if req is None:
            req = root.link.request(wire.cfg_read(DEVFN, 0))
        true(i == 8 or not req.done, "a completion that overtook a write")
        root.link.tell()
    root.link.hold = False
    root.link.tell()
    equal(ended(root), 0, "ERROR")
    true(req.done, "the completion behind the writes")
    equal(root.ram.get(0x30000, 1024), pattern(1024), "guest memory")


@check
def a_read_not_answered_times_out_and_its_answer_is_late(bench):
    root = bench.fresh(bench.engine)
    root.hold_reads = True
    began = time.monotonic()
    start(root, [(0x20000, 64, LAST)])
    tlp = root.until(lambda: root.held and root.held.pop(), "a DMA read")
    equal(ended(root), 4, "ERROR")
    true(time.monotonic() - began >= 0.9, "no time-out of about a second")
    root.hold_reads = False
    tags = set()
    for _ in range(8):
        start(root, [(0x20000, 64, LAST)])
        equal(ended(root), 0, "ERROR")
        tags |= {r.tag for r in root.reads}
    true(tlp.tag not in tags, "a tag in quarantine was used")
    root.link.complete(root.answers(root.link, tlp))
    start(root, [(0x20000, 64, LAST)])
    equal(ended(root), 0, "ERROR after the late completion")
