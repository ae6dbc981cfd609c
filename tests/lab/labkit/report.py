# SPDX-License-Identifier: MIT
"""What the person at the terminal sees: one moving line, and lines that stay.

On a terminal the moving line shows, for each thing that goes on, its phase and
its seconds. Without one (a log, a CI job) phases are printed once each if asked
for, nothing moves. Threads may share a report, each with a row of its own.
"""

import sys
import threading
import time

COLUMNS = 110


class Report:
    def __init__(self, verbose):
        self.verbose = verbose
        self._moving = sys.stdout.isatty()
        self._rows = []
        self._shown = ""
        self._lock = threading.Lock()

    def row(self):
        row = Row(self)
        self._rows.append(row)
        return row

    def line(self, text):
        """Print a line that stays."""
        with self._lock:
            self._draw("")
            print(text, flush=True)

    def tick(self):
        """Refresh the moving line."""
        with self._lock:
            texts = [t for t in (row.text() for row in self._rows) if t]
            if texts:
                width = COLUMNS // len(texts)
                self._draw("  ".join(t[:width] for t in texts))

    def _draw(self, text):
        if not self._moving or text == self._shown:
            return
        print("\r\x1b[K" + text, end="", flush=True)
        self._shown = text


class Row:
    """One thing after the other, each with its time."""

    def __init__(self, report):
        self._report = report
        self._what = ""
        self._phase = ""
        self._start = time.monotonic()

    def begin(self, what, phase=""):
        """Start timing something; its phases are shown after its name."""
        self._what = what
        self._start = time.monotonic()
        self.phase(phase)

    def seconds(self):
        return time.monotonic() - self._start

    def phase(self, text):
        self._phase = text
        if self._report.verbose and text:
            self._report.line(f"{self.seconds():7.1f} s  {self._what}: {text}")
        self.tick()

    def tick(self):
        self._report.tick()

    def text(self):
        if not self._what:
            return ""
        phase = f": {self._phase}" if self._phase else ""
        return f"{self.seconds():7.0f} s  {self._what}{phase}"

    def line(self, text):
        self._report.line(text)

    def end(self, text=""):
        self._what = ""
        if text:
            self._report.line(text)
