# SPDX-License-Identifier: MIT
"""One end of a link: frames, credits, tags, completions, order.

Owns sections 3, 5, 6 and 8 of plugins-sdk/doc/wire.md as far as they concern
both sides alike, and closes with the right BYE when the other side breaks
them. What a request means is the owner's: `serve`. Nothing here blocks but
wait(), which is bounded.
"""

import os
import select
import socket
import struct
import time

import ring
import wire
from way import LIMIT_S, Way
from wire import WireError, need

UNEXPECTED_MAX = 1000
DISCARD_S = 1
POSTED_HDR, POSTED_DATA, NP_HDR = range(3)


class WaitError(Exception):
    """What was waited for did not come."""


def pump(sources, limit):
    """Move what can be moved now; wait up to `limit` seconds for that."""
    if not all([s.rest() for s in sources]):
        limit = 0
    reads = [s for s in sources if s.fileno() >= 0]
    writes = [s for s in reads if s.wants_write()]
    ready, room, _ = select.select(reads, writes, [], limit)
    for s in room:
        s.writable()
    for s in ready:
        s.readable()
    for s in sources:
        s.tick()


def wait(condition, *sources, limit=LIMIT_S, what=""):
    """Pump until the condition holds; what it gave."""
    end = time.monotonic() + limit
    while True:
        got = condition()
        if got:
            return got
        left = end - time.monotonic()
        if left <= 0:
            raise WaitError(f"nothing after {limit} s: {what}")
        if all(s.fileno() < 0 for s in sources):
            raise WaitError(f"the link is closed: {what}")
        pump(sources, min(left, 0.05))


class Request:
    """A non-posted request of ours, until its last completion."""

    def __init__(self, tlp, done):
        self.tlp = tlp
        self.on_done = done
        self.done = False
        self.over = False       # nothing of it can come any more
        self.status = None
        self.data = bytearray(4 * tlp.dws() if self.wants_data() else 0)
        self.ep = False
        self.parts = []         # the completions, as they came
        self.asked = time.monotonic()
        self.mem = tlp.kind in (wire.MRD, wire.MRD64)
        self.at, self.left = wire.span(tlp) if self.mem else (0, 4)

    def finish(self, status):
        if self.done:
            return
        self.done = True
        self.status = status
        if status != wire.SC or self.ep:
            self.data = bytearray(b"\xff" * len(self.data))
        if self.on_done:
            self.on_done(self)

    def ok(self):
        return self.done and self.status == wire.SC and not self.ep

    def wants_data(self):
        return not self.tlp.kind & 0x40

    def fits(self, cpl, rcb):
        """Section 9, point 8."""
        if cpl.rid != self.tlp.rid:
            return False
        if cpl.status != wire.SC:
            return True
        if (cpl.kind == wire.CPLD) != self.wants_data():
            return False
        if cpl.count != self.left or cpl.lower != self.at & 0x7f:
            return False
        if not self.wants_data():
            return True
        size = min(self.left, 4 * cpl.dws() - self.at % 4)
        if size < self.left:
            return size > 0 and (self.at + size) % rcb == 0
        return cpl.dws() == (self.at % 4 + size + 3) // 4

    def take(self, cpl):
        """The next part, of which fits() holds."""
        self.parts.append(cpl)
        self.ep = self.ep or bool(cpl.ep and cpl.data)
        if cpl.status != wire.SC:
            self.over = True
            self.finish(cpl.status)
            return
        if self.mem:
            lead = self.at % 4
            size = min(self.left, 4 * cpl.dws() - lead)
            to = self.at - self.tlp.addr
            self.data[to:to + size] = cpl.data[lead:lead + size]
            self.at += size
            self.left -= size
        else:
            self.data[:] = cpl.data
            self.left = 0
        if not self.left:
            self.over = True
            self.finish(wire.SC)


# pylint: disable=too-many-instance-attributes
class Link(Way):
    """`serve(link, tlp)` answers a request of the other side: for non-posted
    ones it gives the completions, or None and calls complete() later."""

    def __init__(self, sock, hello, serve=None, timeout_s=None):
        super().__init__(sock, hello.role)
        self.mine = hello
        self.serve = serve or (lambda link, tlp: [wire.answer(tlp, wire.UR)])
        self.timeout_s = timeout_s
        self.theirs = None
        self.mps = self.mrrs = 128
        self.inp = bytearray()
        self.queue = []         # TLPs that wait for credit or order
        self.open = {}          # tag: Request
        self.next_tag = 0
        self.granted = [hello.posted_hdr, hello.posted_data, hello.np_hdr]
        self.told = list(self.granted)  # what the other side knows
        self.taken = [0, 0, 0]
        self.credit = [0, 0, 0]
        self.used = [0, 0, 0]
        self.hold = False       # return no credit
        self.seen = []          # TLPs that came, in order
        self.credits_seen = 0
        self.pings = 0
        self.pinged = None      # the cookie of the last
        self.answers_pings = True
        self.patient = False    # it bears silence, whatever it announced
        self.cookie = None      # of our PING
        self.unexpected = self.late = 0
        self.bye = None         # the other's: reason, text
        self.broken = None      # why we closed it: WireError
        self.closing = None     # when we said BYE
        self.heard = self.spoke = time.monotonic()
        self.offers = True      # root: say RING as soon as may be
        self.put(wire.frame(wire.HELLO, hello.pack()))

    # -- the way's

    def arrived(self, chunk):
        self.heard = time.monotonic()
        if self.closing is None:
            self.inp += chunk
            self._frames()

    def wrong(self, error):
        if self.closing is None:
            self.broken = error
        self.close(error.reason, error.text)

    def flushed(self):
        if self.closing:
            self._shut()

    def gone(self):
        if self.eof:
            return
        self.end()
        for req in self.open.values():
            req.over = True
            req.finish(wire.CA)
        self.open.clear()

    def both_want_rings(self):
        return self.theirs is not None and (
            self.mine.capabilities & self.theirs.capabilities & wire.CAP_RING)

    def ring_begun(self):
        """The first byte of a RING came."""
        return self.inp[:1] == bytes((wire.RING,))

    def switched(self):
        """Both directions are, or nothing of the kind will be."""
        if self.theirs is None or not self.both_want_rings():
            return self.theirs is not None or self.eof
        return self.eof or (self.ring_came and self.ring_left == 0)

    def tick(self):
        """What is in memory; what time brings: time-outs, keep-alive, the end
        of a close."""
        self.look()
        now = time.monotonic()
        if self.closing is not None and now - self.closing > DISCARD_S:
            self.gone()
        if self.eof or self.closing is not None:
            return
        if self.timeout_s:
            for req in list(self.open.values()):
                if not req.done and now - req.asked > self.timeout_s:
                    req.finish(wire.CA)
        mine, theirs = self.mine.keepalive_ms, self.theirs
        if mine and not self.patient and now - self.heard > mine / 1000:
            self.close(wire.R_SILENCE, "silence")
        elif (theirs and theirs.keepalive_ms and self.cookie is None and
              now - self.spoke > theirs.keepalive_ms / 2500):
            self.ping()

    def _shut(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self, reason=wire.R_END, text=""):
        """BYE, and then what section 8 says."""
        if self.closing is not None or self.eof:
            return
        self.put(wire.bye(reason, text))
        self.closing = time.monotonic()
        self.writable()

    def cut(self):
        """As when the process dies."""
        self.gone()

    def put(self, data):
        """Bytes as they are, right or wrong."""
        if self.closing is None and not self.eof:
            self.out += data
            self.spoke = time.monotonic()

    # -- out

    def send(self, tlp):
        self.queue.append(tlp)
        self._run_queue()

    def request(self, tlp, done=None, tag=None):
        """Ask; give the tag, or one is found."""
        if tag is None:
            tag = self._free_tag()
        tlp.tag = tag
        req = Request(tlp, done)
        self.open[tag] = req
        self.send(tlp)
        return req

    def _free_tag(self):
        for _ in range(1024):
            self.next_tag = (self.next_tag + 1) % 1024
            if self.next_tag not in self.open:
                return self.next_tag
        raise WireError(wire.R_FAILURE, "no tag left")

    def has_credit(self, need_):
        return all(n == 0 or (c - u - n) % 2**32 < 2**31
                   for c, u, n in zip(self.credit, self.used, need_))

    @staticmethod
    def cost(tlp):
        if tlp.completion():
            return (0, 0, 0)
        if tlp.posted():
            return (1, (len(tlp.data) + 15) // 16, 0)
        return (0, 0, 1)

    def _run_queue(self):
        """Section 6: posted in order; what lacks credit is overtaken by
        those that may."""
        if self.theirs is None:
            return
        stay, blocked_np = [], False
        for i, tlp in enumerate(self.queue):
            cost = self.cost(tlp)
            if tlp.posted() and not self.has_credit(cost):
                stay += self.queue[i:]  # nothing overtakes it
                break
            if cost[NP_HDR]:
                blocked_np = blocked_np or not self.has_credit(cost)
            if cost[NP_HDR] and blocked_np:
                stay.append(tlp)
                continue
            self.used = [u + c for u, c in zip(self.used, cost)]
            self.put(tlp.frame())
        self.queue = stay

    def complete(self, tlps):
        """The whole answer to one non-posted request of theirs."""
        for tlp in tlps:
            self.send(tlp)
        self.give(0, 0, 1)

    def ping(self):
        self.cookie = os.urandom(8)
        self.put(wire.frame(wire.PING, self.cookie))

    # -- credit that we grant

    def give(self, *amounts):
        self.granted = [g + a for g, a in zip(self.granted, amounts)]
        if not self.hold and self._due():
            self.tell()

    def _due(self):
        first = (self.mine.posted_hdr, self.mine.posted_data, self.mine.np_hdr)
        largest = (1, self.mps // 16, 1)
        for i in range(3):
            back = self.granted[i] - self.told[i]
            if back and (2 * back >= first[i] or
                         self.told[i] - self.taken[i] < largest[i]):
                return True
        return False

    def tell(self):
        self.told = list(self.granted)
        self.put(wire.credit(self.granted))

    # -- in

    def _frames(self):
        try:
            came = self.ring_came
            while len(self.inp) >= 4 and self.bye is None:
                if self.ring_came != came:
                    break
                size = wire.frame_size(self.inp)
                if len(self.inp) < size:
                    return
                kind, body = self.inp[0], bytes(self.inp[4:size])
                del self.inp[:size]
                self._frame(kind, body)
            if self.ring_came != came:
                need(not any(self.inp), "bytes on the socket after RING")
                self.inp.clear()
            need(self.bye is None or not self.inp, "a frame after BYE")
        except WireError as e:
            self.wrong(e)

    def _frame(self, kind, body):
        if kind == wire.HELLO:
            self._hello(body)
            return
        need(self.theirs is not None, "first frame is no HELLO")
        if kind == wire.TLP:
            self._tlp(wire.Tlp.unpack(body, self.mps))
        elif kind == wire.CREDIT:
            self._credit(struct.unpack(">III", body))
        elif kind == wire.PING:
            self.pings += 1
            self.pinged = body
            if self.answers_pings:
                self.put(wire.frame(wire.PONG, body))
        elif kind == wire.PONG:
            need(body == self.cookie, "PONG nobody waits for")
            self.cookie = None
        elif kind == wire.BYE:
            self._bye(body)
        elif kind == wire.RING:
            need(self.both_want_rings(), "RING")
            self.take_ring(body)

    def _bye(self, body):
        self.bye = (struct.unpack(">H", body[:2])[0], body[2:].decode())
        self.closing = time.monotonic()
        self._shut()

    def _hello(self, body):
        need(self.theirs is None, "second HELLO")
        hello = wire.Hello.unpack(body)
        hello.check(self.mine.role)
        self.theirs = hello
        self.mps = min(hello.max_payload, self.mine.max_payload)
        self.mrrs = min(hello.max_read, self.mine.max_read)
        self.credit = [hello.posted_hdr, hello.posted_data, hello.np_hdr]
        root = self.mine.role == wire.ROOT
        if root and self.offers and self.both_want_rings():
            self.offer(ring.LAYOUT, ring.memory(ring.LAYOUT.total))
        self._run_queue()

    def _credit(self, counters):
        self.credits_seen += 1
        for old, new in zip(self.credit, counters):
            need((new - old) % 2**32 < 2**31, "CREDIT goes back")
        self.credit = list(counters)
        self._run_queue()

    def _tlp(self, tlp):
        self.seen.append(tlp)
        if tlp.completion():
            self._completion(tlp)
            return
        cost = self.cost(tlp)
        self.taken = [t + c for t, c in zip(self.taken, cost)]
        if any(t > g for t, g in zip(self.taken, self.told)):
            raise WireError(wire.R_CREDIT, "more than was granted")
        answers = self.serve(self, tlp)
        if tlp.posted():
            self.give(*cost)
        elif answers is not None:
            self.complete(answers)

    def _completion(self, cpl):
        req = self.open.get(cpl.tag)
        if (req is None or cpl.kind not in (wire.CPL, wire.CPLD) or
                not req.fits(cpl, self.theirs.rcb)):
            self.unexpected += 1
            if self.unexpected > UNEXPECTED_MAX:
                raise WireError(wire.R_UNEXPECTED, "completions nobody wants")
            return
        if req.done:
            self.late += 1
        req.take(cpl)
        if req.over:
            del self.open[cpl.tag]
