# SPDX-License-Identifier: MIT
"""Running scenarios: one boot of the lab for as many as it will carry.

Owns the order of things: images, boot, scenarios, verdicts, logs. How the
outer machine is started is outer.py's, what is printed is report.py's.
"""

import fcntl
import os
import shutil
import signal
import time

from . import LabError
from .images import Images
from .outer import BOOT_LIMIT_S, Outer

MINI_PATH = "/usr/bin/mini-ioemu"

# Dom0 says "tick" every 2 seconds. Without it for this long, the outer machine
# is nudged (outer.py says why), and in the end given up.
QUIET_S = 8
STALL_S = 120


class LabStalled(LabError):
    """The outer machine stands still: nothing was proved either way."""


class Result:
    def __init__(self, scenario, dm, xen):
        self.scenario = scenario
        self.dm = dm
        self.xen = xen
        self.passed = False
        self.stalled = False    # nothing was proved either way
        self.reason = ""
        self.seconds = 0.0
        self.nudges = 0
        self.said = []          # what the scenario said, with its second


class Session:
    """The lab's folder, locked, and at most one running boot in it."""

    def __init__(self, source, build, report):
        self.source = source
        self.build = build
        self.report = report
        self.outer = None
        self.xen = "stock"      # of the boot that is up, or the next
        self.boot_seconds = 0.0
        self.qemu_extra = ()    # words for the outer machine's command line
        for name in ("images", "out", "logs", "boot", "root"):
            os.makedirs(os.path.join(build, name), exist_ok=True)
        # pylint: disable=consider-using-with
        self._lock = open(os.path.join(build, "lock"), "w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"another lab runs in {build}; wait for it, or "
                           "give --build another folder") from None
        self.images = Images(source, self.folder("images"),
                             lambda name: report.phase(f"making {name}"))

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_):
        self.stop()
        self._lock.close()

    @staticmethod
    def _on_signal(number, _frame):
        raise SystemExit(128 + number)

    def folder(self, name):
        return os.path.join(self.build, name)

    def prepare(self, media, xens=("stock",)):
        """Make every image that is stale; return seconds."""
        self.report.begin("images", "looking for changes")
        for name in sorted(media):
            self.images.medium(name)
        self.images.dom0_kernel()
        for xen in xens:
            self.images.xen(xen)
            self.images.dom0(xen)
        seconds = self.report.seconds()
        if seconds > 1:
            self.report.end(f"      images made in {seconds:.0f} s")
        return seconds

    def boot(self):
        if self.outer:
            return
        which = "" if self.xen == "stock" else f"{self.xen} "
        self.report.begin("lab", f"booting {which}Xen and dom0")
        images = (self.images.xen(self.xen), self.images.dom0_kernel(),
                  self.images.dom0(self.xen))
        # A copy, so that editing a scenario does not disturb a running one.
        tests = self.folder("tests")
        shutil.rmtree(tests, ignore_errors=True)
        shutil.copytree(self.source, tests)
        shares = {"tests": (tests, False),
                  "images": (self.folder("images"), False),
                  "root": (self.folder("root"), False),
                  "out": (self.folder("out"), True)}
        self.outer = Outer(images, shares, self.folder("boot"),
                           self.qemu_extra)
        if self._receive(BOOT_LIMIT_S) != "ready":
            raise LabError(f"dom0 not up after {BOOT_LIMIT_S} s; see "
                           f"{self.outer.console_path}")
        self.boot_seconds = self.report.seconds()
        self.report.end(f"      {which}Xen and dom0 up in "
                        f"{self.boot_seconds:.0f} s")

    def stop(self):
        if self.outer:
            self.outer.kill()
            self.outer = None

    def _receive(self, limit):
        """The next line from dom0 within LIMIT seconds, or None."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            self.report.tick()
            line = self.outer.receive(0.5)
            if line is not None:
                return line
        return None

    def _next_line(self, result):
        for _ in range(STALL_S // QUIET_S):
            line = self._receive(QUIET_S)
            if line is not None:
                return line
            result.nudges += 1
            self.outer.nudge()
        raise LabStalled("dom0 no longer answers")

    def run(self, scenario, dm, settings=(), xen="stock"):
        """Run one scenario; a boot it leaves in doubt is ended."""
        result = Result(scenario, dm, xen)
        if xen != self.xen:
            self.stop()
            self.xen = xen
        out = os.path.join(self.folder("out"), scenario.name)
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        console_start = None
        self.report.begin(scenario.name, "starting")
        try:
            self.boot()
            console_start = self.outer.console_size()
            self.report.begin(scenario.name, "starting")
            self._drive(result, settings)
        except LabError as e:
            if isinstance(e, LabStalled):
                result.stalled = True
                self.outer.write_state(os.path.join(out, "outer-cpus.log"))
            result.reason = result.reason or str(e)
            result.passed = False
            self._keep_logs(result, out, console_start)
            self.stop()
        else:
            self._keep_logs(result, out, console_start)
        return result

    def _drive(self, result, settings):
        scenario = result.scenario
        variables = [f"LAB_DM={result.dm}", f"LAB_XEN={result.xen}",
                     *settings]
        if result.dm == "mini":
            variables.append(f"LAB_DM_PATH={MINI_PATH}")
        self.outer.send(" ".join(["run", scenario.name, str(scenario.limit),
                                  *variables]))
        start = time.monotonic()
        while True:
            line = self._next_line(result)
            result.seconds = time.monotonic() - start
            word, _, text = line.partition(" ")
            if word == "say":
                result.said.append((result.seconds, text))
                self.report.phase(text)
            elif word == "fail":
                result.reason = result.reason or text
            elif word == "end":
                break
        verdict, _, state = text.partition(" ")
        result.passed = verdict == "pass" and state != "dirty"
        if state == "dirty":
            result.reason = result.reason or "guests left behind (sweep.log)"
        if state != "clean":
            self.stop()

    def _keep_logs(self, result, out, console_start):
        """Move the scenario's logs to where messages say they are."""
        logs = os.path.join(self.folder("logs"), result.scenario.name)
        shutil.rmtree(logs, ignore_errors=True)
        os.replace(out, logs)
        source = os.path.join(self.folder("boot"), "console.log")
        if os.path.exists(source):
            with open(source, "rb") as src:
                src.seek(console_start or 0)
                with open(os.path.join(logs, "console.log"), "wb") as dst:
                    shutil.copyfileobj(src, dst)
