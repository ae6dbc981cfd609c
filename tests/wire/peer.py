#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A peer with one PCI function, independent of the SDK.

    peer.py --connect ADDR | --listen ADDR      (unix:PATH or tcp:HOST:PORT)

Written from plugins-sdk/doc/wire.md alone. Owns the device: a type-0
configuration space with a memory BAR, an I/O BAR, INTA# and MSI, and a DMA
engine. The link is link.py's.

BAR 0, memory, 8 KiB, not prefetchable; registers of 4 bytes in the first page,
plain memory in the second:

    0x00  ID, 0xf00d1234
    0x04  guest address, low and (0x08) high
    0x0c  bytes, at most 4096
    0x10  command: 1 guest to memory, 2 memory to guest, 3 INTA# up,
          4 INTA# down, 5 MSI
    0x14  status: 1 busy, 2 done, 3 failed

BAR 2, ports, 16 bytes: plain.
"""

import argparse
import os
import socket
import struct
import sys

import wire
from link import Link, WaitError, pump, wait

BAR0_SIZE, BAR2_SIZE = 8192, 16
REG_COMMAND, REG_STATUS, REG_BAR0, REG_BAR2 = 0x04, 0x06, 0x10, 0x18
REG_CAP, MSI = 0x34, 0x40
IO_ON, MEM_ON, MASTER, INTX_OFF = 1, 2, 4, 0x400
BUSY, DONE, FAILED = 1, 2, 3
TIMEOUT_S = 1
NAME = b"wire.py"


def le32(data, at=0):
    return struct.unpack_from("<I", data, at)[0]


class Config:
    """256 bytes, and which bits of them are writable."""

    def __init__(self):
        self.bytes = bytearray(256)
        self.mask = bytearray(256)
        self._set(0x00, "<HHHHBBBBBBBB", 0x1234, 0xf00d, 0, 0x10, 1, 0, 0,
                  0xff, 0, 0, 0, 0)
        self._set(REG_BAR2, "<I", 1)
        self._set(0x2c, "<HH", 0x1234, 1)
        self.bytes[REG_CAP] = MSI
        self.bytes[0x3d] = 1
        # MSI: 64-bit address, one vector, no masks
        self._set(MSI, "<BBH", 5, 0, 0x80)
        for reg, bits in ((REG_COMMAND, 0x0407), (REG_BAR0, -BAR0_SIZE),
                          (REG_BAR2, 0x10000 - BAR2_SIZE), (0x0c, 0xffff),
                          (0x3c, 0xff), (MSI, 1 << 16), (MSI + 4, -4),
                          (MSI + 8, -1), (MSI + 12, 0xffff)):
            struct.pack_into("<I", self.mask, reg, bits & 0xffffffff)

    def _set(self, at, layout, *values):
        struct.pack_into(layout, self.bytes, at, *values)

    def write(self, at, data):
        for i, v in enumerate(data):
            m = self.mask[at + i]
            self.bytes[at + i] = self.bytes[at + i] & ~m | v & m

    def get(self, reg, layout="<I"):
        return struct.unpack_from(layout, self.bytes, reg)[0]

    def command(self):
        return self.get(REG_COMMAND, "<H")


# pylint: disable=too-many-instance-attributes
class Device:
    """What outlives connections."""

    def __init__(self):
        self.instance = struct.unpack("<Q", os.urandom(8))[0] or 1
        self.rid = 0
        self.link = None
        self.running = False
        self.clock = bytes(8)   # of the last RUN: it keeps none
        self.log = []           # (register, bytes) of each CfgWr, in order
        self.reads = []         # memory reads that came, as TLPs
        self.writes = []        # likewise
        self.moves = 0          # parts of a transfer that are open
        self.flags = wire.W_MAPPED | wire.W_MEMORY      # of BAR 0
        self.power_on()

    def power_on(self):
        self.config = Config()
        self.memory = bytearray(BAR0_SIZE)
        self.ports = bytearray(BAR2_SIZE)
        self.level = False
        self.wire_up = False    # as the root knows it
        self.windows = {}       # likewise: index: (base, size, flags)
        struct.pack_into("<I", self.memory, 0, 0xf00d1234)

    # -- the link's life

    def hello(self, **more):
        more.setdefault("capabilities", 0)
        return wire.Hello(role=wire.PEER, kind=wire.KIND_PCI, functions=1,
                          instance=self.instance, name=NAME, **more)

    def attach(self, sock, **more):
        self.running = False
        self.windows = {}
        self.wire_up = False
        self.moves = 0
        self.link = Link(sock, self.hello(**more), self.serve, TIMEOUT_S)
        self.announce()
        return self.link

    def announce(self):
        """Windows and the wire, where they are not what the root knows."""
        now = self.decoded()
        for index in sorted(set(now) | set(self.windows)):
            if now.get(index) == self.windows.get(index):
                continue
            base, size, flags = now.get(index, (0, 0, 0))
            self.link.send(wire.window(index, base, size, flags, self.rid))
        self.windows = now
        up = self.level and not (self.config.command() & INTX_OFF or
                                 self.msi_on())
        if up != self.wire_up:
            self.link.send(wire.intx(0, up, self.rid & ~7))
        self.wire_up = up

    def decoded(self):
        out, command = {}, self.config.command()
        base = self.config.get(REG_BAR0) & ~0xf
        if command & MEM_ON and base:
            out[0] = (base, BAR0_SIZE, self.flags)
        base = self.config.get(REG_BAR2) & ~3
        if command & IO_ON and base:
            out[2] = (base, BAR2_SIZE, wire.W_MAPPED)
        return out

    # -- requests of the root

    def serve(self, _link, tlp):
        if tlp.kind in wire.MESSAGES:
            return self.told(tlp)
        if tlp.rid != 0 or tlp.at:
            return self.refuse(tlp)
        if tlp.kind in (wire.CFGRD0, wire.CFGWR0):
            return self.configure(tlp)
        if tlp.kind in (wire.MRD, wire.MRD64):
            return self.read(tlp)
        if tlp.kind in (wire.MWR, wire.MWR64):
            return self.write(tlp)
        if tlp.kind in wire.IO:
            return self.port(tlp)
        return self.refuse(tlp)

    def refuse(self, tlp):
        if tlp.posted():
            return None
        return [wire.answer(tlp, wire.UR, cid=self.rid)]

    def configure(self, tlp):
        if tlp.target & 7:
            return [wire.answer(tlp, wire.UR, cid=tlp.target)]
        if tlp.kind == wire.CFGRD0:
            data = bytes(self.config.bytes[tlp.addr:tlp.addr + 4])
            return [wire.answer(tlp, data=data.ljust(4, b"\0"), cid=self.rid)]
        if tlp.ep:
            return self.refuse(tlp)
        self.rid = tlp.target & ~7
        for addr, at, n in wire.enabled(tlp):
            data = tlp.data[at:at + n]
            self.log.append((addr, data))
            if addr + n <= 256:
                self.config.write(addr, data)
        self.announce()
        return [wire.answer(tlp, cid=self.rid)]

    def inside(self, index, addr, n):
        base, size, _ = self.decoded().get(index, (0, 0, 0))
        if size and base <= addr and addr + n <= base + size:
            return addr - base
        return None

    def read(self, tlp):
        self.reads.append(tlp)
        at = self.inside(0, tlp.addr, 4 * tlp.dws())
        if at is None or 4 * tlp.dws() > self.link.mrrs:
            return self.refuse(tlp)

        def memory(addr, n):
            start = addr - tlp.addr + at
            return bytes(self.memory[start:start + n])

        return wire.answer_read(tlp, memory, self.link.mps, self.link.mine.rcb,
                                self.rid)

    def write(self, tlp):
        self.writes.append(tlp)
        at = self.inside(0, tlp.addr, 4 * tlp.dws())
        if at is None or tlp.ep:
            return
        for addr, off, n in wire.enabled(tlp):
            self.store(addr - tlp.addr + at, tlp.data[off:off + n])

    def store(self, at, data):
        if at >= 4096:
            self.memory[at:at + len(data)] = data
            return
        if 4 <= at < 0x10 and at + len(data) <= 0x10:
            self.memory[at:at + len(data)] = data
        elif at == 0x10:
            self.act(data[0])

    def port(self, tlp):
        at = self.inside(2, tlp.addr, 4)
        if at is None or (tlp.ep and tlp.kind == wire.IOWR):
            return self.refuse(tlp)
        if tlp.kind == wire.IORD:
            return [wire.answer(tlp, data=bytes(self.ports[at:at + 4]),
                                cid=self.rid)]
        for addr, off, n in wire.enabled(tlp):
            to = at + addr - tlp.addr
            self.ports[to:to + n] = tlp.data[off:off + n]
        return [wire.answer(tlp, cid=self.rid)]

    # -- messages of the root

    def told(self, tlp):
        if not tlp.ours():
            return
        wire.need(tlp.number not in wire.FROM_PEER - wire.FROM_ROOT,
                  "message of a peer from the root")
        if tlp.number == wire.M_RUN:
            self.running = True
            self.clock = tlp.data
        elif tlp.number == wire.M_PAUSE:
            self.running = False
            self.tell_paused(tlp.b)
        elif tlp.number == wire.M_RESET:
            rid = self.rid if tlp.a else 0
            known = self.windows, self.wire_up
            self.power_on()
            self.windows, self.wire_up = known
            self.announce()
            self.rid = rid
        elif tlp.number == wire.M_SAVE:
            self.tell_state(b"")        # it has none

    def tell_paused(self, number):
        self.link.send(wire.message(wire.M_PAUSED, 0, number, self.clock,
                                    self.rid))

    def tell_state(self, blob):
        for m in wire.states(blob, self.link.mps):
            self.link.send(m)

    # -- what the device does of its own accord

    def msi_on(self):
        return bool(self.config.bytes[MSI + 2] & 1)

    def act(self, what):
        if what in (1, 2):
            addr = struct.unpack_from("<Q", self.memory, 4)[0]
            n = min(le32(self.memory, 0x0c), 4096)
            (self.fetch if what == 1 else self.deliver)(addr, n)
        elif what in (3, 4):
            self.level = what == 3
            self.announce()
        elif what == 5:
            self.send_msi()

    def may_master(self):
        return self.config.command() & MASTER

    def send_msi(self):
        if self.msi_on() and self.may_master():
            addr = struct.unpack_from("<Q", self.config.bytes, MSI + 4)[0]
            data = struct.pack("<I", self.config.get(MSI + 12, "<H"))
            self.link.send(wire.mem_write(addr, data, rid=self.rid))

    def status(self, value):
        struct.pack_into("<I", self.memory, 0x14, value)

    def finished(self):
        """A transfer was begun, and is over."""
        return le32(self.memory, 0x14) in (DONE, FAILED)

    @staticmethod
    def pieces(addr, n, step):
        """Split at multiples of step, section 5."""
        while n:
            size = min(n, step - addr % step)
            yield addr, size
            addr += size
            n -= size

    def fetch(self, addr, n):
        """Guest memory to ours."""
        self.status(BUSY)
        if not self.may_master():
            self.status(FAILED)
            return
        start = addr
        for at, size in self.pieces(addr, n, self.link.mrrs):
            self.moves += 1
            self.link.request(
                wire.mem_read(at, size, rid=self.rid),
                lambda req, at=at, size=size: self.fetched(
                    req, 4096 + at - start, at % 4, size))

    def fetched(self, req, to, lead, size):
        self.moves -= 1
        if not req.ok():
            self.status(FAILED)
        else:
            self.memory[to:to + size] = req.data[lead:lead + size]
        if not self.moves and le32(self.memory, 0x14) == BUSY:
            self.status(DONE)

    def deliver(self, addr, n):
        """Ours to guest memory."""
        if not self.may_master():
            self.status(FAILED)
            return
        for at, size in self.pieces(addr, n, self.link.mps):
            off = 4096 + at - addr
            self.link.send(wire.mem_write(at, self.memory[off:off + size],
                                          rid=self.rid))
        self.status(DONE)


# ---- addresses, and the program -----------------------------------------


def parse(addr):
    """(family, address) of unix:PATH or tcp:HOST:PORT."""
    kind, _, rest = addr.partition(":")
    if kind == "unix" and rest:
        return socket.AF_UNIX, rest
    host, _, port = rest.rpartition(":")
    if kind != "tcp" or not host or not port.isdigit():
        raise ValueError(f"{addr}: not unix:PATH or tcp:HOST:PORT")
    return socket.AF_INET, (host, int(port))


def connect(addr):
    family, where = parse(addr)
    sock = socket.socket(family)
    sock.connect(where)
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def listen(addr):
    family, where = parse(addr)
    sock = socket.socket(family)
    if family == socket.AF_INET:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(where)
    sock.listen(1)
    return sock


def live(device, sock):
    """One connection, to its end."""
    link = device.attach(sock)
    try:
        wait(lambda: link.theirs or link.eof, link, limit=10, what="HELLO")
    except WaitError:
        link.cut()
    while not link.eof:
        pump([link], 0.1)
    device.running = False
    why = link.bye or link.broken or "end of stream"
    print(f"peer.py: the link is down: {why}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description="A PCI function as a peer.")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--connect", metavar="ADDR")
    how.add_argument("--listen", metavar="ADDR")
    args = parser.parse_args()
    device = Device()
    try:
        if args.connect:
            live(device, connect(args.connect))
            return 0
        server = listen(args.listen)
        while True:
            live(device, server.accept()[0])
    except (OSError, ValueError) as e:
        print(f"peer.py: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
