# SPDX-License-Identifier: MIT
"""Checks, their verdicts, and the programs they are run against.

Owns processes and their logs. Knows nothing of the wire.
"""

import os
import socket
import subprocess
import time

LIMIT_S = 120   # for what hangs: far beyond what a busy machine needs
PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
BAD_LOG = ("AddressSanitizer", "LeakSanitizer", "runtime error",
           "Assertion", "DEADLYSIGNAL")


# What a sandbox forbids, the leak checker needs.
ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


class Failed(Exception):
    """A check that did not hold."""


def true(condition, what):
    if not condition:
        raise Failed(what)


def equal(got, want, what):
    if got != want:
        raise Failed(f"{what}: {show(got)}, wanted {show(want)}")


def show(value):
    if isinstance(value, (bytes, bytearray)):
        text = bytes(value).hex()
        return text if len(text) < 80 else text[:77] + "..."
    return hex(value) if isinstance(value, int) else str(value)


class Program:
    """A process whose standard error is kept."""

    def __init__(self, folder, name, argv, **more):
        self.name = name
        self.log = os.path.join(folder, name + ".log")
        with open(self.log, "wb") as err:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(argv, stderr=err, env=ENV, **more)

    def lines(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read().splitlines()

    def tail(self):
        return " | ".join(self.lines()[-12:])

    def healthy(self):
        rc = self.process.poll()
        true(rc is None, f"{self.name} ended with {rc}: {self.tail()}")
        self.clean()

    def clean(self):
        for line in self.lines():
            true(not any(bad in line for bad in BAD_LOG),
                 f"{self.name} said: {self.tail()}")

    def ended(self, want=0):
        try:
            rc = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} does not end") from None
        equal(rc, want, f"exit status of {self.name}")
        self.clean()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def connect(path, program):
    """Connect to a socket that the program is about to listen at."""
    end = time.monotonic() + LIMIT_S
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(path)
            return sock
        except OSError:
            sock.close()
        program.healthy()
        true(time.monotonic() < end, f"{program.name} does not listen")
        time.sleep(0.01)


class Checks:
    """Functions whose names say what holds, in order: a decorator."""

    def __init__(self, whose):
        self.whose = whose
        self.functions = []

    def __call__(self, function):
        self.functions.append(function)
        return function

    def run(self, report, guarded, bench):
        for function in self.functions:
            name = function.__name__.replace("_", " ")
            report.run(f"{self.whose}: {name}", guarded, bench, function)


class Report:
    """One line a check."""

    def __init__(self, word=""):
        self.word = word
        self.where = ""         # before each name
        self.passed = self.failed = 0

    def run(self, name, function, *args):
        name = self.where + name
        if self.word not in name:
            return
        start = time.monotonic()
        try:
            function(*args)
        except Exception as e:  # pylint: disable=broad-except
            self.failed += 1
            print(f"FAILED  {name}: {type(e).__name__}: {e}", flush=True)
            return
        self.passed += 1
        took = time.monotonic() - start
        print(f"ok      {name}" + (f" ({took:.1f} s)" if took >= 1 else ""),
              flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
