#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""smallest.py SOCKET: section 14 of plugins-sdk/doc/wire.md as a program."""
import os
import select
import socket
import struct
import sys

BASE, SIZE = 0xfed80000, 4096
PAUSED = bytes.fromhex("74000002 0000007f 0000ffff 0300")


class Peer:
    """4 KiB of memory at BASE, on one connection."""
    def __init__(self, sock):
        self.sock, self.memory, self.clock = sock, bytearray(SIZE), bytes(8)
        self.grants = [1, 8, 1]             # to the root: P, data, NP
        self.theirs, self.sent = [0, 0], 0  # P, data; messages that went
        self.queue, self.quiet = [], 10     # (TLP, is it a message?); seconds

    def frame(self, kind, body):
        self.sock.sendall(struct.pack(">BBH", kind, 0, len(body)) + body)

    def push(self):
        """A message takes one P and one unit of data; nothing passes it."""
        while self.queue and not (self.queue[0][1] and
                                  self.sent in self.theirs):
            tlp, message = self.queue.pop(0)
            self.sent = (self.sent + message) % 2**32
            self.frame(3, tlp)

    def tell_credit(self):
        self.frame(2, struct.pack(">III", *self.grants))

    def complete(self, t, data=b"", status=0, count=4, low=0):
        head = struct.pack(">4B2H", 0x4a if data else 0x0a, t[1] & 0xfc,
                           t[2] & 0x30, len(data) // 4, 0,
                           status << 13 | count)
        self.queue.append((head + t[4:7] + bytes([low]) + data, 0))

    def access(self, t):
        """MRd or MWr; False: not ours."""
        dws, at = t[3], (int.from_bytes(t[8:12], "big") & ~3) - BASE
        if not 0 <= at <= SIZE - 4 * dws:
            return False
        enables = [t[7] & 15] + [15] * (dws - 2) + [t[7] >> 4] * (dws > 1)
        on = [i for i in range(4 * dws) if enables[i // 4] >> i % 4 & 1]
        if t[0] == 0x40:
            for i in on:
                self.memory[at + i] = t[12 + i]
            return True
        first, last = (on[0], on[-1]) if on else (0, 0)     # none: a flush
        self.complete(t, self.memory[at:at + 4 * dws], 0, last - first + 1,
                      (at + first) & 0x7f)
        return True

    def tlp(self, t):
        posted = t[0] & 0xdf == 0x40 or t[0] & 0xb0 == 0x30
        if t[0] & 0xbf == 0x34 and t[7:12] == b"\x7f\0\0\xff\xff":
            if t[12] == 0x81:               # RUN
                self.clock = t[16:24]
            elif t[12] == 0x82:             # PAUSE
                self.queue.append((PAUSED + t[14:16] + self.clock, 1))
        elif not (t[0] in (0x00, 0x40) and self.access(t)) and not posted:
            self.complete(t, status=1)      # UR
        size = len(t) - (16 if t[0] & 0x20 else 12)
        cost = (1, (size + 15) // 16, 0) if posted else (0, 0, 1)
        self.grants = [(g + c) % 2**32 for g, c in zip(self.grants, cost)]
        self.push()
        self.tell_credit()

    def live(self):
        self.frame(1, b"IOEM\1\1\2\2" + struct.pack(
            ">8H8s4x28s", 128, 128, 1, 1, 8, 128, 0, 0,
            os.urandom(7) + b"\1", b"smallest"))
        while True:
            if not select.select([self.sock], [], [], self.quiet)[0]:
                self.tell_credit()  # it says that we are here
                continue
            head = self.sock.recv(4, socket.MSG_WAITALL)
            if len(head) < 4:
                return
            body = self.sock.recv(head[2] << 8 | head[3], socket.MSG_WAITALL)
            if head[0] == 1:                # HELLO
                *self.theirs, _, ms = struct.unpack(">4H", body[14:22])
                self.quiet = ms / 2500 or None
            elif head[0] == 2:              # CREDIT
                self.theirs = list(struct.unpack(">II", body[:8]))
                self.push()
            elif head[0] == 3:
                self.tlp(body)
            elif head[0] == 4:              # PING
                self.frame(5, body)


with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    Peer(connection).live()
