# SPDX-License-Identifier: MIT
"""Two rings of bytes in shared memory: section 13 of plugins-sdk/doc/wire.md.

Owns the memory, indices and who sleeps. Knows nothing of frames; the socket
and its doorbells are way.py's.
"""

import fcntl
import mmap
import os
import struct
import threading
from dataclasses import dataclass

import wire

HEAD, TAIL, SLEEP = 0, 64, 128
FOR_BYTES, FOR_ROOM = 1, 2
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
LOCK = threading.Lock()


@dataclass
class Layout:
    """What the root says of the memory, section 13."""

    total: int
    root: int
    peer: int
    root_ring: int
    root_size: int
    peer_ring: int
    peer_size: int
    layout: int = 1

    def pack(self):
        return struct.pack(">8I", self.layout, self.total, self.root,
                           self.peer, self.root_ring, self.root_size,
                           self.peer_ring, self.peer_size)

    @classmethod
    def unpack(cls, body):
        wire.need(len(body) == 32, "length of RING")
        layout, *rest = struct.unpack(">8I", body)
        new = cls(*rest, layout=layout)
        new.check()
        return new

    def check(self):
        wire.need(self.layout == 1, "layout")
        wire.need(self.total <= 16 << 20, "total")
        for at, size in ((self.root, 192), (self.peer, 192),
                         (self.root_ring, self.root_size),
                         (self.peer_ring, self.peer_size)):
            wire.need(at % 64 == 0 and at + size <= self.total, "places")
        for size in (self.root_size, self.peer_size):
            wire.need(4096 <= size <= 4 << 20 and not size & (size - 1),
                      "sizes")


LAYOUT = Layout(total=0x4000, root=0x40, peer=0x140, root_ring=0x1000,
                root_size=0x1000, peer_ring=0x2000, peer_size=0x2000)


def fence():
    """To take a lock is one."""
    with LOCK:
        pass


def memory(total, seals=SEALS):
    """A descriptor for RING, good or not."""
    fd = os.memfd_create("ring", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, total)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


# pylint: disable=too-many-instance-attributes
class Ring:
    """One end of the two rings, as `role`."""

    def __init__(self, fd, layout, role):
        if role == wire.PEER:
            self.check(fd, layout)
        self.map = mmap.mmap(fd, layout.total)
        self.words = memoryview(self.map).cast("I")
        blocks = (layout.root // 4, layout.peer // 4)
        rings = ((layout.root_ring, layout.root_size),
                 (layout.peer_ring, layout.peer_size))
        mine = 0 if role == wire.ROOT else 1
        self.mine, self.theirs = blocks[mine], blocks[1 - mine]
        self.out_at, self.out_size = rings[mine]
        self.in_at, self.in_size = rings[1 - mine]
        self.head = self.tail = 0
        self.blocked = False
        self.moved = 0

    @staticmethod
    def check(fd, layout):
        try:
            seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
        except OSError:
            seals = 0
        wire.need(seals & SEALS == SEALS, "memory is not sealed")
        wire.need(os.fstat(fd).st_size >= layout.total, "memory is too small")

    def close(self):
        self.words.release()
        self.map.close()

    # -- words: one load or store each

    def get(self, block, word):
        return self.words[block + word // 4]

    def set(self, block, word, value):
        self.words[block + word // 4] = value % 2**32

    # -- bytes

    def readable(self):
        n = (self.get(self.theirs, HEAD) - self.tail) % 2**32
        wire.need(n <= self.in_size, "head of the other side")
        return n

    def room(self):
        used = (self.head - self.get(self.theirs, TAIL)) % 2**32
        wire.need(used <= self.out_size, "tail of the other side")
        return self.out_size - used

    def take(self):
        """All there is."""
        n = self.readable()
        if not n:
            return b""
        at = self.tail % self.in_size
        first = min(n, self.in_size - at)
        data = (self.map[self.in_at + at:self.in_at + at + first] +
                self.map[self.in_at:self.in_at + n - first])
        self.tail = (self.tail + n) % 2**32
        self.set(self.mine, TAIL, self.tail)
        self.moved |= FOR_ROOM
        return data

    def put(self, data):
        """How many of the bytes found room."""
        n = min(len(data), self.room())
        self.blocked = n < len(data)
        if not n:
            return 0
        at = self.head % self.out_size
        first = min(n, self.out_size - at)
        self.map[self.out_at + at:self.out_at + at + first] = data[:first]
        self.map[self.out_at:self.out_at + n - first] = data[first:n]
        self.head = (self.head + n) % 2**32
        self.set(self.mine, HEAD, self.head)
        self.moved |= FOR_BYTES
        return n

    # -- sleep

    def news(self):
        return self.readable() or (self.blocked and self.room())

    def sleep(self):
        """About to; False: better not."""
        self.set(self.mine, SLEEP,
                 FOR_BYTES | (FOR_ROOM if self.blocked else 0))
        fence()
        return not self.news()

    def wake(self):
        self.set(self.mine, SLEEP, 0)

    def bell(self):
        """Is the other side to be rung?"""
        if not self.moved:
            return False
        fence()
        wanted = self.get(self.theirs, SLEEP) & self.moved
        self.moved = 0
        if wanted:
            self.set(self.theirs, SLEEP, 0)
        return bool(wanted)
