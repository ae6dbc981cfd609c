# SPDX-License-Identifier: MIT
"""Running scenarios: one boot of the lab for as many as it will carry.

Owns the order of things: images, boot, scenarios, verdicts, logs. How the
outer machine is started is outer.py's, what is printed is report.py's, which
scenario comes next and beside which others is workers.py's.
"""

import fcntl
import os
import shutil
import threading
import time

from . import LabError
from .images import XENS, Images
from .outer import BOOT_LIMIT_S, Outer

MINI_PATH = "/usr/bin/mini-ioemu"

# Dom0 says "tick" every 2 seconds. Without it for this long, the outer machine
# is nudged (outer.py says why), and in the end given up.
QUIET_S = 8
STALL_S = 300


class LabStalled(LabError):
    """The outer machine stands still: nothing was proved either way."""


class Cancelled(Exception):
    """Somebody wants the end, before the end."""


class Result:
    def __init__(self, scenario, dm, xen):
        self.scenario = scenario
        self.dm = dm
        self.xen = xen
        self.passed = False
        self.reason = ""
        self.seconds = 0.0
        self.nudges = 0
        self.said = []          # what the scenario said, with its second


class Lab:
    """The lab's folder, locked, and what all boots in it have in common."""

    def __init__(self, source, build, row):
        self.source = source
        self.build = build
        self._row = row
        self.making_seconds = 0.0
        for name in ("images", "logs", "root"):
            os.makedirs(self.folder(name), exist_ok=True)
        # pylint: disable=consider-using-with
        self._lock = open(self.folder("lock"), "w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"another lab runs in {build}; wait for it, or "
                           "give --build another folder") from None
        self._images = Images(source, self.folder("images"),
                              lambda name: row.phase(f"making {name}"))
        self._boots = {xen: (threading.Lock(), []) for xen in XENS}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lock.close()

    def folder(self, name):
        return os.path.join(self.build, name)

    def logs(self, scenario):
        """Where messages say that a scenario's logs are."""
        return os.path.join(self.folder("logs"), scenario.name)

    def prepare(self, media):
        """Make what guests need if it is stale."""
        self._make(lambda: [self._images.medium(name)
                            for name in sorted(media)])

    def boot_files(self, xen):
        """Xen, dom0's kernel and its image; they are made once."""
        lock, files = self._boots[xen]
        with lock:
            if not files:
                self._make(lambda: files.extend(self._images.boot(xen)))
        return files

    def counter(self):
        """QEMU's plugin that counts what the outer machine executes."""
        return self._images.counter()

    def _make(self, recipe):
        self._row.begin("images", "looking for changes")
        recipe()
        seconds = self._row.seconds()
        self.making_seconds += seconds
        self._row.end(f"      images made in {seconds:.0f} s"
                      if seconds > 1 else "")


class Session:
    """At most one running boot at a time, the lab's number-th."""

    def __init__(self, lab, row, number=1):
        self.lab = lab
        self.row = row
        self.outer = None
        self.xen = "stock"      # of the boot that is up, or the next
        self.qemu_extra = ()    # words for the outer machine's command line
        self.cancelled = False  # set by whoever waits for this thread
        self.boot_seconds = 0.0
        self._suffix = "" if number == 1 else str(number)
        for name in ("out", "boot"):
            os.makedirs(self._own(name), exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _own(self, name):
        return self.lab.folder(name + self._suffix)

    def boot(self):
        if self.outer:
            return
        which = "" if self.xen == "stock" else f"{self.xen} "
        images = self.lab.boot_files(self.xen)
        self.row.begin("lab", f"booting {which}Xen and dom0")
        # A copy, so that editing a scenario does not disturb a running one.
        tests = self._own("tests")
        shutil.rmtree(tests, ignore_errors=True)
        shutil.copytree(self.lab.source, tests)
        shares = {"tests": (tests, False),
                  "images": (self.lab.folder("images"), False),
                  "root": (self.lab.folder("root"), False),
                  "out": (self._own("out"), True)}
        self.outer = Outer(images, shares, self._own("boot"),
                           self.qemu_extra)
        if self._receive(BOOT_LIMIT_S) != "ready":
            raise LabError(f"dom0 not up after {BOOT_LIMIT_S} s; see "
                           f"{self.outer.console_path}")
        self.boot_seconds = self.row.seconds()
        self.row.end(f"      {which}Xen and dom0 up in "
                     f"{self.boot_seconds:.0f} s")

    def stop(self):
        if self.outer:
            self.outer.kill()
            self.outer = None

    def _receive(self, limit):
        """The next line from dom0 within LIMIT seconds, or None."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self.cancelled:
                raise Cancelled
            self.row.tick()
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
        out = os.path.join(self._own("out"), scenario.name)
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        console_start = None
        try:
            self.boot()
            console_start = self.outer.console_size()
            self.row.begin(scenario.name, "starting")
            self._drive(result, settings)
        except LabError as e:
            if isinstance(e, LabStalled):
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
                self.row.phase(text)
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
        logs = self.lab.logs(result.scenario)
        shutil.rmtree(logs, ignore_errors=True)
        os.replace(out, logs)
        source = os.path.join(self._own("boot"), "console.log")
        if os.path.exists(source):
            with open(source, "rb") as src:
                src.seek(console_start or 0)
                with open(os.path.join(logs, "console.log"), "wb") as dst:
                    shutil.copyfileobj(src, dst)
