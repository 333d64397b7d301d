"""What check-ins do, in any history: only her code puts a deadline off, and a promise that is not kept is one alarm."""

import random
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device_bridge.alarm import life, lineage, promise
from device_bridge.alarm.alarm import Alarm, Person, Received
from device_bridge.alarm.escalation import Stage, Turn
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.promise import LATE_MS, Promise
from device_bridge.alarm.step import Last, Step
from device_bridge.clock import Step as ClockStep
from device_bridge.intake.decide import Setting, decide
from device_bridge.spool import presses, promises
from device_bridge.spool.connection import Spool
from device_bridge.wire.codes import MAX_WRONG_CODES, Verdict
from device_bridge.wire.message import DeviceMessage, Kind, PressId
from evidence import ids, keys
from evidence.statements.bodies import AlarmKind
from tests.support.pressing import kept
from tests.support.sizes import examples

DEVICE, CASE = ids.DeviceId("a" * 32), ids.CaseId("c" * 32)
START_MS = 1_790_000_000_000
BRIDGE = keys.BridgeIdentity.generate()
BAKKER = Person(ids.KeyId("1" * 32), "Bakker")
AHEAD_MS = 40 * 3_600_000
"""By which histories lie ahead, so that nothing in them comes late by the clock of this machine."""
CODES = st.sampled_from(list(Verdict))
WAITS = st.sampled_from([0, 60, 600, 3600, 86_400])


class Routes:
    """One route at once, another when nobody accepts."""

    def at_once(self, kind: AlarmKind) -> list[str]:
        return ["console", kind]

    def later(self, kind: AlarmKind, raised_ms: int, pressed_ms: int) -> list[Turn]:
        turns = [Turn("other", Stage.ALTERNATE, pressed_ms + 5000, "console")]
        return [*turns, Turn("second", Stage.SECOND, raised_ms + 30_000)] if life.is_urgent(kind) else turns


def orphan(sort: str, press: ids.Sha256) -> ids.AlarmId:
    return lineage.orphan_id(lineage.press_key(BRIDGE), DEVICE, sort, press)


def name(sort: str, last: Last | None) -> ids.AlarmId:
    return lineage.alarm_id(BRIDGE, DEVICE, sort, None if last is None else last.alarm)


def said(counter: int, at_ms: int, wait_s: int, code: Verdict, boot: int = 1, late_s: int = 0) -> Pressed:
    """Return a check-in that was made at a moment, by a clock that is sure, and arrived `late_s` after it."""
    message = DeviceMessage(
        DEVICE, PressId(boot, counter), counter, at_ms, 2, Kind.CHECK_IN, None, "", None, wait_s=wait_s
    )
    arrived = at_ms + 1000 * late_s
    return kept(message, Received(arrived, ids.time_of_ms(arrived), "a"), code)


def after(*words: Pressed) -> tuple[Promise, ...]:
    """Return what is held when these have come, in their order."""
    held: tuple[Promise, ...] = ()
    for word in words:
        held = promise.after(held, word, promise.code_of(held, word))
    return held


def awaited_s(held: tuple[Promise, ...]) -> int | None:
    """Return when the first is awaited, in seconds since the beginning."""
    first = promise.deadline(held)
    return None if first is None or first.due_ms is None else (first.due_ms - START_MS) // 1000


def word(counter: int, at_s: int, wait_s: int, code: Verdict = Verdict.NONE, boot: int = 1, late_s: int = 0) -> Pressed:
    return said(counter, START_MS + 1000 * at_s, wait_s, code, boot, late_s)


def test_only_her_code_puts_it_off_or_ends_it() -> None:
    begun = word(1, 0, 600)
    for code in (Verdict.NONE, Verdict.WRONG):
        assert awaited_s(after(begun, word(2, 300, 3600, code))) == 600
        assert awaited_s(after(begun, word(2, 300, 0, code))) == 600
        assert awaited_s(after(begun, word(2, 300, 60, code))) == 360, "sooner is always allowed"
    assert awaited_s(after(begun, word(2, 300, 3600, Verdict.RIGHT))) == 3900
    assert awaited_s(after(begun, word(2, 300, 0, Verdict.RIGHT))) is None
    assert awaited_s(after(begun, word(2, 300, 0, Verdict.RIGHT), word(3, 400, 60))) == 460, "and then again"


def test_whoever_tries_codes_has_three_tries_however_many_words_stand_between() -> None:
    tried = [word(number, number, 86_400, Verdict.WRONG) for number in range(2, 2 + MAX_WRONG_CODES)]
    flood = [word(number, number, 40_000) for number in range(10, 60)]
    for words in (tried, [*tried, *flood]):
        held = after(word(1, 0, 600), *words, word(100, 100, 0, Verdict.RIGHT))
        assert awaited_s(held) == 600
        assert len(held) <= promise.MAX_HELD


def test_a_word_that_was_held_back_ends_nothing_new() -> None:
    old = word(5, 0, 0, Verdict.RIGHT, boot=1, late_s=1000)
    began = word(1, 900, 600, boot=2)
    assert awaited_s(after(began, old)) == 1500
    assert awaited_s(after(word(2, 800, 0, Verdict.RIGHT, boot=2), word(3, 900, 600, boot=2), old)) == 1500


def test_a_device_that_lost_its_numbers_can_still_promise() -> None:
    ended = word(9, 0, 0, Verdict.RIGHT, boot=7)
    assert awaited_s(after(ended, word(1, 500, 600, boot=1))) == 1100


Word = tuple[int, Literal[Verdict.NONE, Verdict.RIGHT]]


@given(
    st.lists(st.tuples(WAITS, st.sampled_from([Verdict.NONE, Verdict.RIGHT])), min_size=1, max_size=10), st.randoms()
)
def test_two_bridges_hold_the_same_whatever_came_first(words: list[Word], chance: random.Random) -> None:
    made = [word(number, 10 * number, wait, code) for number, (wait, code) in enumerate(words, 1)]
    mixed = chance.sample(made, len(made))
    assert awaited_s(after(*made)) == awaited_s(after(*mixed))


@dataclass
class Model:
    """What ought to be awaited: a moment for each promise that stands."""

    due_ms: list[int]
    tried: int = 0


class Histories(RuleBasedStateMachine):
    """One bridge, one device, whose words come in order; somebody tries codes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.spool = Spool(Path(self.folder.name) / "spool.db")
        self.now_ms = time.time_ns() // 1_000_000 + AHEAD_MS
        self.number, self.sent, self.opened = 0, list[Pressed](), 0
        self.model = Model([])

    def teardown(self) -> None:
        self.spool.close()
        self.folder.cleanup()

    def take(self, press: Pressed, *, ran_out: bool = False) -> Step:
        setting = Setting(CASE, None, name, orphan, Routes(), sends_first=True, ran_out=ran_out)
        counted = replace(press, received_ms=self.now_ms, received_at=ids.time_of_ms(self.now_ms))
        with self.spool.write(press=True) as spool:
            step = decide(counted if ran_out else press, presses.known(spool, press, anew=ran_out), setting)
            step = replace(step, press=press)
            presses.apply(spool, step, b"raw")
        return step

    def open(self, sort: str) -> Alarm | None:
        found = [one for one in self.spool.read().open_alarms(DEVICE) if life.sort_of(one.kind) == sort]
        assert len(found) <= 1, "one alarm of a sort is open at most"
        return found[0] if found else None

    @rule(wait_s=WAITS, code=CODES)
    def check_in(self, wait_s: int, code: Verdict) -> None:
        self.number += 1
        self.now_ms += 1000
        press, overdue = said(self.number, self.now_ms, wait_s, code), self.open("overdue")
        step = self.take(press)
        self.sent.append(press)
        if code is Verdict.DURESS:
            assert step.alarm is not None
            assert step.alarm.kind == "duress"
            assert step.promises is None, "what she promised is awaited as it was"
            return
        assert step.sending is None, "a check-in goes to no route"
        assert (step.alarm is None) == (overdue is None), "in an open alarm it is shown"
        locked = self.model.tried >= MAX_WRONG_CODES or (overdue is not None and (overdue.wrong_codes or 0) >= 3)
        if code is Verdict.RIGHT and not locked:
            self.model = Model([])
        elif code is not Verdict.NONE and (wait_s or self.model.due_ms):
            self.model.tried += 1
        if wait_s:
            self.model.due_ms.append(self.now_ms + 1000 * wait_s)

    @rule(passes_s=st.sampled_from([30, 100, 1000, 5000]))
    def time_passes(self, passes_s: int) -> None:
        self.now_ms += 1000 * passes_s
        late = [due for due in self.model.due_ms if due <= self.now_ms]
        due = promises.due(self.spool.read(), self.now_ms)
        assert len(due) == len(late)
        before = self.open("overdue")
        for press in due:
            if press not in promises.due(self.spool.read(), self.now_ms):
                continue  # the alarm took the place of all that she promised
            row = presses.row(self.spool.read(), press)
            assert row is not None
            assert row.raw is not None, "what she said is there when it is needed"
            step = self.take(row.pressed, ran_out=True)
            assert step.alarm is not None
            assert (step.alarm.kind, step.alarm.silent) == ("overdue", True)
            assert (step.sending is None) == (before is not None)
            assert step.alarm.raised_at == (before or step.alarm).raised_at
            self.opened += before is None
        if late:
            assert self.open("overdue") is not None
            self.model = Model([])

    @rule(hour_ms=st.sampled_from([3_600_000, -3_600_000]))
    def clock_is_set(self, hour_ms: int) -> None:
        with self.spool.write() as spool:
            promises.carry(spool, ClockStep(self.now_ms, self.now_ms + hour_ms))
        self.now_ms += hour_ms
        self.model.due_ms = [due + hour_ms for due in self.model.due_ms]

    @rule()
    def a_bridge_starts(self) -> None:
        with self.spool.write() as spool:
            promises.wait_for_news(spool, self.now_ms)
        self.model.due_ms = [max(due, self.now_ms + LATE_MS) for due in self.model.due_ms]

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        again = data.draw(st.sampled_from(self.sent))
        before = self.picture()
        assert self.take(replace(again, received_ms=self.now_ms, broker="b")).is_known
        assert self.picture() == before

    @precondition(lambda self: self.open("overdue"))
    @rule()
    def close(self) -> None:
        alarm, at = self.open("overdue"), ids.time_of_ms(self.now_ms)
        assert alarm is not None
        covers = tuple(sorted(map(lineage.cover, presses.identities(self.spool.read(), alarm.alarm))))
        alarm = life.act(alarm, "accept", BAKKER, at, self.now_ms)
        closed = ids.Sha256("e" * 64)
        alarm = life.act(alarm, "close", BAKKER, at, self.now_ms, "accidental", statement=closed, covers=covers)
        with self.spool.write() as spool:
            spool.save_alarm(alarm)

    def picture(self) -> object:
        sql = self.spool.read().sql
        tables = ("alarm", "press", "statement", "outbox", "promise")
        return [sql.execute(f"SELECT * FROM {one}").fetchall() for one in tables]  # noqa: S608 - our own names

    @invariant()
    def the_soonest_is_awaited(self) -> None:
        held = promises.held(self.spool.read(), DEVICE)
        first = promise.deadline(held)
        expected = min(self.model.due_ms, default=None)
        assert (None if first is None else first.due_ms) == expected

    @invariant()
    def what_is_over_leaves_no_bytes(self) -> None:
        held = {one.press for one in promises.held(self.spool.read(), DEVICE) if one.due_ms is not None}
        kept_raw = self.spool.read().sql.execute("SELECT identity FROM press WHERE raw IS NOT NULL AND alarm IS NULL")
        assert {row[0] for row in kept_raw} == held

    @invariant()
    def every_promise_that_was_broken_is_one_alarm(self) -> None:
        found = self.spool.read().sql.execute("SELECT count(*) FROM alarm WHERE sort = 'overdue'").fetchone()[0]
        assert found == self.opened


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=examples(40), stateful_step_count=30, deadline=None)
