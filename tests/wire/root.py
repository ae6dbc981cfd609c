# SPDX-License-Identifier: MIT
"""A root for tests: the guest's accesses to a peer, and the guest's memory.

Owns how accesses become TLPs (section 4) and what a root answers to a peer.
Keeps everything the peer said for the checks to look at.
"""

import struct
from collections import defaultdict

import wire
from link import Link, wait

DEVFN = 0x28                    # 00:05.0, as in the document's examples
COMMAND = 0x04
MSI_WINDOW = range(0xfee00000, 0xfef00000)


class Ram:
    """Guest memory of any extent below `size`, page by page."""

    def __init__(self, size=1 << 40):
        self.size = size
        self.pages = defaultdict(lambda: bytearray(4096))

    def has(self, addr, n):
        return addr + n <= self.size

    def get(self, addr, n):
        out = b""
        while n:
            at = addr % 4096
            part = self.pages[addr // 4096][at:at + n]
            out += part
            addr += len(part)
            n -= len(part)
        return bytes(out)

    def set(self, addr, data):
        while data:
            at = addr % 4096
            n = min(len(data), 4096 - at)
            self.pages[addr // 4096][at:at + n] = data[:n]
            addr, data = addr + n, data[n:]


# pylint: disable=too-many-instance-attributes
class Root:
    """One link to a peer. `hold_reads` keeps its DMA reads unanswered."""

    def __init__(self, sock, ram=None, **hello):
        self.ram = ram or Ram()
        self.windows = {}       # (function, index): (base, size, flags)
        self.wires = [False] * 4
        self.isa = {}
        self.said = []          # messages of section 7, in order
        self.reads = []         # DMA reads
        self.writes = []        # DMA writes
        self.msis = []          # (address, data)
        self.held = []
        self.hold_reads = False
        self.part = None        # bytes in a part of an answer, at most
        self.link = Link(sock, wire.Hello(**hello), self.serve)

    def hello(self):
        wait(lambda: self.link.theirs or self.link.eof, self.link,
             what="HELLO")
        if self.link.theirs is None:
            raise wire.WireError(wire.R_HELLO, "the link ended before HELLO")
        return self

    def until(self, condition, what):
        return wait(condition, self.link, what=what)

    # -- what the peer asks

    def serve(self, link, tlp):
        if tlp.kind in wire.MESSAGES:
            return self.told(tlp)
        if tlp.kind in (wire.MWR, wire.MWR64):
            return self.written(tlp)
        if tlp.kind not in (wire.MRD, wire.MRD64):
            return [wire.answer(tlp, wire.UR)]
        self.reads.append(tlp)
        if self.hold_reads:
            self.held.append(tlp)
            return None
        return self.answers(link, tlp)

    def answers(self, link, tlp):
        n = 4 * tlp.dws()
        if n > link.mrrs or not self.ram.has(tlp.addr, n):
            return [wire.answer(tlp, wire.UR)]
        return wire.answer_read(tlp, self.ram.get, link.mps, link.mine.rcb,
                                limit=self.part)

    def written(self, tlp):
        if tlp.addr in MSI_WINDOW:
            self.msis.append((tlp.addr, struct.unpack("<I", tlp.data)[0]))
            return
        self.writes.append(tlp)
        for addr, at, n in wire.enabled(tlp):
            if self.ram.has(addr, n):
                self.ram.set(addr, tlp.data[at:at + n])

    def told(self, tlp):
        if tlp.code in wire.INTX:
            self.wires[tlp.code % 4] = tlp.code < wire.DEASSERT_INTA
        if not tlp.ours():
            return
        self.said.append(tlp)
        if tlp.number == wire.M_WINDOW:
            base, size = struct.unpack(">QQ", tlp.data)
            name = (tlp.rid & 7, tlp.b)
            if tlp.a & wire.W_MAPPED:
                self.windows[name] = (base, size, tlp.a)
            else:
                self.windows.pop(name, None)
        elif tlp.number == wire.M_LINE:
            self.isa[tlp.b] = tlp.a

    def last(self, number):
        return next((m for m in reversed(self.said) if m.number == number),
                    None)

    # -- what the guest does

    def ask(self, tlp, tag=None):
        """A request, waited for."""
        req = self.link.request(tlp, tag=tag)
        self.until(lambda: req.done, f"completion of {tlp}")
        return req

    def config(self, reg, n=4, devfn=DEVFN):
        req = self.ask(wire.cfg_read(devfn, reg, n))
        at = reg % 4
        return int.from_bytes(req.data[at:at + n], "little")

    def configure(self, reg, value, n=4, devfn=DEVFN):
        return self.ask(wire.cfg_write(devfn, reg, value.to_bytes(n,
                                                                  "little")))

    def read(self, addr, n=4):
        """Bytes at an address within one page."""
        req = self.ask(wire.mem_read(addr, n))
        return bytes(req.data[addr % 4:addr % 4 + n])

    def read32(self, addr):
        return struct.unpack("<I", self.read(addr))[0]

    def write(self, addr, data):
        self.link.send(wire.mem_write(addr, data))

    def write32(self, addr, value):
        self.write(addr, struct.pack("<I", value))

    def flush(self, addr):
        return self.ask(wire.flush(addr))

    def port(self, port, n=4):
        req = self.ask(wire.io_read(port, n))
        return int.from_bytes(req.data[port % 4:port % 4 + n], "little")

    def port_write(self, port, value, n=4):
        return self.ask(wire.io_write(port, value.to_bytes(n, "little")))

    def say(self, number, a=0, data=b"", b=0):
        self.link.send(wire.message(number, a, b, data))

    def run(self, ns=0):
        self.link.send(wire.run(ns))

    def pause(self, number=0):
        """Returns the PAUSED."""
        before = len(self.said)
        self.say(wire.M_PAUSE, b=number)
        return self.until(lambda: next(
            (m for m in self.said[before:] if m.number == wire.M_PAUSED),
            None), "PAUSED")

    def reset(self, bus=0):
        """And until it is over: the requests after it see it."""
        self.say(wire.M_RESET, bus)
        self.config(0)

    def save(self):
        """The state as bytes, or None: it cannot be saved."""
        before = len(self.said)
        self.say(wire.M_SAVE)

        def whole():
            parts = [m for m in self.said[before:]
                     if m.number == wire.M_STATE]
            if not parts:
                return None
            total = struct.unpack(">II", parts[0].data[:8])[1]
            return sum(m.b for m in parts) >= total and parts

        parts = self.until(whole, "STATE")
        at = 0
        for m in parts:
            offset, total = struct.unpack(">II", m.data[:8])
            if offset != at or (total and not m.b):
                raise wire.malformed("order of STATE")
            at += m.b
        return b"".join(m.data[8:8 + m.b] for m in parts) if at else None

    def load(self, blob):
        """The code of LOADED."""
        before = len(self.said)
        self.say(wire.M_RESET)
        for m in wire.states(blob, self.link.mps):
            self.link.send(m)
        return self.until(lambda: next(
            (m for m in self.said[before:] if m.number == wire.M_LOADED),
            None), "LOADED").a

    # -- the end

    def expect_bye(self, reason):
        """The other side closes with this reason, and its stream ends."""
        self.until(lambda: self.link.eof, f"BYE {reason}")
        if self.link.broken:
            raise self.link.broken
        if self.link.bye is None:
            raise wire.WireError(reason, "the link ended without BYE")
        if self.link.bye[0] != reason:
            raise wire.WireError(reason, f"BYE was {self.link.bye}")

    def close(self):
        """BYE, until the other end is gone too."""
        self.link.close()
        self.until(lambda: self.link.eof, "the end of the other side")
