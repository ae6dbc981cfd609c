# SPDX-License-Identifier: MIT
"""Checks of section 14: smallest.py is written from it alone. It says byte for
byte what stands there, and works with the real core.
"""

import os
import re
import select
import socket

import kit
import tables
import wire
from corebench import ONES, pattern
from kit import equal, true


check = kit.Checks("core")
PROGRAM = os.path.join(os.path.dirname(kit.PEER), "smallest.py")
BASE = 0xfed80000
INSTANCE = slice(28, 36)        # in the frame HELLO: drawn at random


def script():
    """(side, frame) of section 14, in order."""
    with open(os.path.join(tables.FOLDER, "wire.md"), encoding="utf-8") as f:
        text = f.read().split("## 14")[1].split("## 15")[0]
    return [(line[0], bytes.fromhex(line[2:]))
            for line in text.splitlines()
            if re.fullmatch(r"[RP] [0-9A-F ]+", line)]


def receive(sock, n):
    out = b""
    while len(out) < n:
        true(select.select([sock], [], [], kit.LIMIT_S)[0],
             f"nothing after {out.hex()}")
        chunk = sock.recv(n - len(out))
        true(chunk, f"the end after {out.hex()}")
        out += chunk
    return out


def hidden(frame):
    if frame[0] != wire.HELLO:
        return frame
    return frame[:INSTANCE.start] + bytes(8) + frame[INSTANCE.stop:]


def meet(bench, name):
    """A socket to a new one."""
    path = f"{bench.folder}/{name}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        server.settimeout(kit.LIMIT_S)
        program = kit.Program(bench.folder, name, [PROGRAM, path])
        sock = server.accept()[0]
    os.unlink(path)
    return program, sock


@check
def the_smallest_peer_says_what_the_document_says(bench):
    lines = script()
    true(len(lines) > 20, f"{len(lines)} lines")
    program, sock = meet(bench, "smallest-script")
    try:
        for side, frame in lines:
            if side == "R":
                sock.sendall(frame)
            else:
                equal(hidden(receive(sock, len(frame))), hidden(frame),
                      "the next frame")
        sock.shutdown(socket.SHUT_WR)
        equal(sock.recv(1), b"", "behind BYE")
        program.ended()
    finally:
        sock.close()
        program.kill()


@check
def the_smallest_peer_waits_for_credit_and_breaks_the_silence(bench):
    program, sock = meet(bench, "smallest-credit")
    try:
        receive(sock, 68)
        root = wire.Hello(posted_hdr=1, posted_data=8, max_payload=128,
                          keepalive_ms=200)
        sock.sendall(wire.frame(wire.HELLO, root.pack()))
        for number in (1, 2):
            sock.sendall(wire.message(wire.M_PAUSE, b=number).frame())
        equal(receive(sock, 28)[17:20], b"\0\0\1", "the first PAUSED")
        for _ in range(3):      # the second has no credit
            equal(receive(sock, 16)[0], wire.CREDIT, "frame")
        sock.sendall(wire.credit((2, 16, 0)))
        frame = receive(sock, 16)
        while frame[0] == wire.CREDIT:
            frame = receive(sock, 16)
        equal((frame + receive(sock, 12))[17:20], b"\0\0\2",
              "the second PAUSED")
    finally:
        sock.close()
        program.kill()


@check
def the_smallest_peer_works_with_the_core(bench):
    path = f"{bench.folder}/smallest"
    bench.ask(f"device raw-mmio,id=small,listen=unix:{path},base={BASE:#x},"
              "size=4096")
    program = kit.Program(bench.folder, "smallest", [PROGRAM, path])

    def until_reads(value):
        end = kit.time.monotonic() + kit.LIMIT_S
        while bench.read("mem", BASE) != value:
            true(kit.time.monotonic() < end, f"it does not read {value:#x}")

    try:
        until_reads(0)
        for at in range(9):
            for n in (1, 2, 4, 8):
                value = int.from_bytes(pattern(n, at + n), "little")
                bench.write("mem", BASE + at, value, n)
                equal(bench.read("mem", BASE + at, n), value, f"{n} at {at}")
        bench.poke(0x2000, pattern(4096))
        bench.rep("write", BASE, 4, 1024, 0x2000)
        bench.rep("read", BASE, 8, 512, 0x4000)
        equal(bench.peek(0x4000, 4096), pattern(4096), "a page, both ways")
        for _ in range(3):
            bench.ask("stop")
            bench.until(lambda: bench.ask("waiting") == "-", "PAUSED")
            bench.ask("cont")
        equal(bench.read("mem", BASE + 4),
              int.from_bytes(pattern(4096)[4:8], "little"), "memory")
        program.healthy()
    finally:
        program.kill()
    until_reads(ONES)


@check
def the_smallest_peer_is_small(_bench):
    with open(PROGRAM, encoding="utf-8") as f:
        true(len(f.readlines()) < 100, "it has 100 lines or more")
