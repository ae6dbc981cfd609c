# SPDX-License-Identifier: MIT
"""Checks of ioemu-peer: who it says it is, PING and PONG, BYE, versions.
"""

import kit
import wire
from kit import equal, true
from root import COMMAND, DEVFN
from rootbench import BAR0, DMA2, IO, MEMBAR


check = kit.Checks("peer")


# ---- versions -----------------------------------------------------------


@check
def it_speaks_this_version(bench):
    root = bench.link(bench.membar)
    theirs = root.link.theirs
    equal((theirs.major, theirs.minor), (1, 1), "version")


@check
def a_root_of_version_1_0_is_served(bench):
    root = bench.fresh(bench.membar, minor=0)
    root.write32(BAR0, 0xfeed)
    equal(root.read32(BAR0), 0xfeed, "memory")
    equal(root.pause().b, 0, "number of PAUSED")
    blob = root.save()
    equal(root.load(blob), 0, "LOADED")
    root.configure(0x3c, 0, 1)
    equal(root.read32(BAR0), 0xfeed, "memory after loading")


# ---- ids ----------------------------------------------------------------


def nobodys(devfn):
    """Requests that end in UR though the function they reach is there."""
    return (
        ("memory nobody has", wire.mem_read(0xdead0000, 4)),
        ("a port nobody has", wire.io_read(IO - 16, 4)),
        ("a read above MRRS", wire.mem_read(BAR0, 4096)),
        ("AT", wire.mem_read(BAR0, 4, at=1)),
        ("another requester", wire.mem_read(BAR0, 4, rid=0x100)),
        ("CfgRd1", wire.Tlp(wire.CFGRD1, target=devfn, length=1, first_be=15)),
        ("a poisoned CfgWr0", wire.cfg_write(devfn, 4, b"\7\0", ep=1)),
        ("FetchAdd", wire.Tlp(wire.FETCHADD, addr=BAR0, data=bytes(4))))


@check
def what_nobody_has_is_answered_by_function_0(bench):
    root = bench.link(bench.membar, max_read=2048)
    root.reset()
    for devfn, number in ((DEVFN, 0), (DEVFN, DEVFN), (0x1230, 0x1230)):
        if number:
            root.configure(0x0c, 0, 1, devfn=number)
        for name, tlp in nobodys(devfn):
            req = root.ask(tlp)
            equal(req.status, wire.UR, f"status of {name}")
            equal(req.parts[0].cid, number, f"completer of {name}")


@check
def a_locked_read_is_answered_by_a_cpl(bench):
    root = bench.fresh(bench.membar)
    for kind, addr in ((wire.MRDLK, BAR0), (wire.MRDLK64, 1 << 32)):
        req = root.ask(wire.Tlp(kind, addr=addr, length=1, first_be=15))
        equal(req.status, wire.UR, "status")
        equal(req.parts[0].kind, wire.CPL, "kind of the completion")
        equal(req.parts[0].cid, DEVFN, "completer")


@check
def only_a_configuration_write_that_is_done_gives_a_number(bench):
    root = bench.link(bench.membar)
    root.reset()
    for name, tlp in (
            ("another function", wire.cfg_write(0x1233, 4, b"\0\0")),
            ("poisoned", wire.cfg_write(0x1230, 4, b"\0\0", ep=1)),
            ("of type 1", wire.Tlp(wire.CFGWR1, target=0x1230, addr=4,
                                   data=bytes(4), first_be=3)),
            ("another requester", wire.cfg_write(0x1230, 4, b"\0\0",
                                                 rid=0x100)),
            ("a read", wire.cfg_read(0x1230, 0))):
        root.ask(tlp)
        req = root.ask(wire.cfg_read(DEVFN, 0))
        equal(req.parts[0].cid, 0, f"completer after a write: {name}")


@check
def it_has_no_number_after_power(bench):
    root = bench.fresh(bench.membar)
    for bus, number in ((1, DEVFN), (0, 0)):
        root.configure(0x10, BAR0)
        root.configure(COMMAND, 7, 2)
        equal(len(root.windows), 3, "windows")
        root.said.clear()
        root.reset(bus)
        gone = [m for m in root.said if m.number == wire.M_WINDOW]
        true(gone, "no WINDOW after RESET")
        equal([m.rid for m in gone], [number] * len(gone), "their requester")
        root.configure(0x18, 0xf0100000)
        root.configure(0x20, IO)


@check
def a_wire_that_falls_at_a_reset_is_told(bench):
    for bus in (0, 1):
        root = bench.fresh(bench.engine)
        root.write32(DMA2 + 0x18, 0x1000)
        root.write32(DMA2 + 0x20, 1)
        root.write32(DMA2 + 0x08, 9)    # an empty entry: an error
        root.until(lambda: root.wires[0], "INTA#")
        before = len(root.link.seen)
        root.reset(bus)
        told = [t for t in root.link.seen[before:] if t.code in wire.INTX]
        equal([t.code for t in told], [wire.DEASSERT_INTA], "INTx messages")
        equal(told[0].rid & 7, 0, "their function")
        root.close()


# ---- PING, PONG, BYE ----------------------------------------------------


@check
def a_second_ping_waits_for_the_pong_of_the_first(bench):
    root = bench.link(bench.membar, keepalive_ms=100, patient=True)
    root.link.answers_pings = False
    root.until(lambda: root.link.pings, "PING")
    quiet(root, 0.4)                    # eight times when one is due
    equal(root.link.pings, 1, "PINGs while one is open")
    root.link.put(wire.frame(wire.PONG, root.link.pinged))
    root.until(lambda: root.link.pings == 2, "PING after the PONG")


def quiet(root, seconds):
    """Nothing is sent for so long."""
    end = kit.time.monotonic() + seconds
    root.until(lambda: kit.time.monotonic() >= end, "time")


@check
def a_pong_of_another_cookie_ends_the_link(bench):
    root = bench.link(bench.membar, keepalive_ms=100, patient=True)
    root.link.answers_pings = False
    root.until(lambda: root.link.pings, "PING")
    root.link.put(wire.frame(wire.PONG, b"\xff" * 8))
    root.expect_bye(wire.R_MALFORMED)


@check
def bye_is_not_answered(bench):
    root = bench.fresh(bench.membar)
    root.link.put(wire.bye(wire.R_END, "that was all"))
    root.until(lambda: root.link.eof, "the end")
    equal(root.link.bye, None, "BYE")
    root = bench.link(bench.membar)
    equal(root.config(0), MEMBAR, "register 0 of the next connection")
