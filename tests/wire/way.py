# SPDX-License-Identifier: MIT
"""How the bytes of a link move: over its socket or, later, through rings.

Owns the socket, the memory and the change from one to the other (section 13
of plugins-sdk/doc/wire.md). A Link is one, and says what the bytes mean.
"""

import os
import socket
import time

import ring
import wire
from kit import LIMIT_S
from wire import WireError, malformed, need


class Way:
    """Calls arrived(bytes), wrong(WireError), flushed() and gone(); asks
    both_want_rings() and ring_begun()."""

    def __init__(self, sock, role):
        self.sock = sock
        self.role = role
        self.out = bytearray()
        self.eof = False
        self.ring = None
        self.ring_fd = None     # that goes with RING, or came
        self.ring_left = None   # bytes of `out` up to the end of our RING
        self.ring_came = False
        sock.setblocking(False)

    def fileno(self):
        return -1 if self.eof else self.sock.fileno()

    # -- out

    def wants_write(self):
        return bool(self.out) and self.ring_left != 0

    def writable(self):
        try:
            while self.out and self._move():
                pass
            if self.ring and self.ring_left == 0 and self.ring.bell():
                self.sock.send(b"\0")
        except BlockingIOError:
            return
        except OSError:         # the other end is gone; readable() says so
            self.out.clear()
        except WireError as e:
            self.wrong(e)
        if not self.out:
            self.flushed()

    def _move(self):
        """Bytes that went."""
        whole = 36 if self.role == wire.ROOT else 4     # our RING
        left = self.ring_left
        if left == 0:
            n = self.ring.put(self.out)
        elif left is None:
            n = self.sock.send(self.out)
        elif left > whole:
            n = self.sock.send(self.out[:left - whole])
        elif left == whole and self.ring_fd is not None:
            n = socket.send_fds(self.sock, [self.out[:left]], [self.ring_fd])
            self.drop_fd()
        else:
            n = self.sock.send(self.out[:left])
        if left:
            self.ring_left -= n
        del self.out[:n]
        return n

    def push(self, data, limit=LIMIT_S):
        """Send without reading, until all is out or the other side gone."""
        self.out += data
        end = time.monotonic() + limit
        while self.out and time.monotonic() < end:
            self.writable()
            try:
                if self.out and self.ring_came:
                    self.sock.send(b"\0")   # it says who is gone
            except BlockingIOError:
                pass
            except OSError:
                self.out.clear()
            time.sleep(0.0005)

    # -- in

    def readable(self):
        try:
            chunk = self._receive()
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._take()        # the last words
            self.gone()
        elif not self.ring_came:
            self.arrived(chunk)
            self._keep_fd()
        elif any(chunk):
            self.wrong(malformed("bytes on the socket after RING"))

    def _receive(self):
        if self.role == wire.ROOT or self.ring_came:
            return self.sock.recv(1 << 18)
        chunk, fds, _, _ = socket.recv_fds(self.sock, 1 << 18, 4)
        for fd in fds:
            if self.ring_fd is None:
                self.ring_fd = fd
            else:
                os.close(fd)
                self.wrong(malformed("more than one descriptor"))
        return chunk

    def _keep_fd(self):
        """A descriptor is RING's, on its first byte, or nobody's (section
        13). One read ends with the bytes that a descriptor came with."""
        if self.role == wire.ROOT or self.ring_came:
            return
        if not self.both_want_rings():
            self.drop_fd()
        elif (self.ring_fd is not None) != self.ring_begun():
            self.drop_fd()
            self.wrong(malformed("RING and a descriptor go together"))

    def _take(self):
        try:
            chunk = self.ring.take() if self.ring and self.ring_came else b""
        except WireError as e:
            self.wrong(e)
            return
        if chunk:
            self.arrived(chunk)

    # -- turns of a loop

    def rest(self):
        """The loop is about to sleep; False: there is something to do."""
        if not self.ring or self.eof:
            return True
        if self.out:
            self.writable()
        try:
            return self.ring.sleep() or not self.ring_came
        except WireError as e:
            self.wrong(e)
            return True

    def look(self):
        """Into the memory."""
        if self.ring and not self.eof:
            self.ring.wake()
            self._take()
            self.writable()

    # -- the change

    def offer(self, layout, fd):
        """Root: RING, good or not; it takes over the descriptor."""
        self.ring_fd = fd
        self.say_ring(layout.pack())
        self.ring = ring.Ring(fd, ring.LAYOUT, wire.ROOT)

    def say_ring(self, body=b""):
        self.out += wire.frame(wire.RING, body)
        self.ring_left = len(self.out)

    def take_ring(self, body):
        """RING came, and rings are wanted."""
        need(not self.ring_came, "RING again")
        if self.role == wire.ROOT:
            need(self.ring and not body, "RING of a peer")
            self.ring_came = True
            return
        layout = ring.Layout.unpack(body)
        need(self.ring_fd is not None, "RING without memory")
        try:
            self.ring = ring.Ring(self.ring_fd, layout, wire.PEER)
        finally:
            self.drop_fd()
        self.ring_came = True
        self.say_ring()

    # -- the end

    def drop_fd(self):
        if self.ring_fd is not None:
            os.close(self.ring_fd)
        self.ring_fd = None

    def end(self):
        self.eof = True
        self.sock.close()
        self.drop_fd()
        if self.ring:
            self.ring.close()
