# SPDX-License-Identifier: MIT
"""Scenarios side by side: as many boots at a time as the machine carries.

Owns the order. What one scenario needs from beginning to end is session.py's.
"""

import os
import threading

from .outer import MEMORY_MIB
from .session import Session


def default_jobs():
    """Each boot keeps one processor busy, and memory of its own."""
    with open("/proc/meminfo", encoding="ascii") as f:
        free_kib = next(int(line.split()[1]) for line in f
                        if line.startswith("MemAvailable:"))
    return max(1, min(os.cpu_count(), free_kib // 1024 // (MEMORY_MIB + 512)))


class Workers:
    """Runs PAIRS of scenario and Xen by run_one(session, scenario, xen).

    Those of the Xen that is up come first, for the sake of few boots. Side by
    side the longest come before others, so that the end is not one of them
    alone, and those that want the machine for themselves come last.
    """

    def __init__(self, lab, report, pairs, run_one):
        self._lab = lab
        self._report = report
        self._run_one = run_one
        self._pairs = pairs
        self._todo = []
        self._lock = threading.Lock()
        self._sessions = []
        self._error = None
        self.results = []

    def run(self, jobs, at_end=lambda session: None):
        """All of them; raises what went wrong with the lab itself."""
        if jobs == 1:
            self._run(self._pairs, 1, at_end)
            return
        pairs = sorted(self._pairs, key=lambda p: -p[0].limit)
        self._run([p for p in pairs if not p[0].alone], jobs, at_end)
        self._run([p for p in pairs if p[0].alone], 1, at_end)

    def _run(self, pairs, jobs, at_end):
        self._todo = list(pairs)
        jobs = min(jobs, len(pairs))
        xens = sorted({xen for _, xen in pairs}, key="stock".__ne__)
        self._sessions = [Session(self._lab, self._report.row(), n + 1)
                          for n in range(jobs)]
        threads = []
        for n, session in enumerate(self._sessions):
            # One waits for a Xen to be built, not all.
            session.xen = xens[-1 if n == 0 and jobs > 1 else 0]
            threads.append(threading.Thread(target=self._work,
                                            args=(session, at_end)))
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            self._end()
            raise
        if self._error:
            raise self._error

    def _next(self, session):
        with self._lock:
            if not self._todo:
                return None
            same = [p for p in self._todo if p[1] == session.xen]
            pair = (same or self._todo)[0]
            self._todo.remove(pair)
            return pair

    def _work(self, session, at_end):
        try:
            with session:
                while pair := self._next(session):
                    self.results.append(self._run_one(session, *pair))
                at_end(session)
        except BaseException as error:  # pylint: disable=broad-except
            self._error = self._error or error
            self._end()

    def _end(self):
        """Nothing more is begun, what runs is given up."""
        with self._lock:
            self._todo.clear()
        for session in self._sessions:
            session.cancelled = True
