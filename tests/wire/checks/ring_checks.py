# SPDX-License-Identifier: MIT
"""Checks of what only links on shared memory have: section 13, both ends."""

import dataclasses
import os
import random
import time

import kit
import ring
import wire
from corebench import BAR0 as CORE_BAR0
from corebench import ID, RAM
from kit import equal, true
from ring import FOR_BYTES, FOR_ROOM, HEAD, LAYOUT, SLEEP, TAIL
from root import Root
from rootbench import BAR0, MEMBAR, pattern

peer = kit.Checks("peer")
core = kit.Checks("core")

NOISE_S = 0.5
F_SEAL_FUTURE_WRITE = 0x10


def descriptors(program):
    return len(os.listdir(f"/proc/{program.process.pid}/fd"))


def noise(link, seconds):
    """The other side's memory is anything at any time."""
    draw = random.Random(1)
    end = time.monotonic() + seconds
    words = len(link.ring.words)
    while time.monotonic() < end:
        for _ in range(64):
            link.ring.words[draw.randrange(words)] = draw.randrange(2**32)
        bell(link)


def bell(link):
    """The other side may have looked by itself, and be gone by now."""
    try:
        link.sock.send(b"\0")
    except OSError:
        pass


def lies(link, word, value):
    """An index of ours is wrong, and the other side is told to look."""
    link.ring.put = lambda data: 0      # and stays wrong
    link.ring.set(link.ring.mine, word, value)
    bell(link)


# ---- the peer -----------------------------------------------------------


def offering(bench, layout=LAYOUT, fd=None):
    """A root that says RING as it likes; None: memory as it should be."""
    root = Root(kit.connect(bench.membar.path, bench.membar),
                capabilities=wire.CAP_STATE | wire.CAP_RING)
    bench.opened.append(root)
    root.link.offers = False
    root.hello()
    root.link.offer(layout, ring.memory(LAYOUT.total) if fd is None else fd)
    return root


def refused(bench, root):
    """Reason 3, and the next one is served."""
    root.expect_bye(wire.R_MALFORMED)
    again = bench.link(bench.membar)
    equal(again.config(0), MEMBAR, "register 0 of the next connection")
    again.link.cut()


@peer
def a_good_offer_is_taken(bench):
    root = offering(bench)
    root.until(root.link.switched, "RING")
    equal(root.config(0), MEMBAR, "register 0")


@peer
def memory_that_could_go_away_is_refused(bench):
    all_ = ring.SEALS
    for seals in (0, all_ & ~ring.fcntl.F_SEAL_SHRINK,
                  all_ & ~ring.fcntl.F_SEAL_GROW,
                  all_ & ~ring.fcntl.F_SEAL_SEAL):
        refused(bench, offering(bench, fd=ring.memory(LAYOUT.total, seals)))


@peer
def memory_smaller_than_it_is_said_to_be_is_refused(bench):
    layout = dataclasses.replace(LAYOUT, total=LAYOUT.total + 1)
    refused(bench, offering(bench, layout))


@peer
def what_is_no_memory_is_refused(bench):
    for fd in (os.open("/dev/zero", os.O_RDWR), os.open("/", os.O_RDONLY)):
        root = Root(kit.connect(bench.membar.path, bench.membar),
                    capabilities=wire.CAP_RING)
        bench.opened.append(root)
        root.link.offers = False
        root.hello()
        root.link.ring_fd = fd
        root.link.say_ring(LAYOUT.pack())
        refused(bench, root)


@peer
def memory_it_cannot_write_is_refused(bench):
    seals = ring.SEALS | F_SEAL_FUTURE_WRITE
    fd = ring.memory(LAYOUT.total, 0)
    root = Root(kit.connect(bench.membar.path, bench.membar),
                capabilities=wire.CAP_RING)
    bench.opened.append(root)
    root.link.offers = False
    root.hello()
    root.link.offer(LAYOUT, fd)
    ring.fcntl.fcntl(fd, ring.fcntl.F_ADD_SEALS, seals)
    root.expect_bye(wire.R_FAILURE)


@peer
def a_ring_without_memory_is_refused(bench):
    root = bench.link(bench.membar, capabilities=wire.CAP_STATE)
    root.link.put(wire.frame(wire.RING, LAYOUT.pack()))
    refused(bench, root)
    root = offering(bench)
    root.link.drop_fd()
    refused(bench, root)


def passed(root, data, n):
    """These bytes, with n descriptors of good memory.

    A peer may have refused what came before, and be gone: its BYE is here.
    """
    fds = [ring.memory(LAYOUT.total) for _ in range(n)]
    try:
        kit.socket.send_fds(root.link.sock, [data], fds)
    except (BrokenPipeError, ConnectionResetError):
        pass
    for fd in fds:
        os.close(fd)


@peer
def one_descriptor_is_passed_and_no_other(bench):
    root = bench.link(bench.membar)
    before = descriptors(bench.membar)
    root.link.cut()
    offer = wire.frame(wire.RING, LAYOUT.pack())
    for first, second in ((0, 2), (0, 3), (0, 100), (2, 1), (1, 1), (1, 0)):
        root = Root(kit.connect(bench.membar.path, bench.membar),
                    capabilities=wire.CAP_RING)
        bench.opened.append(root)
        root.link.offers = False
        root.hello()
        some = wire.credit(root.link.granted)
        if first:
            passed(root, some, first)
        passed(root, offer if (first, second) != (1, 0) else some, second or 1)
        refused(bench, root)
    bench.link(bench.membar)    # those before it are gone
    end = time.monotonic() + kit.LIMIT_S
    while descriptors(bench.membar) > before:
        true(time.monotonic() < end, "descriptors are kept")


@peer
def the_descriptor_of_a_frame_before_it_is_not_its_own(bench):
    root = offering(bench)
    passed(root, wire.credit(root.link.granted), 1)
    root.link.drop_fd()
    refused(bench, root)


@peer
def places_and_sizes_that_make_no_sense_are_refused(bench):
    for wrong in ({"layout": 0}, {"layout": 2}, {"total": 0},
                  {"total": (16 << 20) + 1}, {"total": 2**32 - 1},
                  {"root": 32}, {"root": 0x3f80}, {"root": 2**32 - 64},
                  {"peer": 1}, {"peer": 0x4000}, {"root_ring": 0x3040},
                  {"root_ring": 2**32 - 4096}, {"peer_ring": 0x2040},
                  {"peer_ring": 0x2004}, {"root_size": 0},
                  {"root_size": 2048}, {"root_size": 4095},
                  {"peer_size": 0x3000}, {"peer_size": 2**31},
                  {"peer_size": 8 << 20}):
        refused(bench, offering(bench, dataclasses.replace(LAYOUT, **wrong)))


@peer
def a_ring_of_another_length_is_refused(bench):
    for n in (0, 16, 31):
        root = offering(bench)
        root.link.out[:] = wire.frame(wire.RING, LAYOUT.pack()[:n])
        root.link.ring_left = None
        refused(bench, root)


@peer
def ring_is_said_once(bench):
    root = bench.fresh(bench.membar)
    root.link.put(wire.frame(wire.RING, LAYOUT.pack()))
    refused(bench, root)


@peer
def an_index_that_lies_ends_the_link(bench):
    for value in (LAYOUT.root_size + 1, 2**31, 2**32 - 2**17):
        root = bench.fresh(bench.membar)
        root.config(0)          # it has taken all there was
        lies(root.link, HEAD, root.link.ring.head + value)
        refused(bench, root)


def stuffed(link):
    """Nothing is taken out, and the tail lies."""
    link.ring.take = lambda: b""
    link.ring.readable = lambda: 0
    link.ring.set(link.ring.mine, TAIL, link.ring.tail + 2**31)


@peer
def a_tail_that_lies_ends_the_link(bench):
    root = bench.fresh(bench.membar)
    stuffed(root.link)
    for _ in range(4):
        root.link.request(wire.mem_read(BAR0, 4096))
    root.until(lambda: root.link.eof, "the end")    # no room for BYE
    again = bench.link(bench.membar)
    equal(again.config(0), MEMBAR, "register 0 of the next connection")


@peer
def bytes_on_the_socket_after_the_switch_end_the_link(bench):
    for data in (b"\1", bytes(3) + b"\xff", wire.frame(wire.PING, bytes(8))):
        root = bench.fresh(bench.membar)
        root.link.sock.send(data)
        refused(bench, root)


@peer
def doorbells_for_nothing_do_no_harm(bench):
    root = bench.fresh(bench.membar)
    for _ in range(1000):
        root.link.sock.setblocking(True)
        root.link.sock.send(bytes(100))
        root.link.sock.setblocking(False)
    equal(root.config(0), MEMBAR, "register 0")


@peer
def who_always_claims_to_sleep_is_rung_and_served(bench):
    root = bench.fresh(bench.membar)
    for i in range(200):
        root.link.ring.set(root.link.ring.mine, SLEEP, FOR_BYTES | FOR_ROOM)
        root.write32(BAR0 + 4 * i, i)
        equal(root.read32(BAR0 + 4 * i), i, "memory")


@peer
def frames_larger_than_the_ring_go_through_it(bench):
    root = bench.fresh(bench.membar)
    true(LAYOUT.root_size < 4112, "the ring is too large for this check")
    for i in range(20):
        root.write(BAR0, pattern(4096, i))
        equal(root.read(BAR0, 4096), pattern(4096, i), "a page")


@peer
def descriptors_nobody_asked_for_are_closed(bench):
    root = bench.link(bench.membar)
    before = descriptors(bench.membar)
    root.link.cut()
    for _ in range(20):
        root = Root(kit.connect(bench.membar.path, bench.membar))
        bench.opened.append(root)
        root.hello()
        for _ in range(5):
            null = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
            data = wire.credit(root.link.granted)
            kit.socket.send_fds(root.link.sock, [data], null)
            for fd in null:
                os.close(fd)
        equal(root.config(0), MEMBAR, "register 0")
        root.link.cut()
    root = bench.link(bench.membar)
    equal(root.config(0), MEMBAR, "register 0")
    true(descriptors(bench.membar) <= before,
         f"{descriptors(bench.membar)} descriptors, {before} before")


@peer
def memory_full_of_noise_does_no_harm(bench):
    root = bench.fresh(bench.membar)
    noise(root.link, NOISE_S)
    root.link.cut()
    root = bench.fresh(bench.membar)
    equal(root.config(0), MEMBAR, "register 0")


# ---- the core -----------------------------------------------------------


@core
def it_says_that_it_uses_one(bench):
    bench.fresh()
    true(", ring," in bench.ask("peers"), bench.ask("peers"))


@core
def an_index_of_the_peer_that_lies_ends_the_link(bench):
    for value in (2**17, 2**31, 2**32 - 2**17):
        bench.raw()
        lies(bench.link, HEAD, bench.link.ring.head + value)
        bench.expect_bye(wire.R_MALFORMED)
        bench.done()


@core
def a_tail_of_the_peer_that_lies_ends_the_link(bench):
    bench.fresh()
    stuffed(bench.link)
    for _ in range(40):
        bench.core.begin("rep mem write 0xe0001000 4 1024 0x3000")
    bench.until(lambda: bench.link.eof, "the end")
    bench.link = None
    while bench.core.pending:
        bench.until(bench.core.answer, "an answer")
    bench.gone()


@core
def bytes_on_its_socket_after_the_switch_end_the_link(bench):
    for data in (b"\1", bytes(3) + b"\xff", wire.frame(wire.PING, bytes(8))):
        bench.raw()
        bench.link.sock.send(data)
        bench.expect_bye(wire.R_MALFORMED)
        bench.done()


@core
def ring_is_agreed_to_once(bench):
    bench.raw().put(wire.frame(wire.RING))
    bench.expect_bye(wire.R_MALFORMED)


@core
def ring_of_who_did_not_want_it_ends_the_link(bench):
    bench.caps, caps = 0, bench.caps
    try:
        bench.raw().put(wire.frame(wire.RING))
        bench.expect_bye(wire.R_MALFORMED)
    finally:
        bench.caps = caps


@core
def peers_that_come_and_go_leave_no_descriptor(bench):
    before = None
    for i in range(40):
        bench.fresh()
        equal(bench.read("mem", CORE_BAR0), ID, "ID")
        before = before or (i > 3 and descriptors(bench.core))
        if before:
            equal(descriptors(bench.core), before, "descriptors")
        bench.link.cut()
        bench.gone()


@core
def last_words_need_no_doorbell(bench):
    device = bench.fresh()
    bench.poke(RAM, bytes(8))
    bench.settled()
    last = wire.mem_write(RAM, b"farewell", rid=device.rid)
    bench.link.ring.put(last.frame())
    bench.link.cut()
    bench.link = None
    bench.gone()
    equal(bench.peek(RAM, 8), b"farewell", "memory")


@core
def memory_full_of_noise_does_it_no_harm(bench):
    bench.fresh()
    noise(bench.link, NOISE_S)
    bench.link.cut()
    bench.link = None
    bench.fresh()
    equal(bench.read("mem", CORE_BAR0), ID, "ID")
