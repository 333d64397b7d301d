"""The decision about a press: pure, from what is known to what changes (`device_bridge.alarm.step`). No clock, no disk.

Rules, in their order (`docs/formats/device.md`; ADR 0003, ADR 0015, ADR 0022):

1. What has the identity of a press that was stored is that press, whatever it arrives in: nothing changes.
2. A press fails open. A number that is not newer than the newest, or far ahead of it, is flagged, never refused; so is
   what its own fields say of themselves (`device_bridge.alarm.press`). One that another broker's overtook is not odd.
3. A cancel, or a check-in, whose code is the duress code is duress, always, and says so to nobody who looks at the
   device. What she promised before is awaited as it was.
4. Any other cancel is shown in the open alarm, a real one before a test, with what its code was, and changes nothing
   else. After three wrong codes in one alarm a right one is wrong. With nothing open it is only remembered.
5. A test is a test inside a window that was announced; outside, it is a press.
6. A check-in is a promise, which is held (`device_bridge.alarm.promise`) and raises nothing. In an open alarm of the
   sort overdue it is shown like a cancel. When its moment passes it raises such an alarm. Everything else is a press,
   duress or tampering, as it says.
7. A press that the closing of an alarm covers was seen by whoever closed it: it belongs there and raises nothing.
8. A press joins the open alarm of its sort. A test never swallows a real press; duress makes the alarm duress.
9. Otherwise it raises the alarm that follows the one of its device and sort that was closed last: every bridge names
   it alike (`device_bridge.alarm.lineage`). A spool that may lack alarms names it after the press instead.
10. An alarm that is new, or that became duress, goes to its routes; for any other press those that wait get its place.
    Of a new alarm the bridge that has the lease sends at once and the others give it time; added duress goes out from
    every bridge at once.
11. Everything that raised or joined an alarm is said to the journal, once.
12. A press that was in an alarm which was closed without it says from where it was moved, so that it counts once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol, cast

from device_bridge.alarm import life, numbers, promise
from device_bridge.alarm.alarm import Alarm, Code, Push
from device_bridge.alarm.escalation import Stage, Turn, stages_begun, unix_ms
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.step import Known, Last, Remaining, Sending, Step
from device_bridge.wire.codes import MAX_WRONG_CODES
from evidence import ids
from evidence.statements.bodies import AlarmKind

OVERTAKEN_MS: Final = 5_000
"""Brokers differ by milliseconds; one that was away for longer brings what is old."""

_CANCELLED: Final = ("real", "overdue", "test")
"""What a cancel is about, the first that is open."""


class Plan(Protocol):
    """Which routes an alarm of a kind takes: at once, and later in their turn."""

    def at_once(self, kind: AlarmKind) -> list[str]:
        """Return the names of those that it is sent on as soon as it is stored."""
        ...

    def later(self, kind: AlarmKind, raised_ms: int, pressed_ms: int) -> list[Turn]:
        """Return what waits (moments in Unix milliseconds)."""
        ...


@dataclass(frozen=True)
class Setting:
    """What surrounds a press and is no fact of it: whose the device is, how alarms are named and sent.

    `name` gives the id of the alarm of a sort that follows another (None: the first), `orphan` that of one of whose
    forerunner nobody knows. `moved_from` is the alarm that the press was in, and that was closed without it.
    `ran_out`: it is a check-in whose moment has passed.
    """

    case: ids.CaseId
    card: ids.ItemId | None
    name: Callable[[str, Last | None], ids.AlarmId]
    orphan: Callable[[str, ids.Sha256], ids.AlarmId]
    plan: Plan
    sends_first: bool
    moved_from: ids.AlarmId | None = None
    ran_out: bool = False


def decide(press: Pressed, known: Known, setting: Setting) -> Step:
    """Return what this press changes."""
    if known.seen is not None:  # 1
        return Step(press, known.seen.alarm, ("duplicates",), is_known=True)
    odd = known.newest is not None and press.number <= known.newest and not _is_overtaken(press, known.open)
    ahead = numbers.is_ahead(press.number, known.newest)
    by_number = {*(("counter-odd",) if odd else ()), *(("boot-ahead",) if ahead else ())}
    flags = tuple(sorted({*press.flags, *by_number, *_moved(setting)}))  # 2, 12
    if press.is_typed and press.code == "duress":
        flags = tuple(sorted({*flags, "duress", "duress-code"}))  # 3
    elif press.kind == "cancel":
        return _cancel(press, known, setting)  # 4
    elif press.kind == "check-in":  # 6
        if not setting.ran_out:
            return _check_in(press, known, setting)
        ran_out = replace(setting, ran_out=False)
        step = _alarm(press, known, ran_out, flags)
        return replace(step, counts=("check-in.overdue",), promises=promise.over(known.promises, press.identity))
    return _alarm(press, known, setting, flags)


def _is_overtaken(press: Pressed, alarms: tuple[Alarm, ...]) -> bool:
    """Whether one that was pushed after it came a moment ago over another broker, and nothing had its number."""
    for alarm in alarms:
        lines = {line.id: line.at for line in alarm.history}
        last_at = lines.get(life.entry_of(alarm.last_press))
        if last_at is None or alarm.last_press.boot != press.boot:
            continue
        number = life.entry_of(Push(press.boot, press.counter))
        if number not in lines and abs(press.received_ms - unix_ms(last_at)) < OVERTAKEN_MS:
            return True
    return False


def _alarm(press: Pressed, known: Known, setting: Setting, flags: tuple[str, ...]) -> Step:
    kind = _kind(press, test_window=known.test_window)  # 5, 6
    if press.kind == "test" and kind != "test":
        flags = tuple(sorted({*flags, "test-outside-window"}))
    if known.covered_by is not None:  # 7
        return Step(press, known.covered_by, _taken(press))
    sort = life.sort_of(kind)
    alarm = _open(known, sort)
    if alarm is not None:
        return _joined(press, alarm, life.repeat(alarm, press, flags), kind, flags, setting)  # 8
    last = dict(known.last).get(sort)
    raised = life.raise_alarm(  # 9
        setting.orphan(sort, press.identity) if known.blind else setting.name(sort, last),
        press,
        case=setting.case,
        kind=kind,
        flags=flags,
        card=setting.card,
        generation=1 if last is None else last.generation + 1,
        orphan=True if known.blind else None,
    )
    return Step(
        press,
        raised.alarm,
        _taken(press),
        raised,
        Remaining("raise", kind, flags, sends=True, moved_from=setting.moved_from),  # 11
        tells=True,
        tested=kind == "test",
        sending=replace(_sending(raised, press, setting.plan), yields=not setting.sends_first),  # 10
    )


def _joined(
    press: Pressed, before: Alarm, alarm: Alarm, kind: AlarmKind, flags: tuple[str, ...], setting: Setting
) -> Step:
    sends = alarm.kind == "duress" and before.kind != "duress"
    return Step(
        press,
        alarm.alarm,
        _taken(press),
        alarm,
        Remaining("repeat", alarm.kind, flags, sends=sends, moved_from=setting.moved_from),
        tested=kind == "test",
        sending=_sending(alarm, press, setting.plan) if sends else None,
    )


def _cancel(press: Pressed, known: Known, setting: Setting) -> Step:
    alarm = next((found for sort in _CANCELLED if (found := _open(known, sort)) is not None), None)
    code = cast("Code", press.code or "none")
    if code == "right" and alarm is not None and (alarm.wrong_codes or 0) >= MAX_WRONG_CODES:
        code = "wrong"
    counts = (*_taken(press), f"cancel.{code}")
    if alarm is None:
        return Step(press, None, counts)
    return _asked(press, alarm, code, counts, setting)


def _asked(press: Pressed, alarm: Alarm, code: Code, counts: tuple[str, ...], setting: Setting) -> Step:
    flags = (life.CANCEL_FLAGS[code][0],)
    asked = life.ask_cancel(alarm, press, code)
    remaining = Remaining("repeat", alarm.kind, flags, sends=False, moved_from=setting.moved_from)
    return Step(press, alarm.alarm, counts, asked, remaining)


def _check_in(press: Pressed, known: Known, setting: Setting) -> Step:
    alarm, code = _open(known, "overdue"), promise.code_of(known.promises, press)
    if code == "right" and alarm is not None and (alarm.wrong_codes or 0) >= MAX_WRONG_CODES:
        code = "wrong"
    held = promise.after(known.promises, press, code)
    step = Step(press, None, (*_taken(press), f"check-in.{code}"), promises=held)
    if alarm is None:
        return step
    asked = _asked(press, alarm, code, step.counts, setting)
    if promise.awaits(held, press.identity):  # it may yet open an alarm of its own
        return replace(step, alarm=asked.alarm)
    return replace(asked, promises=held)


def _sending(alarm: Alarm, press: Pressed, plan: Plan) -> Sending:
    turns = plan.later(alarm.kind, unix_ms(alarm.raised_at), press.received_ms)
    people = [turn.route for turn in turns if turn.stage is Stage.LAST and press.tells_people]
    if alarm.accepted_by is not None:
        turns = [turn for turn in turns if turn.stage is Stage.ALTERNATE]
    return Sending((*plan.at_once(alarm.kind), *people), tuple(turns), tuple(stages_begun(alarm)))


def _moved(setting: Setting) -> tuple[str, ...]:
    return () if setting.moved_from is None else ("moved",)


def _kind(press: Pressed, *, test_window: bool) -> AlarmKind:
    match press.kind:
        case "test":
            return "test" if test_window else "press"
        case "cancel":
            return "duress"
        case "check-in":
            return "duress" if press.code == "duress" else "overdue"
        case kind:
            return kind


def _open(known: Known, sort: str) -> Alarm | None:
    """Of two open alarms of one sort one that is no orphan, the later, the lower id: all bridges mean the same."""
    found = [alarm for alarm in known.open if life.sort_of(alarm.kind) == sort]
    return min(found, key=lambda one: (bool(one.orphan), -(one.generation or 0), one.alarm), default=None)


def _taken(press: Pressed) -> tuple[str, ...]:
    return (f"taken.{press.kind}",)
