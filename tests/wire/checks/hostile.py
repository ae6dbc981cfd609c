# SPDX-License-Identifier: MIT
"""Bytes that break the rules of section 9, and what must follow.

Owns the list: each case is what is sent after a good HELLO, and the check of
section 9 that it breaks, which says the reason of the BYE it must be answered
with. Both ends are attacked with the same list but for what only one of them
may send.
"""

import struct
from dataclasses import dataclass

import tables
import wire
from wire import Tlp, frame, mem_read, mem_write, message

RAM = 0x10000                   # memory in a guest, for DMA


OUTCOME = {row["check"]: row["else"] for row in tables.CHECKS}


@dataclass
class Case:
    check: str
    name: str
    data: bytes

    def reason(self):
        """Of the BYE, as the table says."""
        word, number = OUTCOME[self.check].split()
        assert word == "close"
        return int(number)


def _tlp(check, name, tlp):
    return Case(check, name, tlp.frame())


def frames():
    """Frames that are none: point 1."""
    out = [Case("1.1", f"frame type {k:#04x}", frame(k, bytes(12)))
           for k in (0, 8, 0x7f, 0xff)]
    out.append(Case("1.2", "frame flags", frame(wire.PING, bytes(8), flags=1)))
    for kind, ranges in wire.BOUNDS.items():
        wrong = [n for n in tables.edges(ranges, 16) + [65535]
                 if not tables.accepts(ranges, n)]
        out += [Case("1.3", f"frame type {kind} of {n} bytes",
                     frame(kind, bytes(min(n, 8192)), length=n))
                for n in wrong]
    return out + [
        Case("1.2", "garbage after HELLO", bytes(range(64, 192)) * 8),
        Case("1.9", "PONG nobody waits for", frame(wire.PONG, b"whatever")),
        Case("1.8", "CREDIT that goes back", wire.credit((0, 0, 0))),
        Case("1.8", "CREDIT that goes back by a half",
             wire.credit((2**31 + 70000, 2**31 + 70000, 2**31 + 70000))),
    ]


def headers(mps):
    """Point 2, whatever the kind."""
    unknown = (0x03, 0x06, 0x08, 0x0c, 0x1f, 0x22, 0x25, 0x2a, 0x38, 0x43,
               0x48, 0x50, 0x62, 0x6a, 0x80, 0x9e, 0xff)
    out = [Case("2.1", f"TLP type {k:#04x}",
                frame(wire.TLP, bytes([k]) + bytes(15)))
           for k in unknown]
    big = Tlp(wire.MWR, addr=RAM, data=bytes(mps + 4), first_be=15, last_be=15)
    read = mem_read(RAM, 4).pack()
    out += [
        _tlp("2.3", "TD", mem_write(RAM, b"1234", td=1)),
        Case("2.4", "payload longer than length",
             frame(wire.TLP, mem_write(RAM, bytes(8)).pack() + bytes(4))),
        Case("2.4", "payload shorter than length",
             frame(wire.TLP, mem_write(RAM, bytes(8)).pack()[:-4])),
        Case("2.4", "payload of no whole DWs",
             frame(wire.TLP, mem_write(RAM, bytes(8)).pack()[:-1])),
        Case("2.4", "length 0 with no payload",
             Tlp(wire.MWR, addr=RAM, length=0, first_be=15,
                 last_be=15).frame()),
        Case("2.4", "a read with payload", frame(wire.TLP, read + bytes(4))),
        Case("2.2", "a 4 DW header cut to 3",
             frame(wire.TLP, mem_read(2**32, 4).pack()[:12])),
        Case("2.4", "a Cpl with payload",
             frame(wire.TLP, Tlp(wire.CPL, count=4).pack() + bytes(4))),
        Case("2.4", "a Msg with payload",
             frame(wire.TLP, message(wire.M_PAUSE).pack() + bytes(4))),
    ]
    if mps < 4096:
        out.append(_tlp("2.5", "payload above MPS", big))
    return out


def memory():
    """Point 3."""
    def be(name, length, first, last, addr=RAM, kind=wire.MRD,
           check="3.4"):
        data = bytes(4 * length) if kind & 0x40 else b""
        return _tlp(check, name, Tlp(kind, addr=addr, length=length, data=data,
                                     first_be=first, last_be=last))

    below = Tlp(wire.MRD64, addr=RAM, length=1, first_be=15)
    out = [
        _tlp("3.1", "TH in a read", mem_read(RAM, 4, th=1)),
        _tlp("3.1", "TH in a write", mem_write(RAM, bytes(4), th=1)),
        _tlp("3.2", "4 DW read below 4 GiB", below),
        _tlp("3.2", "4 DW write below 4 GiB",
             Tlp(wire.MWR64, addr=RAM, data=bytes(4), first_be=15)),
        be("a read over 4 KiB", 2, 15, 15, RAM + 4092, check="3.3"),
        be("a write over 4 KiB", 2, 15, 15, RAM + 4092, wire.MWR, "3.3"),
        be("a read of length 0 (1,024 DW) not at a page", 1024, 15, 15,
           RAM + 4, check="3.3"),
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
        out.append(_tlp("3.5", f"AtomicOp {kind:#x} of {n} DW",
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
        out += [_tlp("4.1", f"{name} with {word}", make(**{word: 1}))
                for word in ("tc", "attr", "at")]
        two = make()
        two.length, two.data = 2, two.data * 2
        out.append(_tlp("4.2", f"{name} of two DW", two))
        last = make()
        last.last_be = 1
        out.append(_tlp("4.3", f"{name} with last BE", last))
    return out + [
        _tlp("5.1", "data with a completion of status UR",
             Tlp(wire.CPLD, status=wire.UR, data=bytes(4), count=4)),
        _tlp("6.2", "INTx with TC",
             Tlp(wire.MSG, code=wire.ASSERT_INTA, tc=1)),
        _tlp("6.2", "INTx with data",
             Tlp(wire.MSGD, code=wire.ASSERT_INTA, data=bytes(4))),
        _tlp("6.2", "INTx of another routing",
             Tlp(0x30, code=wire.ASSERT_INTA)),
    ]


def good(row):
    """A message that breaks nothing, but for when it comes."""
    words = {word: row[word]["values"][0][0] for word in ("a", "b")
             if word in row}
    size = row["payload"] + (words["b"] if row.get("plus_b") else 0)
    return message(row["number"], **words, data=bytes(size))


def shapes(side):
    """What the table of section 7 forbids in the messages of a side."""
    out = []
    for row in tables.MESSAGES:
        name, tlp = row["name"], good(row)
        if row["from"] not in (side, "both"):
            out.append(_tlp("6.3", f"{name} from the {side}", tlp))
            continue
        for n in {0, 4, len(tlp.data) + 4} - {len(tlp.data)}:
            out.append(_tlp("6.4", f"{name} with {n} bytes of payload",
                            message(row["number"], tlp.a, tlp.b, bytes(n))))
        for word, bits in (("a", 8), ("b", 16)):
            ranges = row.get(word, {}).get("values", [[0, None]])
            for v in tables.edges(ranges, bits) + [2**bits - 1]:
                if tables.accepts(ranges, v):
                    continue
                bad = good(row)
                setattr(bad, word, v)
                if row.get("plus_b"):
                    bad.data = bytes((min(v, 264) + 3) // 4 * 4)
                    bad.kind = wire.MSGD if bad.data else wire.MSG
                out.append(_tlp("6.5", f"{name} with {word} = {v}", bad))
    return out


READY = message(wire.M_RESET).frame()   # for a state, being paused


def state(name, offset, total, n, b=None, check="6.8"):
    part = message(wire.M_STATE, b=n if b is None else b,
                   data=struct.pack(">II", offset, total) + bytes(n))
    return Case(check, name, READY + part.frame())


def states_of_a_root(mps):
    out = [
        state("STATE that begins at 4", 4, 64, 16),
        state("STATE past its total", 0, 8, 16),
        state("STATE of more bytes than its payload", 0, 64, 16, 64),
        state("STATE above 64 MiB", 0, wire.STATE_LIMIT + 1, 16),
        state("STATE of 4 GiB", 0, 2**32 - 1, 16),
        state("STATE at 4 GiB", 2**32 - 1, 2**32 - 1, 16),
        state("STATE without a byte", 0, 64, 0),
        state("STATE of nothing", 0, 0, 0),
        Case("6.8", "STATE without a head",
             READY + message(wire.M_STATE).frame()),
    ]
    first = state("", 0, 64, 16).data
    out += [Case("6.8", "STATE with a gap",
                 first + state("", 32, 64, 16).data[len(READY):]),
            Case("6.8", "STATE whose total changes",
                 first + state("", 16, 65, 16).data[len(READY):]),
            Case("6.7", "STATE without RESET", first[len(READY):])]
    if mps < 4096:
        out.append(state("STATE above MPS", 0, mps, mps, check="2.5"))
    return out


def root_messages(mps):
    """Point 6, and what a root may say."""
    return shapes("root") + states_of_a_root(mps) + [
        _tlp("6.1", "poisoned message",
             Tlp(wire.MSG, code=wire.VENDOR, vendor=wire.OUR_ID,
                 number=wire.M_PAUSE, ep=1))]


def peer_messages(_mps):
    """Point 6, and what a peer may say."""
    mapped = wire.W_MAPPED | wire.W_MEMORY

    def say(check, name, *args):
        return _tlp(check, name, message(*args))

    return shapes("peer") + [
        _tlp("6.6", "WINDOW of size 0", wire.window(0, 0xfe000000, 0, mapped)),
        _tlp("6.6", "WINDOW past the end of memory",
             wire.window(0, 2**64 - 4096, 8192, mapped)),
        _tlp("6.6", "WINDOW past the last port",
             wire.window(2, 0xfff0, 0x20, wire.W_MAPPED)),
        _tlp("6.6", "WINDOW of ports at 4 GiB",
             wire.window(2, 2**32, 0x10, wire.W_MAPPED)),
        say("6.9", "PAUSED without PAUSE", wire.M_PAUSED, 0, 0, bytes(8)),
        say("6.9", "LOADED without STATE", wire.M_LOADED),
        say("6.7", "STATE without SAVE", wire.M_STATE, 0, 4,
            struct.pack(">II", 0, 4) + bytes(4)),
        say("6.7", "STATE without SAVE that begins at 4", wire.M_STATE, 0, 4,
            struct.pack(">II", 4, 64) + bytes(4)),
        _tlp("6.1", "poisoned message",
             Tlp(wire.MSG, code=wire.ASSERT_INTA, ep=1)),
    ]


def malformed(role, mps):
    """All of it for an attacker that is `role`."""
    mine = root_messages if role == wire.ROOT else peer_messages
    return (frames() + [Case("1.5", "HELLO again", None)] + headers(mps) +
            memory() + plain() + mine(mps))


def hellos(role):
    """What comes instead of a good HELLO."""
    base = {"role": role, "kind": 1, "functions": 1} \
        if role == wire.PEER else {"role": role}

    def bad(name, check="1.7", **more):
        hello = wire.Hello(**{**base, **more})
        return Case(check, "HELLO: " + name,
                    frame(wire.HELLO, hello.pack()))

    out = []
    for row in tables.HELLO:
        if "values" not in row:
            continue
        at, size, name = row["offset"], row["size"], row["field"]
        check = "1.6" if name == "major" else "1.7"
        for v in tables.edges(row["values"], min(8 * size, 64)):
            if tables.accepts(row["values"], v):
                continue
            body = bytearray(wire.Hello(**base).pack())
            body[at:at + size] = v.to_bytes(size, "big")
            out.append(Case(check, f"HELLO: {name} {v}",
                            frame(wire.HELLO, bytes(body))))
    out += [
        bad("the same role", role=3 - role, kind=2 - role % 2,
            functions=2 - role),
        bad("posted_data below max_payload", posted_data=255),
        bad("max_payload 192", max_payload=192),
        bad("keepalive_ms 1", keepalive_ms=1),
        bad("an option cut short", options=b"\x01"),
        bad("an option that runs over the end", options=b"\x01\x05abc"),
    ]
    if role == wire.PEER:
        out += [bad("no function 0", functions=2),
                bad("no functions", functions=0),
                bad("functions of kind 2", kind=2, functions=1)]
    else:
        out.append(bad("a root with a kind", kind=1, functions=1))
    return out + [
        Case("1.4", "no HELLO first but PING", frame(wire.PING, bytes(8))),
        Case("1.4", "no HELLO first but a TLP", mem_read(RAM, 4).frame()),
        Case("1.1", "garbage instead of HELLO", b"GET / HTTP/1.1\r\n\r\n" * 8),
    ]


# Shown by checks of their own: their names.
ELSEWHERE = {
    "1.10": "ring_is_said_once",
    "7.1": "requests_beyond_credit_end_a_link_that_is_not_read",
    "8.1": "completions_that_do_not_fit_are_dropped_and_it_waits_on",
    "8.2": "completions_that_do_not_fit_are_dropped_and_it_waits_on",
    "8.3": "completions_that_do_not_fit_are_dropped_and_it_waits_on",
}


def unproven():
    """Checks of section 9 that no case breaks."""
    cases = [malformed(role, 512) + hellos(role)
             for role in (wire.ROOT, wire.PEER)]
    broken = {case.check for side in cases for case in side}
    return sorted(set(OUTCOME) - broken - set(ELSEWHERE))
