# SPDX-License-Identifier: MIT
"""The bytes of the wire: frames, HELLO, TLPs and messages, both ways.

Written from plugins-sdk/doc/wire.md alone; section numbers are that
document's, what its tables say comes from tables.py. Owns what a correct packet
is (section 9, points 1 to 6). Knows nothing of sockets, credits, open requests
or devices.
"""

import struct
from dataclasses import dataclass, field

import tables

# Frame types, section 1
HELLO, CREDIT, TLP, PING, PONG, BYE, RING = (
    tables.number(tables.FRAMES, name, "type")
    for name in ("HELLO", "CREDIT", "TLP", "PING", "PONG", "BYE", "RING"))
BOUNDS = {row["type"]: row["length"] for row in tables.FRAMES}

# Reasons of BYE, section 8
(R_END, R_VERSION, R_HELLO, R_MALFORMED, R_CREDIT, R_UNEXPECTED, R_SILENCE,
 R_PLACE, R_FAILURE) = (row["reason"] for row in tables.REASONS)

ROOT, PEER = 1, 2
KIND_PCI, KIND_WINDOWS = 1, 2
CAP_STATE, CAP_RING, CAP_WINDOWS, CAP_AGAIN = (
    1 << tables.number(tables.CAPABILITIES, name, "bit")
    for name in ("state", "rings", "windows", "again"))

# Byte 0 of a TLP, section 4
MRD, MRD64, MWR, MWR64 = 0x00, 0x20, 0x40, 0x60
IORD, IOWR, CFGRD0, CFGWR0, CFGRD1, CFGWR1 = 0x02, 0x42, 4, 0x44, 5, 0x45
CPL, CPLD, CPLLK, CPLDLK, MSG, MSGD = 0x0a, 0x4a, 0x0b, 0x4b, 0x34, 0x74
MRDLK, MRDLK64 = 0x01, 0x21
FETCHADD, SWAP, CAS = 0x4c, 0x4d, 0x4e
MEMORY = {MRD, MRD64, MWR, MWR64, MRDLK, MRDLK64}
ATOMICS = {op | size for op in (FETCHADD, SWAP, CAS) for size in (0, 0x20)}
IO = {IORD, IOWR}
CONFIG = {CFGRD0, CFGWR0, CFGRD1, CFGWR1}
COMPLETIONS = {CPL, CPLD, CPLLK, CPLDLK}
MESSAGES = set(range(0x30, 0x38)) | set(range(0x70, 0x78))
KNOWN = MEMORY | ATOMICS | IO | CONFIG | COMPLETIONS | MESSAGES

SC, UR, CRS, CA = 0, 1, 2, 4

# Message codes, and the numbers of our own messages, section 7
ASSERT_INTA, DEASSERT_INTA = (
    tables.number(tables.INTX, name, "code")
    for name in ("Assert_INTA", "Deassert_INTA"))
INTX = {row["code"] for row in tables.INTX}
VENDOR, OUR_ID = 0x7f, 0xffff
(M_WINDOW, M_LINE, M_PAUSED, M_LOADED, M_LOG, M_STATE, M_RUN, M_PAUSE, M_RESET,
 M_SAVE) = (
    tables.number(tables.MESSAGES, name, "number")
    for name in ("WINDOW", "LINE", "PAUSED", "LOADED", "LOG", "STATE", "RUN",
                 "PAUSE", "RESET", "SAVE"))
OURS = {row["number"]: row for row in tables.MESSAGES}
FROM_PEER, FROM_ROOT = (
    {n for n, row in OURS.items() if row["from"] in (side, "both")}
    for side in ("peer", "root"))
W_MAPPED, W_MEMORY, W_PREFETCH, W_RO, W_WO, W_NONPOSTED = (
    1 << tables.number(tables.FLAGS, name, "bit")
    for name in ("mapped", "memory", "prefetchable", "read-only", "write-only",
                 "non-posted writes"))
STATE_LIMIT = 64 << 20


class WireError(Exception):
    """The other side broke the rules: the BYE reason, and the field."""

    def __init__(self, reason, text):
        super().__init__(f"reason {reason}: {text}")
        self.reason = reason
        self.text = text


def malformed(text):
    return WireError(R_MALFORMED, text)


def need(condition, text):
    if not condition:
        raise malformed(text)


# ---- frames -------------------------------------------------------------


def frame(kind, body=b"", flags=0, length=None):
    """A frame; a wrong length or flags for those who want to be wrong."""
    return struct.pack(">BBH", kind, flags,
                       len(body) if length is None else length) + body


def frame_size(head):
    """Size of the frame that begins with these 4 bytes (9, point 1)."""
    kind, flags, length = struct.unpack(">BBH", head[:4])
    need(kind in BOUNDS, f"frame type {kind:#x}")
    need(flags == 0, "frame flags")
    need(tables.accepts(BOUNDS[kind], length),
         f"frame length {length} of type {kind}")
    return 4 + length


def credit(counters):
    return frame(CREDIT, struct.pack(">III", *(c % 2**32 for c in counters)))


def bye(reason, text=""):
    return frame(BYE, struct.pack(">H", reason) + text.encode()[:120])


# ---- HELLO --------------------------------------------------------------


# pylint: disable=too-many-instance-attributes
@dataclass
class Hello:
    """Section 2; the defaults are good for a test's root."""

    role: int = ROOT
    kind: int = 0
    max_payload: int = 4096
    max_read: int = 4096
    np_hdr: int = 32
    posted_hdr: int = 64
    posted_data: int = 1024
    rcb: int = 64
    keepalive_ms: int = 0
    functions: int = 0
    instance: int = 0x0102030405060708
    capabilities: int = 0
    name: bytes = b""
    major: int = tables.VERSION[0]
    minor: int = tables.VERSION[1]
    magic: bytes = b"IOEM"
    options: bytes = b""

    LAYOUT = ">4sBBBBHHHHHHHBxQI24s4x"

    def pack(self):
        return struct.pack(
            self.LAYOUT, self.magic, self.major, self.minor, self.role,
            self.kind, self.max_payload, self.max_read, self.np_hdr,
            self.posted_hdr, self.posted_data, self.rcb, self.keepalive_ms,
            self.functions, self.instance, self.capabilities,
            self.name) + self.options

    @classmethod
    def unpack(cls, body):
        v = struct.unpack(cls.LAYOUT, body[:64])
        return cls(magic=v[0], major=v[1], minor=v[2], role=v[3], kind=v[4],
                   max_payload=v[5], max_read=v[6], np_hdr=v[7],
                   posted_hdr=v[8], posted_data=v[9], rcb=v[10],
                   keepalive_ms=v[11], functions=v[12], instance=v[13],
                   capabilities=v[14], name=v[15].rstrip(b"\0"),
                   options=body[64:])

    def check(self, my_role):
        """Raise unless this side can live with it."""
        for row in tables.HELLO:
            if "values" not in row:
                continue
            at, name = row["offset"], row["field"]
            value = int.from_bytes(self.pack()[at:at + row["size"]], "big")
            if not tables.accepts(row["values"], value):
                raise WireError(R_VERSION if name == "major" else R_HELLO,
                                f"{name} {value}")
        peer = self.role == PEER
        rules = (
            ("role", self.role != my_role),
            ("kind", self.kind in ((1, 2) if peer else (0,))),
            ("posted_data", self.posted_data >= self.max_payload // 16),
            ("functions", self.functions & 1 if self.kind == KIND_PCI
             else self.functions == 0),
            ("options", self._options_fit()),
        )
        for name, good in rules:
            if not good:
                raise WireError(R_HELLO, name)

    def _options_fit(self):
        at = 0
        while at < len(self.options):
            if at + 2 > len(self.options):
                return False
            at += 2 + self.options[at + 1]
        return at == len(self.options)


# ---- TLPs ---------------------------------------------------------------


# pylint: disable=too-many-instance-attributes
@dataclass
class Tlp:
    """One packet. Fields that its kind has not are 0."""

    kind: int                   # byte 0
    data: bytes = b""
    length: int = None          # DWs; None: what data has
    tag: int = 0
    tc: int = 0
    attr: int = 0               # IDO 4, RO 2, NS 1
    th: int = 0
    td: int = 0
    ep: int = 0
    at: int = 0
    rid: int = 0                # requester
    first_be: int = 0
    last_be: int = 0
    addr: int = 0               # memory, I/O: 31:2 or 63:2; configuration:
                                # the register
    target: int = 0             # configuration
    cid: int = 0                # completer
    status: int = 0
    count: int = 0              # byte count, 1 to 4096
    lower: int = 0
    code: int = 0               # messages
    vendor: int = 0
    number: int = 0
    a: int = 0
    b: int = 0

    def dws(self):
        if self.length is not None:
            return self.length
        return len(self.data) // 4

    def posted(self):
        return self.kind in (MWR, MWR64) or self.kind in MESSAGES

    def completion(self):
        return self.kind in COMPLETIONS

    def ours(self):
        """One of section 7?"""
        return (self.kind in (MSG, MSGD) and self.code == VENDOR and
                self.vendor == OUR_ID)

    # -- to bytes

    def _dw0(self):
        return (self.kind << 24 | (self.tag >> 9 & 1) << 23 | self.tc << 20 |
                (self.tag >> 8 & 1) << 19 | (self.attr >> 2 & 1) << 18 |
                self.th << 16 | self.td << 15 | self.ep << 14 |
                (self.attr & 3) << 12 | self.at << 10 | self.dws() % 1024)

    def _rest(self):
        tag = self.tag & 0xff
        if self.kind in COMPLETIONS:
            return [self.cid << 16 | self.status << 13 | self.count % 4096,
                    self.rid << 16 | tag << 8 | self.lower]
        if self.kind in MESSAGES:
            return [self.rid << 16 | tag << 8 | self.code, self.vendor,
                    self.number << 24 | self.a << 16 | self.b]
        dw1 = (self.rid << 16 | tag << 8 | self.last_be << 4 | self.first_be)
        if self.kind in CONFIG:
            return [dw1, self.target << 16 | self.addr]
        if self.kind & 0x20:
            return [dw1, self.addr >> 32, self.addr & 0xffffffff]
        return [dw1, self.addr]

    def pack(self):
        words = [self._dw0()] + self._rest()
        return struct.pack(f">{len(words)}I", *words) + self.data

    def frame(self):
        return frame(TLP, self.pack())

    # -- from bytes

    @classmethod
    def unpack(cls, body, mps):
        """Points 2 to 6 of section 9 but for the order of STATE."""
        dw0 = struct.unpack(">I", body[:4])[0]
        t = cls(kind=dw0 >> 24, tc=dw0 >> 20 & 7,
                attr=(dw0 >> 18 & 1) << 2 | dw0 >> 12 & 3,
                th=dw0 >> 16 & 1, td=dw0 >> 15 & 1, ep=dw0 >> 14 & 1,
                at=dw0 >> 10 & 3, length=dw0 & 0x3ff)
        need(t.kind in KNOWN, f"TLP type {t.kind:#04x}")
        head = 16 if t.kind & 0x20 else 12
        need(len(body) >= head, "TLP header")
        need(not t.td, "TD")
        t.tag = ((dw0 >> 23 & 1) << 9 | (dw0 >> 19 & 1) << 8 |
                 body[10 if t.kind in COMPLETIONS else 6])
        t.data = bytes(body[head:])
        t._fields(struct.unpack(f">{head // 4}I", body[:head]))
        t._length()
        need(len(t.data) <= mps, "payload above MPS")
        t._check()
        return t

    def _fields(self, dw):
        self.rid = dw[1] >> 16
        if self.kind in COMPLETIONS:
            self.cid, self.rid = dw[1] >> 16, dw[2] >> 16
            self.status, self.count = dw[1] >> 13 & 7, dw[1] & 0xfff or 4096
            self.lower = dw[2] & 0x7f
            return
        if self.kind in MESSAGES:
            self.code = dw[1] & 0xff
            if self.code == VENDOR:
                self.vendor, self.number = dw[2] & 0xffff, dw[3] >> 24
                self.a, self.b = dw[3] >> 16 & 0xff, dw[3] & 0xffff
            return
        self.first_be, self.last_be = dw[1] & 15, dw[1] >> 4 & 15
        if self.kind in CONFIG:
            self.target, self.addr = dw[2] >> 16, dw[2] & 0xffc
        elif self.kind & 0x20:
            self.addr = dw[2] << 32 | dw[3] & ~3
        else:
            self.addr = dw[2] & ~3

    def _length(self):
        if self.kind in (MSG, CPL, CPLLK) or self.kind in range(0x30, 0x38):
            self.length = 0     # reserved there
        elif self.length == 0:
            self.length = 1024
        payload = 4 * self.length if self.kind & 0x40 else 0
        need(len(self.data) == payload, "payload and length differ")

    def _check(self):
        if self.kind in MEMORY or self.kind in ATOMICS:
            self._check_memory()
        elif self.kind in IO or self.kind in CONFIG:
            need(self.tc == 0 and self.attr == 0 and self.at == 0,
                 "TC, attributes or AT of I/O or configuration")
            need(self.length == 1, "length of I/O or configuration")
            need(self.last_be == 0, "last BE of I/O or configuration")
        elif self.kind in (CPLD, CPLDLK):
            need(self.status == SC, "data with an error")
        elif self.kind in MESSAGES and self.code in INTX:
            need(self.tc == 0 and self.kind == MSG, "INTx message")
        if self.kind in MESSAGES:
            need(not self.ep, "poisoned message")
        if self.ours():
            self._check_ours()

    def _check_memory(self):
        need(not self.th, "TH")
        need(not self.kind & 0x20 or self.addr >> 32, "4 DW below 4 GiB")
        if self.kind in ATOMICS:
            sizes = (2, 4) if self.kind & ~0x20 == CAS else (1, 2)
            need(self.length in sizes, "operand length")
            return
        need(self.addr % 4096 + 4 * self.length <= 4096, "crosses 4 KiB")
        first, last = self.first_be, self.last_be
        if self.length == 1:
            need(last == 0, "last BE")
        elif self.length == 2 and self.addr % 8 == 0:
            need(first and last, "byte enables")
        else:
            need(first in (8, 12, 14, 15) and last in (1, 3, 7, 15),
                 "byte enables")

    def _check_ours(self):
        row = OURS.get(self.number)
        if row is None:
            return
        size = row["payload"] + (self.b if row.get("plus_b") else 0)
        need(len(self.data) == (size + 3) // 4 * 4,
             f"payload of {row['name']}")
        for word in ("a", "b"):
            value = getattr(self, word)
            need(tables.accepts(row[word]["values"], value)
                 if word in row else value == 0, f"{word} of {row['name']}")
        if self.number == M_WINDOW:
            self._check_window()

    def _check_window(self):
        base, size = struct.unpack(">QQ", self.data)
        if not self.a & W_MAPPED:
            need(base == 0 and size == 0, "unmapped window")
            return
        end = 2**64 if self.a & W_MEMORY else 65536
        need(size and base + size <= end, "window range")


# ---- making TLPs --------------------------------------------------------


def enables(addr, n):
    """Length, first and last BE of bytes [addr, addr + n), section 4."""
    length = (addr % 4 + n + 3) // 4
    first = 15 << addr % 4 & 15
    last = 15 >> (3 - (addr + n - 1) % 4)
    if length == 1:
        return 1, first & last, 0
    return length, first, last


def _memory(kind, addr, n, **more):
    length, first, last = enables(addr, n)
    return Tlp(kind=kind | (0x20 if addr >> 32 else 0), addr=addr & ~3,
               length=length, first_be=first, last_be=last, **more)


def mem_read(addr, n, **more):
    return _memory(MRD, addr, n, **more)


def flush(addr, **more):
    return Tlp(kind=MRD | (0x20 if addr >> 32 else 0), addr=addr & ~3,
               length=1, **more)


def padded(addr, data):
    data = bytes(addr % 4) + data
    return data + bytes(-len(data) % 4)


def mem_write(addr, data, **more):
    return _memory(MWR, addr, len(data), data=padded(addr, data), **more)


def io_read(port, n, **more):
    return Tlp(kind=IORD, addr=port & ~3, length=1,
               first_be=enables(port, n)[1], **more)


def io_write(port, data, **more):
    return Tlp(kind=IOWR, addr=port & ~3, data=padded(port, data),
               first_be=enables(port, len(data))[1], **more)


def cfg_read(target, reg, n=4, **more):
    return Tlp(kind=CFGRD0, target=target, addr=reg & ~3, length=1,
               first_be=enables(reg, n)[1], **more)


def cfg_write(target, reg, data, **more):
    return Tlp(kind=CFGWR0, target=target, addr=reg & ~3,
               data=padded(reg, data), first_be=enables(reg, len(data))[1],
               **more)


def intx(pin, level, rid=0):
    return Tlp(kind=MSG, code=(ASSERT_INTA if level else DEASSERT_INTA) + pin,
               rid=rid)


def message(number, a=0, b=0, data=b"", rid=0):
    data = data + bytes(-len(data) % 4)
    return Tlp(kind=MSGD if data else MSG, code=VENDOR, vendor=OUR_ID,
               number=number, a=a, b=b, data=data, rid=rid)


def window(index, base, size, flags, rid=0):
    return message(M_WINDOW, flags, index, struct.pack(">QQ", base, size), rid)


def run(ns=0):
    return message(M_RUN, data=struct.pack(">Q", ns))


def log(text, level=2, rid=0):
    data = text.encode()[:256]
    return message(M_LOG, level, len(data), data, rid)


def states(blob, mps):
    """The STATE messages that carry a state, in order."""
    step = mps - 8
    out = []
    for at in range(0, len(blob), step):
        part = blob[at:at + step]
        out.append(message(M_STATE, b=len(part),
                           data=struct.pack(">II", at, len(blob)) + part))
    return out or [message(M_STATE, data=bytes(8))]


# ---- what a request asks, and its answers -------------------------------


def span(req):
    """Address of the first byte a read wants, and bytes to the last."""
    base, length = req.addr, req.dws()
    if length == 1 and not req.first_be:
        return base, 1          # a flush
    low = (req.first_be & -req.first_be).bit_length() - 1
    last = req.last_be if length > 1 else req.first_be
    return base + low, 4 * (length - 1) + last.bit_length() - low


def answer(req, status=SC, data=b"", cid=0):
    """The one completion of anything but a memory read of status SC."""
    mem = req.kind in (MRD, MRD64, MRDLK, MRDLK64) and status != SC
    start, count = span(req) if mem else (0, 4)
    if req.kind in ATOMICS:
        count = len(req.data) // (2 if req.kind & ~0x20 == CAS else 1)
    return Tlp(kind=CPLD if data else CPL, status=status, data=data,
               rid=req.rid, tag=req.tag, tc=req.tc, attr=req.attr, cid=cid,
               count=count, lower=start & 0x7f if mem else 0)


@dataclass
class Part:
    """Bytes [start, start + size) of a read that has `left` to come."""

    start: int
    size: int
    left: int
    dws: int = field(init=False)

    def __post_init__(self):
        self.dws = (self.start % 4 + self.size + 3) // 4


def split(req, mps, rcb, limit=None):
    """Parts of a read's answer, as large as may be but for `limit`."""
    at, left = span(req)
    most = min(mps, limit or mps)
    parts = []
    while left:
        size = min(left, most - at % 4)
        if size < left:
            size -= (at + size) % rcb
        parts.append(Part(at, size, left))
        at += size
        left -= size
    return parts


def answer_read(req, memory, mps, rcb, cid=0, limit=None):
    """CplDs of a memory read; memory(addr, n) gives whole DWs."""
    return [Tlp(kind=CPLD, data=memory(p.start & ~3, 4 * p.dws), rid=req.rid,
                tag=req.tag, tc=req.tc, attr=req.attr, cid=cid, count=p.left,
                lower=p.start & 0x7f)
            for p in split(req, mps, rcb, limit)]


def enabled(req):
    """(address, offset into data, length) of each run of enabled bytes."""
    bits = []
    for i in range(req.dws()):
        be = 15
        if i == 0:
            be = req.first_be
        elif i == req.dws() - 1:
            be = req.last_be
        bits += [be >> k & 1 for k in range(4)]
    runs, at = [], 0
    while at < len(bits):
        if not bits[at]:
            at += 1
            continue
        end = at
        while end < len(bits) and bits[end]:
            end += 1
        runs.append((req.addr + at, at, end - at))
        at = end
    return runs
