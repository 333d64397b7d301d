"""What presses do, in any history: every press is in one alarm, a replay changes nothing, and nothing is swallowed."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device_bridge.alarm import life, lineage
from device_bridge.alarm.alarm import Alarm, Person, Received
from device_bridge.alarm.escalation import Stage, Turn
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.step import Last, Step
from device_bridge.intake.decide import Setting, decide
from device_bridge.spool import presses
from device_bridge.spool.connection import Spool
from device_bridge.wire.codes import MAX_WRONG_CODES, Verdict
from device_bridge.wire.message import DeviceMessage, Kind, PressId
from evidence import ids, keys
from evidence.statements.bodies import AlarmKind
from tests.support.pressing import kept
from tests.support.sizes import examples

DEVICE, CASE = ids.DeviceId("a" * 32), ids.CaseId("c" * 32)
BAKKER = Person(ids.KeyId("1" * 32), "Bakker")
START_MS = 1_790_000_000_000
BRIDGE = keys.BridgeIdentity.generate()
RAISING = [Kind.PRESS, Kind.DURESS, Kind.TAMPER, Kind.TEST]


class Routes:
    """Two routes at once, an alternate and a second centre later."""

    def at_once(self, kind: AlarmKind) -> list[str]:
        return ["console", "centre"] if kind != "tamper" else ["console"]

    def later(self, kind: AlarmKind, raised_ms: int, pressed_ms: int) -> list[Turn]:
        turns = [Turn("other", Stage.ALTERNATE, pressed_ms + 5000, "centre")]
        return turns if kind in ("test", "tamper") else [*turns, Turn("second", Stage.SECOND, raised_ms + 30_000)]


def name(sort: str, last: Last | None) -> ids.AlarmId:
    return lineage.alarm_id(BRIDGE, DEVICE, sort, None if last is None else last.alarm)


def orphan(sort: str, press: ids.Sha256) -> ids.AlarmId:
    return lineage.orphan_id(lineage.press_key(BRIDGE), DEVICE, sort, press)


class Histories(RuleBasedStateMachine):
    """One bridge, one device; whoever closes may be at another bridge, which had fewer presses, or others."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.spool = Spool(Path(self.folder.name) / "spool.db")
        self.now_ms = START_MS
        self.number = 0
        self.sent: list[Pressed] = []
        self.elsewhere: dict[ids.Sha256, ids.AlarmId] = {}
        """Presses that the other bridge had in an alarm which was closed there, and that did not come here yet."""

    def teardown(self) -> None:
        self.spool.close()
        self.folder.cleanup()

    def said(self, kind: Kind, counter: int, code: Verdict | None = None) -> Pressed:
        """Make a press that was never sent before, whatever its number."""
        self.number += 1
        self.now_ms += 1000
        message = DeviceMessage(DEVICE, PressId(1, counter), self.number, None, 0, kind, None, "", None)
        return kept(message, Received(self.now_ms, ids.time_of_ms(self.now_ms), "a"), code)

    def take(self, press: Pressed, moved_from: ids.AlarmId | None = None) -> Step:
        setting = Setting(CASE, None, name, orphan, Routes(), sends_first=True, moved_from=moved_from)
        with self.spool.write(press=True) as spool:
            step = decide(press, presses.known(spool, press, anew=moved_from is not None), setting)
            presses.apply(spool, step, b"raw")
        return step

    def open(self, sort: str) -> Alarm | None:
        found = [one for one in self.spool.read().open_alarms(DEVICE) if life.sort_of(one.kind) == sort]
        assert len(found) <= 1, "one alarm of a sort is open at most"
        return found[0] if found else None

    @rule(kind=st.sampled_from(RAISING), back=st.integers(0, 3))
    def press(self, kind: Kind, back: int) -> None:
        window = self.spool.read().test_window_open(DEVICE, self.now_ms + 1000)
        press = self.said(kind, max(0, self.number - back))
        sort = {Kind.TAMPER: "tamper", Kind.TEST: "test" if window else "real"}.get(kind, "real")
        before, newest = self.open(sort), self.spool.read().newest_press(DEVICE)
        known_open = self.spool.read().open_alarms(DEVICE)
        step = self.take(press)
        self.sent.append(press)
        assert step.alarm is not None
        assert life.sort_of(step.alarm.kind) == sort, "a test swallows no press, and a press no test"
        alone = not [one for one in known_open if one.last_press.boot == press.boot]
        assert ("counter-odd" in step.alarm.flags) >= (newest is not None and press.number <= newest and alone)
        if kind is Kind.DURESS:
            assert step.alarm.kind == "duress"
        if before is not None:
            assert (step.alarm.alarm, step.alarm.repeats) == (before.alarm, before.repeats + 1)
            assert step.alarm.revision == (before.revision or 0) + 1
        else:
            assert step.alarm.repeats == 0
        escalates = before is None or (kind is Kind.DURESS and before.kind != "duress")
        assert (step.sending is not None) == escalates, "routes are told of what is new or became worse"
        assert step.remaining is not None, "it is said to the journal"
        assert step.remaining.says == ("raise" if before is None else "repeat")

    @rule(code=st.sampled_from(list(Verdict)))
    def cancel(self, code: Verdict) -> None:
        before = self.open("real") or self.open("test")
        real = self.open("real")
        press = self.said(Kind.CANCEL, self.number + 1, code)
        step = self.take(press)
        self.sent.append(press)
        if code is Verdict.DURESS:
            assert step.alarm is not None
            assert step.alarm.kind == "duress"
            assert {"duress", "duress-code"} <= set(step.alarm.flags)
            assert real is None or step.alarm.alarm == real.alarm
            assert step.alarm.silent is (True if real is None else real.silent)
            return
        if before is None:
            assert (step.alarm, step.remaining, step.belongs) == (None, None, None)
            return
        assert step.alarm is not None
        told = (before.kind, before.state, before.repeats, before.closed, before.escalation)
        now = step.alarm
        assert (now.kind, now.state, now.repeats, now.closed, now.escalation) == told
        tried = (before.wrong_codes or 0) >= MAX_WRONG_CODES
        shown = "wrong" if code is Verdict.RIGHT and tried else code.value
        assert life.CANCEL_FLAGS[shown][0] in now.flags  # type: ignore[index] # one of the three
        assert step.sending is None

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """The same press in other bytes, later, over another broker: whatever became of its alarm meanwhile."""
        again = data.draw(st.sampled_from(self.sent))
        self.now_ms += 1000
        before = self.picture()
        later = replace(again, received_ms=self.now_ms, received_at=ids.time_of_ms(self.now_ms), broker="b")
        step = self.take(replace(later, cose_sha256=ids.Sha256("f" * 64)))
        assert step.is_known
        assert self.picture() == before

    @rule(sort=st.sampled_from(["real", "test", "tamper"]), left_out=st.integers(0, 3), more=st.booleans())
    def close(self, sort: str, left_out: int, more: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        """Close at another bridge, which did not have the last presses, and perhaps had one that did not come here."""
        alarm = self.open(sort)
        if alarm is None:
            return
        rows = presses.of_alarm(self.spool.read(), alarm.alarm)
        known = rows[: max(0, len(rows) - left_out)] if sort == "real" else rows
        covers = [lineage.cover(one.pressed.identity) for one in known]
        if more and sort == "real":
            unheard = self.said(Kind.PRESS, self.number + 1)
            self.elsewhere[unheard.identity] = alarm.alarm
            covers.append(lineage.cover(unheard.identity))
            self.unheard = unheard
        at = ids.time_of_ms(self.now_ms)
        accepted = life.act(alarm, "accept", BAKKER, at, self.now_ms) if alarm.accepted_by is None else alarm
        closed = life.act(
            accepted, "close", BAKKER, at, self.now_ms, "genuine", statement=ids.Sha256("e" * 64), covers=tuple(covers)
        )
        with self.spool.write() as spool:
            spool.save_alarm(closed)
        for row in rows[len(known) :]:
            self.take(row.pressed, alarm.alarm)

    @precondition(lambda self: self.elsewhere)
    @rule()
    def hear_late(self) -> None:
        """What somebody closed at the other bridge comes here by a broker: it belongs there, and raises nothing."""
        alarm = self.elsewhere.pop(self.unheard.identity, None)
        if alarm is None:
            return
        step = self.take(self.unheard)
        assert (step.belongs, step.alarm, step.sending) == (alarm, None, None)

    @rule()
    def announce_test(self) -> None:
        with self.spool.write() as spool:
            spool.open_test_window(DEVICE, self.now_ms + 5000)

    def picture(self) -> object:
        sql = self.spool.read().sql
        tables = ("alarm", "press", "statement", "outbox", "held")
        return [sql.execute(f"SELECT * FROM {one}").fetchall() for one in tables]  # noqa: S608 - our own names

    @invariant()
    def every_press_is_in_one_alarm_and_said_once(self) -> None:
        reading = self.spool.read()
        said = reading.sql.execute("SELECT count(DISTINCT id), count(*) FROM statement").fetchone()
        assert said[0] == said[1]
        raises = 0
        for press in self.sent:
            row = presses.row(reading, press.identity)
            assert row is not None, "what was stored is there"
            if press.kind == "cancel" and press.code != "duress":
                continue
            assert row.alarm is not None, "every press is in an alarm"
            raises += row.remaining is not None and row.remaining.says == "raise"
            alarm = reading.alarm(row.alarm)
            assert press.kind == "tamper" or alarm.kind != "tamper"
            assert alarm.kind == "test" or press.kind != "test" or "test-outside-window" in alarm.flags or alarm.repeats
        alarms = reading.sql.execute("SELECT count(*) FROM alarm").fetchone()[0]
        assert alarms >= raises, "no two presses raised one alarm"

    @invariant()
    def a_name_is_given_once(self) -> None:
        rows = self.spool.read().sql.execute("SELECT sort, generation, count(*) FROM alarm GROUP BY 1, 2").fetchall()
        assert all(count == 1 for *_, count in rows)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=examples(40), stateful_step_count=25, deadline=None)


@pytest.mark.parametrize(
    ("counter", "after_ms", "odd"),
    [
        (2, 40, False),  # it came over the slower broker
        (2, 60_000, True),  # somebody held it back
        (3, 40, True),  # another message under the same number
        (1, 40, True),
        (4, 40, False),
    ],
)
def test_a_press_that_another_broker_overtook_is_not_odd(
    tmp_path: Path, counter: int, after_ms: int, *, odd: bool
) -> None:
    def said(number: int, at_ms: int) -> Pressed:
        message = DeviceMessage(DEVICE, PressId(1, number), at_ms, None, 0, Kind.PRESS, None, "", None)
        return kept(message, Received(START_MS + at_ms, ids.time_of_ms(START_MS + at_ms), "a"))

    setting = Setting(CASE, None, name, orphan, Routes(), sends_first=True)
    with Spool(tmp_path / "spool.db") as spool, spool.write(press=True) as writing:
        for press in (said(1, 0), said(3, 1000), said(counter, 1000 + after_ms)):
            presses.apply(writing, decide(press, presses.known(writing, press), setting), b"raw")
        (alarm,) = writing.open_alarms(DEVICE)
    assert ("counter-odd" in alarm.flags) is odd
