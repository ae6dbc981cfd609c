# SPDX-License-Identifier: MIT
"""Bytes that break the rules of sections 9 and 10, and what must follow.

Owns the list: each case is what is sent after a good HELLO, and the reason of
the BYE it must be answered with. Both ends are attacked with the same list but
for what only one of them may send.
"""

import struct
from dataclasses import dataclass

import wire
from wire import Tlp, frame, mem_read, mem_write, message

RAM = 0x10000                   # memory in a guest, for DMA


@dataclass
class Case:
    name: str
    data: bytes
    reason: int = wire.R_MALFORMED


def _tlp(name, tlp, reason=wire.R_MALFORMED):
    return Case(name, tlp.frame(), reason)


def frames():
    """Frames that are none: point 1."""
    out = [Case(f"frame type {k:#04x}", frame(k, bytes(12)))
           for k in (0, 7, 8, 0x7f, 0xff)]
    out.append(Case("frame flags", frame(wire.PING, bytes(8), flags=1)))
    lengths = {wire.HELLO: (0, 63, 513), wire.CREDIT: (0, 11, 13, 65535),
               wire.TLP: (0, 11, 4113, 65535), wire.PING: (0, 7, 9),
               wire.PONG: (0, 9, 65535), wire.BYE: (0, 1, 123, 65535)}
    for kind, sizes in lengths.items():
        out += [Case(f"frame type {kind} of {n} bytes",
                     frame(kind, bytes(min(n, 8192)), length=n))
                for n in sizes]
    return out + [
        Case("garbage after HELLO", bytes(range(64, 192)) * 8),
        Case("PONG nobody waits for", frame(wire.PONG, b"whatever")),
        Case("CREDIT that goes back", wire.credit((0, 0, 0))),
        Case("CREDIT that goes back by a half",
             wire.credit((2**31 + 70000, 2**31 + 70000, 2**31 + 70000))),
    ]


def headers(mps):
    """Point 2, whatever the kind."""
    unknown = (0x03, 0x06, 0x08, 0x0c, 0x1f, 0x22, 0x25, 0x2a, 0x38, 0x43,
               0x48, 0x50, 0x62, 0x6a, 0x80, 0x9e, 0xff)
    out = [Case(f"TLP type {k:#04x}", frame(wire.TLP, bytes([k]) + bytes(15)))
           for k in unknown]
    big = Tlp(wire.MWR, addr=RAM, data=bytes(mps + 4), first_be=15, last_be=15)
    read = mem_read(RAM, 4).pack()
    out += [
        _tlp("TD", mem_write(RAM, b"1234", td=1)),
        Case("payload longer than length",
             frame(wire.TLP, mem_write(RAM, bytes(8)).pack() + bytes(4))),
        Case("payload shorter than length",
             frame(wire.TLP, mem_write(RAM, bytes(8)).pack()[:-4])),
        Case("payload of no whole DWs",
             frame(wire.TLP, mem_write(RAM, bytes(8)).pack()[:-1])),
        Case("length 0 with no payload",
             Tlp(wire.MWR, addr=RAM, length=0, first_be=15,
                 last_be=15).frame()),
        Case("a read with payload", frame(wire.TLP, read + bytes(4))),
        Case("a 4 DW header cut to 3",
             frame(wire.TLP, mem_read(2**32, 4).pack()[:12])),
        Case("a Cpl with payload",
             frame(wire.TLP, Tlp(wire.CPL, count=4).pack() + bytes(4))),
        Case("a Msg with payload",
             frame(wire.TLP, message(wire.M_PAUSE).pack() + bytes(4))),
    ]
    if mps < 4096:
        out.append(_tlp("payload above MPS", big))
    return out


def memory():
    """Point 3."""
    def be(name, length, first, last, addr=RAM, kind=wire.MRD):
        data = bytes(4 * length) if kind & 0x40 else b""
        return _tlp(name, Tlp(kind, addr=addr, length=length, data=data,
                              first_be=first, last_be=last))

    below = Tlp(wire.MRD64, addr=RAM, length=1, first_be=15)
    out = [
        _tlp("TH in a read", mem_read(RAM, 4, th=1)),
        _tlp("TH in a write", mem_write(RAM, bytes(4), th=1)),
        _tlp("4 DW read below 4 GiB", below),
        _tlp("4 DW write below 4 GiB",
             Tlp(wire.MWR64, addr=RAM, data=bytes(4), first_be=15)),
        be("a read over 4 KiB", 2, 15, 15, RAM + 4092),
        be("a write over 4 KiB", 2, 15, 15, RAM + 4092, wire.MWR),
        be("a read of length 0 (1,024 DW) not at a page", 1024, 15, 15,
           RAM + 4),
        be("one DW with last BE", 1, 15, 15),
        be("two DW, first BE 0", 2, 0, 15),
        be("two DW, last BE 0", 2, 15, 0),
        be("two DW across a multiple of 8 with a gap", 2, 5, 15, RAM + 4),
        be("two DW across a multiple of 8, last BE not low", 2, 15, 14,
           RAM + 4),
        be("three DW, first BE 7", 3, 7, 15),
        be("three DW, last BE 8", 3, 15, 8),
        be("three DW, last BE 0", 3, 15, 0),
        be("a write of three DW with a gap", 3, 9, 15, RAM, wire.MWR),
    ]
    for kind, n in ((wire.FETCHADD, 3), (wire.SWAP, 4), (wire.CAS, 1),
                    (wire.CAS, 3)):
        out.append(_tlp(f"AtomicOp {kind:#x} of {n} DW",
                        Tlp(kind, addr=RAM, data=bytes(4 * n))))
    return out


def plain():
    """Points 4 to 6, what both may be sent."""
    out = []
    makers = (("IORd", lambda **m: wire.io_read(0x80, 4, **m)),
              ("IOWr", lambda **m: wire.io_write(0x80, bytes(4), **m)),
              ("CfgRd", lambda **m: wire.cfg_read(0x28, 0, **m)),
              ("CfgWr", lambda **m: wire.cfg_write(0x28, 4, bytes(4), **m)))
    for name, make in makers:
        out += [_tlp(f"{name} with {word}", make(**{word: 1}))
                for word in ("tc", "attr", "at")]
        two = make()
        two.length, two.data = 2, two.data * 2
        out.append(_tlp(f"{name} of two DW", two))
        last = make()
        last.last_be = 1
        out.append(_tlp(f"{name} with last BE", last))
    return out + [
        _tlp("data with a completion of status UR",
             Tlp(wire.CPLD, status=wire.UR, data=bytes(4), count=4)),
        _tlp("INTx with TC", Tlp(wire.MSG, code=wire.ASSERT_INTA, tc=1)),
        _tlp("INTx with data",
             Tlp(wire.MSGD, code=wire.ASSERT_INTA, data=bytes(4))),
        _tlp("INTx of another routing", Tlp(0x30, code=wire.ASSERT_INTA)),
    ]


def root_messages(mps):
    """Point 6, and what a root may say."""
    def say(name, *args):
        return _tlp(name, message(*args))

    ready = message(wire.M_RESET).frame()   # for a state, being paused

    def state(name, offset, total, n, b=None):
        part = message(wire.M_STATE, b=n if b is None else b,
                       data=struct.pack(">II", offset, total) + bytes(n))
        return Case(name, ready + part.frame())

    wrong = [say(f"message {n:#x} from the root", n, 0, 0, bytes(size))
             for n, size in ((wire.M_WINDOW, 16), (wire.M_LINE, 0),
                             (wire.M_PAUSED, 8), (wire.M_LOADED, 0))]
    out = wrong + [
        say("LOG from the root", wire.M_LOG, 0, 4, b"text"),
        say("RUN without a clock", wire.M_RUN),
        say("RUN with half a clock", wire.M_RUN, 0, 0, bytes(4)),
        say("PAUSE with a payload", wire.M_PAUSE, 0, 0, bytes(4)),
        say("RESET of kind 2", wire.M_RESET, 2),
        say("SAVE with a payload", wire.M_SAVE, 0, 0, bytes(8)),
        state("STATE that begins at 4", 4, 64, 16),
        state("STATE past its total", 0, 8, 16),
        state("STATE of more bytes than its payload", 0, 64, 16, 64),
        state("STATE above 64 MiB", 0, wire.STATE_LIMIT + 1, 16),
        state("STATE of 4 GiB", 0, 2**32 - 1, 16),
        state("STATE at 4 GiB", 2**32 - 1, 2**32 - 1, 16),
        state("STATE without a byte", 0, 64, 0),
        state("STATE of nothing", 0, 0, 0),
        Case("STATE without a head",
             ready + message(wire.M_STATE).frame()),
        _tlp("poisoned message",
             Tlp(wire.MSG, code=wire.VENDOR, vendor=wire.OUR_ID,
                 number=wire.M_PAUSE, ep=1)),
    ]
    first = state("", 0, 64, 16).data
    gap = first + state("", 32, 64, 16).data[len(ready):]
    other = first + state("", 16, 65, 16).data[len(ready):]
    out += [Case("STATE with a gap", gap),
            Case("STATE whose total changes", other)]
    if mps < 4096:
        out.append(state("STATE above MPS", 0, mps, mps))
    return out


def peer_messages(mps):
    """Point 6, and what a peer may say."""
    mapped = wire.W_MAPPED | wire.W_MEMORY

    def say(name, *args):
        return _tlp(name, message(*args))

    return [
        say("WINDOW of 8 bytes", wire.M_WINDOW, mapped, 0, bytes(8)),
        say("WINDOW of nothing", wire.M_WINDOW, mapped, 0),
        _tlp("WINDOW of index 256",
             wire.window(256, 0xfe000000, 4096, mapped)),
        _tlp("WINDOW of size 0", wire.window(0, 0xfe000000, 0, mapped)),
        _tlp("WINDOW past the end of memory",
             wire.window(0, 2**64 - 4096, 8192, mapped)),
        _tlp("WINDOW past the last port",
             wire.window(2, 0xfff0, 0x20, wire.W_MAPPED)),
        _tlp("WINDOW of ports at 4 GiB",
             wire.window(2, 2**32, 0x10, wire.W_MAPPED)),
        say("LINE of level 2", wire.M_LINE, 2, 5),
        say("LINE of interrupt 16", wire.M_LINE, 1, 16),
        say("LINE with a payload", wire.M_LINE, 1, 5, bytes(4)),
        say("PAUSED without a clock", wire.M_PAUSED),
        say("LOADED 5", wire.M_LOADED, 5),
        say("LOG of level 4", wire.M_LOG, 4, 4, b"text"),
        say("LOG of no text", wire.M_LOG, 0, 0),
        say("LOG of 257 bytes", wire.M_LOG, 0, 257, bytes(260)),
        say("LOG of more than its payload", wire.M_LOG, 0, 64, b"text"),
        say("LOG of less than its payload", wire.M_LOG, 0, 1, bytes(8)),
        say("RUN from the peer", wire.M_RUN, 0, 0, bytes(8)),
        say("PAUSE from the peer", wire.M_PAUSE),
        say("RESET from the peer", wire.M_RESET, 0),
        say("SAVE from the peer", wire.M_SAVE),
        say("STATE that begins at 4", wire.M_STATE, 0, 4,
            struct.pack(">II", 4, 64) + bytes(4)),
        say("STATE above 64 MiB", wire.M_STATE, 0, 4,
            struct.pack(">II", 0, wire.STATE_LIMIT + 1) + bytes(4)),
        _tlp("poisoned message",
             Tlp(wire.MSG, code=wire.ASSERT_INTA, ep=1)),
    ]


def malformed(role, mps):
    """All of it for an attacker that is `role`."""
    mine = root_messages if role == wire.ROOT else peer_messages
    return (frames() + [Case("HELLO again", None)] + headers(mps) + memory() +
            plain() + mine(mps))


def hellos(role):
    """HELLOs that must be refused, and why."""
    def bad(**more):
        base = {"role": role, "kind": 1, "functions": 1} \
            if role == wire.PEER else {"role": role}
        hello = wire.Hello(**{**base, **more})
        return frame(wire.HELLO, hello.pack())

    refused = [
        ("magic", {"magic": b"IOEN"}), ("role 0", {"role": 0}),
        ("role 3", {"role": 3}),
        ("the same role", {"role": 3 - role, "kind": 2 - role % 2,
                           "functions": 2 - role}),
        ("kind 3", {"kind": 3}), ("max_payload 0", {"max_payload": 0}),
        ("max_payload 192", {"max_payload": 192}),
        ("max_payload 8192", {"max_payload": 8192}),
        ("max_read_request 64", {"max_read": 64}),
        ("np_hdr 0", {"np_hdr": 0}), ("np_hdr 1025", {"np_hdr": 1025}),
        ("posted_hdr 0", {"posted_hdr": 0}),
        ("posted_data below max_payload", {"posted_data": 255}),
        ("rcb 32", {"rcb": 32}), ("keepalive_ms 99", {"keepalive_ms": 99}),
        ("instance 0", {"instance": 0}),
        ("an option cut short", {"options": b"\x01"}),
        ("an option that runs over the end", {"options": b"\x01\x05abc"}),
    ]
    if role == wire.PEER:
        refused += [("no function 0", {"functions": 2}),
                    ("no functions", {"functions": 0}),
                    ("functions of kind 2", {"kind": 2, "functions": 1})]
    else:
        refused.append(("a root with a kind", {"kind": 1, "functions": 1}))
    out = [Case("HELLO: " + name, bad(**more), wire.R_HELLO)
           for name, more in refused]
    out += [Case(f"HELLO: major version {v}", bad(major=v), wire.R_VERSION)
            for v in (0, 2)]
    return out + [
        Case("no HELLO first but PING", frame(wire.PING, bytes(8))),
        Case("no HELLO first but a TLP", mem_read(RAM, 4).frame()),
        Case("garbage instead of HELLO", b"GET / HTTP/1.1\r\n\r\n" * 8),
    ]
