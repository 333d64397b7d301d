"""Refusals about alarms: raised, repeated, and acted upon."""

from collections.abc import Iterator
from dataclasses import replace

from evidence import ids
from evidence.statements import bodies
from evidence.statements.statement import Statement
from tests.support.refusals.world import ZERO, World, allowed, new, refused


def repeated(w: World, alarm: ids.AlarmId, press: ids.Sha256 = ZERO) -> bodies.AlarmRepeat:
    """Return the body of a further press."""
    return bodies.AlarmRepeat(alarm, bodies.Press(1, 2), press, ZERO, w.now)


@refused("exists", "this alarm exists")
def an_alarm_is_raised_twice(w: World) -> Iterator[Statement]:
    body = w.alarm_of(w.button)
    w.act(w.bridge, "alarm.raise", body)
    yield w.say(w.bridge, "alarm.raise", body)
    yield w.say(w.bridge, "alarm.raise", replace(body, device=w.far_button), w.elsewhere)


@refused("unknown-device", "this case has no such alarm device")
def an_alarm_is_raised_for_what_is_no_alarm_device_of_the_case(w: World) -> Iterator[Statement]:
    for device in (new(ids.DeviceId), w.here.device, w.far_button):
        yield w.say(w.bridge, "alarm.raise", w.alarm_of(device))


@refused("exists", "this press is in this alarm already")
def a_press_is_in_an_alarm_twice(w: World) -> Iterator[Statement]:
    body, other = w.alarm_of(w.button), ids.Sha256("1" * 64)
    w.act(w.bridge, "alarm.raise", body)
    yield w.say(w.bridge, "alarm.repeat", repeated(w, body.alarm))
    w.act(w.bridge, "alarm.repeat", repeated(w, body.alarm, other))
    yield w.say(w.bridge, "alarm.repeat", repeated(w, body.alarm, other))


@refused("unknown-alarm", "this case has no such alarm")
def an_act_is_on_no_alarm_of_this_case(w: World) -> Iterator[Statement]:
    theirs = w.alarm_of(w.far_button)
    w.act(w.bridge, "alarm.raise", theirs, w.elsewhere)
    for alarm in (new(ids.AlarmId), theirs.alarm):
        yield w.say(w.bridge, "alarm.repeat", repeated(w, alarm, ids.Sha256("1" * 64)))
        yield w.say(w.bridge, "alarm.raise", replace(w.alarm_of(w.button), moved_from=alarm))
        yield w.say(w.bridge, "alarm.fold", bodies.AlarmFold(alarm, alarm))
        yield from _acts(w, alarm)


@allowed
def an_alarm_is_raised_repeated_and_closed(w: World) -> Iterator[Statement]:
    body = w.alarm_of(w.button)
    yield w.say(w.bridge, "alarm.raise", body)
    w.act(w.bridge, "alarm.raise", body)
    yield w.say(w.bridge, "alarm.repeat", repeated(w, body.alarm, ids.Sha256("1" * 64)))
    yield from _acts(w, body.alarm)
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.button))
    yield w.say(w.bridge, "alarm.raise", w.alarm_of(w.button))


@refused("exists", "this alarm was folded already")
def an_alarm_is_folded_twice(w: World) -> Iterator[Statement]:
    orphan, other = _two(w)
    w.act(w.bridge, "alarm.fold", bodies.AlarmFold(orphan, other))
    yield w.say(w.bridge, "alarm.fold", bodies.AlarmFold(orphan, other))


@refused("folded", "an alarm is folded into another one")
def an_alarm_is_folded_into_itself(w: World) -> Iterator[Statement]:
    orphan, other = _two(w)
    yield w.say(w.bridge, "alarm.fold", bodies.AlarmFold(other, other))
    w.act(w.bridge, "alarm.fold", bodies.AlarmFold(orphan, other))
    yield w.say(w.bridge, "alarm.fold", bodies.AlarmFold(other, orphan))


@allowed
def an_alarm_is_folded_into_one_that_another_bridge_has_folded_meanwhile(w: World) -> Iterator[Statement]:
    (orphan, other), (last, _) = _two(w), _two(w)
    w.act(w.bridge, "alarm.fold", bodies.AlarmFold(other, last))
    yield w.say(w.bridge, "alarm.fold", bodies.AlarmFold(orphan, other))


def _two(w: World) -> tuple[ids.AlarmId, ids.AlarmId]:
    bodies_of = (w.alarm_of(w.button), w.alarm_of(w.button))
    for body in bodies_of:
        w.act(w.bridge, "alarm.raise", body)
    return bodies_of[0].alarm, bodies_of[1].alarm


def _acts(w: World, alarm: ids.AlarmId) -> Iterator[Statement]:
    yield w.say(w.bridge, "alarm.deliver", bodies.AlarmDeliver(alarm, "x", "delivered", "", w.now))
    for act in ("claim", "accept", "dispatch", "on_scene"):
        yield w.say(w.dispatcher, f"alarm.{act}", bodies.AlarmAct(alarm))
    yield w.say(w.dispatcher, "alarm.close", bodies.AlarmClose(alarm, "genuine"))
