# SPDX-License-Identifier: MIT
"""Checks of the core: its guest stopped, saved and loaded, and peers that
answer that badly.
"""

import struct

import kit
import wire
from corebench import ID, Bench, Scripted
from kit import equal, true


check = kit.Checks("core")
BLOB = bytes(range(256)) * 20


def stopped(bench):
    """The guest's clock stands still; the device has been told."""
    words = len(bench.device.words)
    bench.ask("stop")
    bench.until(lambda: wire.M_PAUSE in bench.device.heard()[words:], "PAUSE")
    bench.until(lambda: bench.ask("waiting") == "-", "PAUSED")


# ---- pausing ------------------------------------------------------------


@check
def who_comes_while_the_guest_is_stopped_is_told_so(bench):
    bench.gone()
    bench.ask("stop")
    device = bench.attach(Scripted())
    bench.until(lambda: bench.ask("waiting") == "-", "PAUSED")
    equal(device.heard(), [wire.M_RESET, wire.M_PAUSE], "a new one hears")
    bench.link.cut()
    bench.gone()
    device.words.clear()
    bench.attach(device)
    bench.until(lambda: device.words and bench.ask("waiting") == "-", "PAUSED")
    equal(device.heard(), [wire.M_PAUSE], "the same one hears")
    bench.ask("cont")
    bench.until(lambda: device.running, "RUN")
    equal(device.heard(), [wire.M_PAUSE, wire.M_RUN], "then it hears")


@check
def every_pause_has_another_number(bench):
    device = bench.fresh()
    device.words.clear()
    for _ in range(3):
        stopped(bench)
        bench.ask("cont")
        bench.until(lambda: device.running, "RUN")
    numbers = [m.b for m in device.words if m.number == wire.M_PAUSE]
    equal(len(set(numbers)), 3, f"numbers of three PAUSEs: {numbers}")
    true(0 not in numbers, "the number 0")


@check
def paused_that_crossed_a_run_is_no_answer_to_the_next_pause(bench):
    device = bench.fresh()
    device.pauses = False
    device.words.clear()
    numbers = []
    for _ in range(2):
        bench.ask("stop")
        bench.until(lambda: not device.running, "PAUSE")
        numbers.append(device.words[-1].b)
        bench.ask("cont")
        bench.until(lambda: device.running, "RUN")
    bench.ask("stop")
    bench.until(lambda: not device.running, "PAUSE")
    device.pauses = True
    for number in numbers:
        device.tell_paused(number)
    bench.settled()
    equal(bench.ask("waiting"), "p0", "who is waited for")
    device.tell_paused(device.words[-1].b)
    bench.until(lambda: bench.ask("waiting") == "-", "PAUSED")
    bench.ask("cont")


# ---- saving -------------------------------------------------------------


def asked(bench, **hello):
    """Past SAVE, which the device leaves unanswered."""
    device = bench.fresh(capabilities=bench.caps | wire.CAP_STATE, **hello)
    device.tell_state = lambda blob: None
    stopped(bench)
    bench.ask("save")
    bench.until(lambda: wire.M_SAVE in device.heard(), "SAVE")
    return device


def piece(offset, total, n, rid):
    return wire.message(wire.M_STATE, b=n, rid=rid,
                        data=struct.pack(">II", offset, total) + bytes(n))


@check
def a_state_comes_in_pieces(bench):
    device = bench.fresh(max_payload=128,
                         capabilities=bench.caps | wire.CAP_STATE)
    device.state = BLOB
    stopped(bench)
    equal(bench.ask("save"), "done", "save")
    bench.until(lambda: bench.ask("state") == "0", "the state")
    true(BLOB.hex() in bench.ask("record"), "the state is not in the record")
    bench.ask("cont")


@check
def who_has_no_state_is_not_asked_for_it(bench):
    device = bench.fresh()
    stopped(bench)
    true("cannot save" in bench.ask("save"), "it can be saved")
    bench.settled()
    true(wire.M_SAVE not in device.heard(), "SAVE was sent")
    bench.ask("cont")


@check
def who_cannot_save_now_says_so_with_a_total_of_0(bench):
    device = asked(bench)
    bench.link.send(piece(0, 0, 0, device.rid))
    bench.until(lambda: "cannot save" in bench.ask("state"), "the failure")
    bench.ask("cont")


@check
def a_state_that_is_not_one_ends_the_link(bench):
    for name, parts in (
            ("begins at 4", ((4, 64, 16),)),
            ("has a gap", ((0, 64, 16), (32, 64, 16))),
            ("changes its total", ((0, 64, 16), (16, 65, 16))),
            ("goes past its total", ((0, 8, 16),)),
            ("has an empty piece", ((0, 64, 16), (16, 64, 0))),
            ("begins with an empty piece", ((0, 64, 0),)),
            ("goes on behind its end", ((0, 16, 16), (0, 16, 16))),
            ("is too large", ((0, wire.STATE_LIMIT + 1, 16),))):
        device = asked(bench)
        for offset, total, n in parts:
            bench.link.send(piece(offset, total, n, device.rid))
        try:
            bench.expect_bye(wire.R_MALFORMED)
        except Exception as e:
            raise kit.Failed(f"STATE that {name}: {e}") from e
        bench.ask("cont")
        bench.done()
        bench.gone()


# ---- loading ------------------------------------------------------------


class Loader(Scripted):
    """Says what it is told to about a state that came."""

    verdict = 0

    def __init__(self):
        super().__init__()
        self.got = b""

    def told(self, tlp):
        super().told(tlp)
        if not tlp.ours() or tlp.number != wire.M_STATE:
            return
        self.got += tlp.data[8:8 + tlp.b]
        if len(self.got) == struct.unpack(">II", tlp.data[:8])[1]:
            self.link.send(wire.message(wire.M_LOADED, self.verdict,
                                        rid=self.rid))


def record(bench):
    device = bench.fresh(capabilities=bench.caps | wire.CAP_STATE)
    device.state = BLOB
    stopped(bench)
    bench.ask("save")
    bench.until(lambda: bench.ask("state") == "0", "the state")
    text = bench.ask("record")
    bench.ask("cont")
    return text


def loading(bench, text, verdict, stop=True):
    """Another core, whose guest was saved so, and its peer."""
    bench.loads = getattr(bench, "loads", 0) + 1
    there = Bench(bench.build, bench.folder, f"load-{bench.loads}",
                  bool(bench.caps))
    if stop:
        there.ask("stop")
    equal(there.ask(f"load {text}"), "done", "load")
    device = Loader()
    device.verdict = verdict
    there.attach(device, capabilities=bench.caps | wire.CAP_STATE)
    return there, device


@check
def a_state_goes_to_who_takes_it(bench):
    text = record(bench)
    for stop in (True, False):
        there, device = loading(bench, text, 0, stop)
        try:
            there.until(lambda t=there: t.ask("state") == "0", "LOADED")
            there.until(lambda t=there: t.ask("waiting") == "-", "readiness")
            last = wire.M_PAUSE if stop else wire.M_RUN
            there.until(lambda d=device: d.heard()[-1] == last, "the last")
            heard = [n for n in device.heard() if n != wire.M_STATE]
            equal(heard, [wire.M_RESET, last], "it hears")
            equal(device.got, BLOB, "the state")
            true(device.rid, "it has no number")
            equal({reg for reg, _ in device.log}, {0x3c},
                  "registers that are written")
            there.ask("cont")
            equal(there.config(0), ID, "register 0")
            there.done()
        finally:
            there.core.kill()


@check
def a_verdict_that_is_none_ends_the_link(bench):
    text = record(bench)
    for verdict in (5, 6, 127, 255):
        there, _ = loading(bench, text, verdict)
        try:
            there.expect_bye(wire.R_MALFORMED)
        except Exception as e:
            raise kit.Failed(f"LOADED {verdict}: {e}") from e
        finally:
            there.core.kill()


@check
def each_verdict_has_a_word_of_its_own(bench):
    text = record(bench)
    words = set()
    for verdict in (1, 2, 3, 4):
        there, _ = loading(bench, text, verdict)
        try:
            there.until(lambda t=there: t.ask("state") not in "01", "failure")
            words.add(there.ask("state"))
            there.core.healthy()
        finally:
            there.core.kill()
    equal(len(words), 4, f"words: {words}")
