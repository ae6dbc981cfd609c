# SPDX-License-Identifier: MIT
"""What the person at the terminal sees: one moving line, and lines that stay.

On a terminal the moving line shows the phase and its seconds. Without one
(a log, a CI job) phases are printed once each if asked for, nothing moves.
"""

import sys
import time


class Report:
    def __init__(self, verbose):
        self.verbose = verbose
        self.moving = sys.stdout.isatty()
        self._what = ""
        self._phase = ""
        self._start = time.monotonic()
        self._shown = ""

    def begin(self, what, phase=""):
        """Start timing something; its phases are shown after its name."""
        self._what = what
        self._start = time.monotonic()
        self.phase(phase)

    def seconds(self):
        return time.monotonic() - self._start

    def phase(self, text):
        self._phase = text
        if self.verbose and text:
            self.line(f"{self.seconds():7.1f} s  {self._what}: {text}")
        self.tick()

    def tick(self):
        """Refresh the moving line."""
        if not self.moving or not self._what:
            return
        text = f"{self.seconds():7.0f} s  {self._what}"
        if self._phase:
            text += f": {self._phase}"
        self._draw(text[:110])

    def line(self, text):
        """Print a line that stays."""
        self._draw("")
        print(text, flush=True)

    def end(self, text):
        self._what = ""
        self.line(text)

    def _draw(self, text):
        if not self.moving or text == self._shown:
            return
        print("\r\x1b[K" + text, end="", flush=True)
        self._shown = text
