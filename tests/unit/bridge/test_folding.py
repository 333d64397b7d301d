"""Orphans: which alarm one turns out to be, and what both are together."""

from dataclasses import replace

import pytest

from device_bridge.alarm import escalation, folding, life, lineage, merging
from device_bridge.alarm.alarm import Alarm, Person, Received
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.step import Known, Last
from device_bridge.intake.decide import Setting, decide
from device_bridge.routes.plan import Plan
from device_bridge.wire.message import DeviceMessage, Kind, PressId
from evidence import ids, keys
from tests.support.pressing import kept

DEVICE, CASE = ids.DeviceId("a" * 32), ids.CaseId("c" * 32)
BAKKER = Person(ids.KeyId("1" * 32), "Bakker")
NOW_MS = 1_790_000_000_000
AT = Received(NOW_MS, ids.time_of_ms(NOW_MS), "a")
LOW, HIGH = ids.AlarmId("1" * 32), ids.AlarmId("9" * 32)


def press(counter: int = 1) -> Pressed:
    return kept(DeviceMessage(DEVICE, PressId(1, counter), 0, None, 0, Kind.PRESS, None, "", None), AT)


def alarm(name: ids.AlarmId, *, orphan: bool = True) -> Alarm:
    return life.raise_alarm(name, press(), case=CASE, kind="press", flags=(), generation=1, orphan=orphan or None)


def nowhere(_alarm: Alarm) -> None:
    return None


@pytest.mark.parametrize("name", [LOW, HIGH])
def test_beside_an_alarm_that_follows_another_an_orphan_is_that_alarm(name: ids.AlarmId) -> None:
    followed = alarm(ids.AlarmId("5" * 32), orphan=False)
    assert folding.into(alarm(name), [followed], nowhere) == followed.alarm


def test_of_two_orphans_the_smaller_id_stays() -> None:
    assert folding.into(alarm(HIGH), [alarm(LOW)], nowhere) == LOW
    assert folding.into(alarm(LOW), [alarm(HIGH)], nowhere) is None


def test_an_orphan_of_a_recording_is_the_alarm_that_was_closed() -> None:
    assert folding.into(alarm(HIGH), [], lambda _one: LOW) == LOW
    assert folding.into(alarm(HIGH), [], nowhere) is None


def closed(name: ids.AlarmId) -> Alarm:
    taken = life.act(alarm(name), "accept", BAKKER, AT.at, NOW_MS, statement=ids.Sha256("e" * 64))
    return life.act(taken, "close", BAKKER, AT.at, NOW_MS, "genuine", statement=ids.Sha256("f" * 64))


@pytest.mark.parametrize(
    ("places", "open_there", "into"),
    [
        ([LOW], True, LOW),
        ([LOW], False, LOW),
        ([LOW, None], True, LOW),  # one press is there: the other is of the same alarm
        ([LOW, HIGH], True, LOW),  # as its own close says
        ([LOW, None], False, None),  # a recording and a press that is true: that is an alarm of its own
        ([LOW, ids.AlarmId("5" * 32)], True, None),
        ([None, HIGH], True, None),
        ([], True, None),
    ],
)
def test_a_closed_orphan_is_the_alarm_that_has_its_presses(
    places: list[ids.AlarmId | None], *, open_there: bool, into: ids.AlarmId | None
) -> None:
    assert folding.closed_into(closed(HIGH), places, lambda _name: open_there) == into


def test_the_close_of_an_orphan_goes_along_and_covers_its_own_presses_only() -> None:
    ended, together = folding.folded(closed(HIGH), alarm(LOW, orphan=False), AT.at, ("0" * 16,))
    assert (ended.folded_into, together.state) == (LOW, "closed")
    assert merging.covered(together) == frozenset({"0" * 16})


def test_acts_and_escalation_go_along() -> None:
    orphan = life.act(alarm(HIGH), "accept", BAKKER, AT.at, NOW_MS, statement=ids.Sha256("e" * 64))
    orphan = escalation.escalate(orphan, 1, AT.at)
    ended, together = folding.folded(orphan, alarm(LOW, orphan=False), AT.at)
    assert (ended.folded_into, ended.is_open) == (LOW, False)
    assert escalation.next_step(ended) is None, "what is folded has no deadlines"
    assert (together.alarm, together.accepted_by, together.state, together.stage) == (LOW, BAKKER, "accepted", 1)
    assert together.orphan is None


def test_what_is_heard_of_an_orphan_later_goes_along_too_and_once() -> None:
    orphan = alarm(HIGH)
    ended, together = folding.folded(orphan, alarm(LOW, orphan=False), ids.time_of_ms(NOW_MS + 1000))
    assert folding.joined(ended, together) == together, "nothing is new in it"
    late = life.act(orphan, "accept", BAKKER, AT.at, NOW_MS, statement=ids.Sha256("e" * 64))
    heard = merging.merge(ended, late)
    assert (heard.folded_into, heard.is_open) == (LOW, False)
    more = folding.joined(heard, together)
    assert (more.alarm, more.accepted_by, more.is_open) == (LOW, BAKKER, True)
    assert folding.joined(heard, more) == more
    assert "folded into another alarm" not in {line.what for line in more.history}, "that is said of the other one"


def test_an_alarm_that_was_folded_again_and_again_is_the_last_one_and_a_ring_is_none() -> None:
    middle = ids.AlarmId("5" * 32)
    known = {HIGH: replace(alarm(HIGH), folded_into=middle), middle: replace(alarm(middle), folded_into=LOW)}
    assert folding.standing(HIGH, known.get) is None, "the last one is not known here"
    known[LOW] = alarm(LOW)
    assert folding.standing(HIGH, known.get) == known[LOW]
    known[LOW] = replace(known[LOW], folded_into=HIGH)
    assert folding.standing(HIGH, known.get) is None


def test_of_two_orphans_the_one_that_stays_is_one_until_somebody_knows_what_came_before() -> None:
    _, together = folding.folded(alarm(HIGH), alarm(LOW), AT.at)
    assert together.orphan


def test_a_closed_alarm_stays_closed() -> None:
    closed = life.act(alarm(LOW, orphan=False), "accept", BAKKER, AT.at, NOW_MS)
    closed = life.act(closed, "close", BAKKER, AT.at, NOW_MS, "genuine")
    _, together = folding.folded(alarm(HIGH), closed, AT.at)
    assert together == closed


def test_two_blind_bridges_give_one_press_one_name_and_nobody_else_can_foretell_it() -> None:
    one, other = keys.BridgeIdentity.generate(), keys.BridgeIdentity.generate()
    name = lineage.orphan_id(lineage.press_key(one), DEVICE, "real", press().identity)
    assert name == lineage.orphan_id(lineage.press_key(one), DEVICE, "real", press().identity)
    others = {
        lineage.orphan_id(lineage.press_key(other), DEVICE, "real", press().identity),
        lineage.orphan_id(lineage.press_key(one), DEVICE, "test", press().identity),
        lineage.orphan_id(lineage.press_key(one), DEVICE, "real", press(2).identity),
        lineage.alarm_id(one, DEVICE, "real", None),
    }
    assert name not in others
    assert len(others) == 4


@pytest.mark.parametrize("blind", [True, False])
def test_only_a_blind_bridge_names_after_the_press(*, blind: bool) -> None:
    plan = Plan(first=())
    setting = Setting(CASE, None, lambda _sort, _last: LOW, lambda _sort, _press: HIGH, plan, sends_first=True)
    known = Known(blind=blind, last=(("real", Last(ids.AlarmId("2" * 32), 4)),))
    raised = decide(press(), known, setting).alarm
    assert raised is not None
    assert (raised.alarm, raised.orphan) == ((HIGH, True) if blind else (LOW, None))
    joined = decide(press(2), replace(known, open=(raised,)), setting).alarm
    assert joined is not None
    assert joined.alarm == raised.alarm, "a further press joins it, whatever it is called"
