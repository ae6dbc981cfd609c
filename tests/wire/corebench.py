# SPDX-License-Identifier: MIT
"""A peer's bench: the core around a scripted Xen, its guest, and a peer.

Owns the process (tests/wire/wire_root.c) and where the guest puts BARs. Each
check brings a peer of its own.
"""

import functools
import os
import subprocess
import time

import kit
import wire
from checks import hostile
from kit import equal, true
from link import Link, wait
from peer import MSI, Device

SLOT = 0x18 << 32               # 00:03.0, as Xen gives configuration addresses
DEVFN = 0x18
BAR0, IO = 0xe0000000, 0xc100
RAM = hostile.RAM
OUTSIDE = 0x40000000            # no memory of the guest
ID = 0xf00d1234
TIMEOUT_MS = 3000
MPS = 512                       # of hostile peers
ONES = 0xffffffff
VALUE = 0x11223344


@functools.lru_cache
def pattern(n, seed=1):
    return bytes((i * 11 + i // 256 * 3 + seed) % 256 for i in range(n))


class Core(kit.Program):
    """wire_root: a source for pump(), as links are."""

    def __init__(self, build, folder, name):
        super().__init__(folder, name,
                         [f"{build}/tests/wire/wire_root",
                          f"{build}/devices"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.path = f"{folder}/{name}.p0"
        self.got = b""
        self.pending = 0        # answers to come
        self.ended_ = False

    def fileno(self):
        return -1 if self.ended_ else self.process.stdout.fileno()

    def wants_write(self):
        return False

    def readable(self):
        chunk = os.read(self.fileno(), 65536)
        self.got += chunk
        self.ended_ = not chunk

    def rest(self):
        return True

    def tick(self):
        pass

    def begin(self, command):
        self.pending += 1
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        """The answer to what was begun, or None: not yet."""
        if b"\n" not in self.got:
            true(not self.ended_, f"the core ended: {self.tail()}")
            return None
        line, self.got = self.got.split(b"\n", 1)
        self.pending -= 1
        return line.decode().strip() or " "

    def finish(self):
        self.process.stdin.close()
        self.ended()


class Scripted(Device):
    """The good device, with a say in everything."""

    def __init__(self):
        super().__init__()
        self.on_read = None     # instead of the answers to memory reads
        self.force = False      # ask with bus master off
        self.words = []         # messages of the root, in order
        self.pauses = True      # PAUSE is answered at once ...
        self.numbers = True     # ... with its number
        self.state = b""        # what SAVE gives

    def told(self, tlp):
        if tlp.ours():
            self.words.append(tlp)
        super().told(tlp)

    def heard(self):
        """Numbers of the messages so far."""
        return [m.number for m in self.words]

    def tell_paused(self, number):
        if self.pauses:
            super().tell_paused(number if self.numbers else 0)

    def tell_state(self, blob):
        super().tell_state(blob or self.state)

    def read(self, tlp):
        if self.on_read:
            self.reads.append(tlp)
            return self.on_read(tlp)
        return super().read(tlp)

    def good(self, tlp):
        return super().read(tlp)

    def may_master(self):
        return self.force or super().may_master()


class Bench:
    """The core, and the peer of the check at hand; `ring`: through memory."""

    def __init__(self, build, folder, name, ring=False):
        self.caps = wire.CAP_RING if ring else 0
        self.core = Core(build, folder, name)
        self.build = build
        self.folder = folder
        self.device = None
        self.link = None
        self.ask(f"device peer,id=p0,slot=3,listen=unix:{self.core.path},"
                 f"timeout-ms={TIMEOUT_MS}")

    # -- the guest

    def sources(self):
        return [self.core] + ([self.link] if self.link else [])

    def until(self, condition, what):
        return wait(condition, *self.sources(), what=what)

    def ask(self, command):
        self.core.begin(command)
        return self.until(self.core.answer, command)

    def read(self, space, addr, n=4):
        return int(self.ask(f"{space} read {addr:#x} {n}"), 0) & (
            (1 << 8 * n) - 1)

    def write(self, space, addr, value, n=4):
        self.ask(f"{space} write {addr:#x} {n} {value:#x}")

    def config(self, reg, n=4):
        return self.read("config", SLOT | reg, n)

    def configure(self, reg, value, n=4):
        self.write("config", SLOT | reg, value, n)

    def rep(self, op, addr, size, count, ram):
        """A string instruction between memory of a window and RAM."""
        self.ask(f"rep mem {op} {addr:#x} {size} {count} {ram:#x}")

    def peek(self, addr, n):
        return bytes.fromhex(self.ask(f"peek {addr:#x} {n}"))

    def poke(self, addr, data):
        for i in range(0, len(data), 4096):
            self.ask(f"poke {addr + i:#x} {data[i:i + 4096].hex()}")

    def lines(self):
        return self.ask("lines").split()

    def claimed(self, space, addr):
        return self.ask(f"claimed {space} {addr:#x}") == "1"

    def stats(self):
        words = self.ask("peers").replace(",", " ").replace(";", " ").split()
        return {w: int(v) for w, v in zip(words, words[1:]) if v.isdigit()}

    # -- the peer

    def attach(self, device, **hello):
        self.device = device
        hello.setdefault("capabilities", self.caps)
        patient = hello.pop("patient", False)
        self.link = device.attach(kit.connect(self.core.path, self.core),
                                  **hello)
        self.link.patient = patient
        self.until(self.link.switched, "HELLO, or RING")
        return device

    def there(self):
        self.until_reads(0, ID, "a peer that came")

    def gone(self):
        self.until_reads(0, ONES, "a peer that went")

    def until_reads(self, reg, value, what):
        end = time.monotonic() + kit.LIMIT_S
        while self.config(reg) != value:
            true(time.monotonic() < end, f"{what}: register {reg:#x}")
            wait(lambda: True, *self.sources())

    def fresh(self, flags=0, **hello):
        """A new device where the guest wants it, bus master on."""
        device = Scripted()
        device.flags |= flags
        self.attach(device, **hello)
        self.there()
        self.configure(0x10, BAR0)
        self.configure(0x18, IO)
        self.configure(MSI + 2, 0x80, 2)
        self.configure(0x04, 7, 2)
        self.until(lambda: device.running, "RUN")
        device.log.clear()
        return device

    def raw(self):
        """A link that does nothing by itself, past HELLO."""
        device = Device()
        self.link = Link(kit.connect(self.core.path, self.core),
                         device.hello(max_payload=MPS, capabilities=self.caps),
                         lambda link, tlp: None if tlp.posted() else
                         [wire.answer(tlp)])
        self.until(self.link.switched, "HELLO, or RING")
        return self.link

    def expect_bye(self, reason):
        self.until(lambda: self.link.eof, f"BYE {reason}")
        true(self.link.bye, "the link ended without BYE")
        equal(self.link.bye[0], reason, f"reason of BYE '{self.link.bye[1]}'")

    def done(self):
        try:
            if self.link and self.link.broken:
                raise self.link.broken
        finally:
            if self.link:
                self.link.cut()
            self.link = None
            while self.core.pending:
                self.until(self.core.answer, "an answer left over")
        self.core.healthy()

    # -- requests of the peer

    def request(self, tlp):
        req = self.link.request(tlp)
        self.until(lambda: req.done, f"completion of {tlp}")
        return req

    def sent(self, what):
        """All of it went; a link that ended takes nothing any more."""
        link = self.link
        self.until(lambda: link.eof or not (link.queue or link.out), what)
        true(not link.eof, f"{what}: the link ended: {link.bye}")

    def settled(self):
        """What the peer sent before is done: a request has come back."""
        self.request(wire.flush(RAM, rid=self.device.rid))


def msi_count(bench):
    count, addr, data = bench.ask("msi").split()
    return int(count), int(addr, 0), int(data, 0)
