# SPDX-License-Identifier: MIT
"""A root's bench: ioemu-peer processes that listen, and links to them.

Owns where the guest puts their BARs. Each check has links of its own and
begins with a reset.
"""

import functools

import kit
import wire
from root import COMMAND, Root

BAR0, BAR2, IO = 0xf0000000, 0xf0100000, 0xc000
DMA0, DMA2, DMA4 = 0x180000000, 0xf0200000, 0xf0300000
MEMBAR, ENGINE = 0x11e91234, 0x11ea1234
FLAGS = wire.W_MAPPED | wire.W_MEMORY
VECTOR_ADDR, VECTOR_DATA = 0xfee01000, 0x4100


@functools.lru_cache
def pattern(n, seed=1):
    return bytes((i * 7 + i // 256 * 13 + seed) % 256 for i in range(n))


class Bench:
    """The two peers, and links to them; `ring`: through memory."""

    def __init__(self, build, folder, ring=False):
        self.caps = wire.CAP_STATE | (wire.CAP_RING if ring else 0)
        self.build = build
        self.folder = folder
        self.count = 0
        self.membar = self.start("membar")
        self.engine = self.start("dma-engine")
        self.opened = []

    def start(self, device, *props, how="--listen", path=None):
        self.count += 1
        name = f"{device}-{self.count}"
        path = path or f"{self.folder}/{name}"
        program = kit.Program(
            self.folder, name,
            [f"{self.build}/ioemu-peer", f"{self.build}/devices/{device}.so",
             how, f"unix:{path}", *props])
        program.path = path
        return program

    def link(self, program, **hello):
        hello.setdefault("capabilities", self.caps)
        patient = hello.pop("patient", False)
        root = Root(kit.connect(program.path, program), **hello)
        root.link.patient = patient
        self.opened.append(root)
        root.hello()
        root.until(root.link.switched, "RING")
        return root

    def fresh(self, program, **hello):
        """After a reset, with its BARs where the guest wants them."""
        root = self.link(program, **hello)
        root.reset()
        bars = {self.membar: ((0x10, BAR0), (0x18, BAR2), (0x20, IO)),
                self.engine: ((0x10, DMA0 & 0xffffffff), (0x14, DMA0 >> 32),
                              (0x18, DMA2), (0x20, DMA4))}
        device = "engine" if "dma" in program.name else "membar"
        for reg, value in bars[getattr(self, device)]:
            root.configure(reg, value)
        root.configure(COMMAND, 7, 2)
        root.run()
        return root

    def done(self):
        """After a check: nobody was hurt, nothing came that must not."""
        opened, self.opened = self.opened, []
        try:
            for root in opened:
                if root.link.broken:
                    raise root.link.broken
        finally:
            for root in opened:
                root.link.cut()
        self.membar.healthy()
        self.engine.healthy()

    def stop(self):
        for program in (self.membar, self.engine):
            program.kill()
