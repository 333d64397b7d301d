"""The life of an alarm: a pure state machine. No clock, no disk, no network; every moment comes in as a value.

State rules (docs/adr/0003-alarm-path.md):
- `raised → delivered → claimed → accepted → dispatched → on_scene → closed`. Nothing moves backwards, but a claim
  that ran out (`device_bridge.alarm.escalation`).
- *Delivered* means that a route's software took it. Only *accepted* says that a named human has it.
- A claim is a lease that its console renews: a colleague may take over when it has run out, or once the alarm was
  escalated because nobody accepted it.
- `revision` counts what an operator must have seen before acting: acts, presses, cancels, a claim that ran out. What
  routes report does not count.
- Only an alarm that a human accepted can be closed, with a reason. Nothing times out into closed.
- Whoever takes it over has it from then on: their name, their five minutes. The state stays.
- A close that a second pair of eyes is to see can be looked at by anybody else; that is all that a closed alarm takes.
- A further press of the device folds into its open alarm of the same sort. A test never swallows a real press.
- A cancel is a request shown to the operator, with what its code was. Duress raises the priority. Neither moves
  the state.
- A press fails open: odd counters, odd clocks and late arrivals are flagged, never refused.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from device_bridge.alarm.alarm import (
    TAKES,
    Act,
    Alarm,
    Claim,
    Closing,
    Code,
    Done,
    Entry,
    Person,
    Push,
    RouteReport,
    State,
)
from device_bridge.alarm.press import Pressed
from device_bridge.errors import AlarmError, StaleError
from evidence import ids
from evidence.statements.alarm_words import AlarmKind, CloseReason

CANCEL_FLAGS: Final[dict[Code, tuple[str, str]]] = {
    "none": ("cancel-asked", "cancel asked"),
    "right": ("cancel-right-code", "cancel asked with the right code"),
    "wrong": ("cancel-wrong-code", "cancel asked with a wrong code"),
}
"""Flag and line in the history, by what the code of a cancel was."""

NO_EMERGENCY: Final = frozenset({"accidental", "test", "technical"})
"""Reasons of closing after which a control room that was given the alarm is told that it was none."""

SECOND_LOOK: Final = "second-look"
"""The flag of a close that every desk sees, and its route in the journal, where her caseworker sees it."""

QUICK_S: Final = 60
"""A close within this time of the press is looked at by a second pair of eyes."""

NOT_TO_DISPATCHERS: Final = frozenset({"console-siren", "device", SECOND_LOOK})
"""Names in reports that are no way to a dispatcher: they never make an alarm *delivered*."""

MAX_HISTORY: Final = 60
"""Entries kept with an alarm (the journal has all): a finger on the button must slow neither console nor spool."""

_ALLOWED: Final[dict[Act, tuple[State, ...]]] = {
    "claim": ("raised", "delivered", "claimed"),
    "accept": ("raised", "delivered", "claimed"),
    "dispatch": ("accepted",),
    "on_scene": ("dispatched",),
    "close": ("accepted", "dispatched", "on_scene"),
    "take_over": ("accepted", "dispatched", "on_scene"),
    "look": ("closed",),
}
LEADS_TO: Final[dict[Act, State]] = {
    "claim": "claimed",
    "accept": "accepted",
    "dispatch": "dispatched",
    "on_scene": "on_scene",
    "close": "closed",
}
"""The other acts leave the state as it is."""

ACTS: Final[dict[str, Act]] = {f"alarm.{act}": act for act in _ALLOWED}
"""Statement type → act."""


def sort_of(kind: AlarmKind) -> str:
    """Return what folds together: every real press, every test, every tampering."""
    return "real" if kind in ("press", "duress") else kind


def is_urgent(kind: AlarmKind) -> bool:
    """Whether a person may be in danger: it is escalated, and she is followed while it is open."""
    return kind in ("press", "duress", "overdue")


def raise_alarm(
    alarm: ids.AlarmId,
    press: Pressed,
    *,
    case: ids.CaseId,
    kind: AlarmKind,
    flags: tuple[str, ...],
    card: ids.ItemId | None = None,
    generation: int | None = None,
    orphan: bool | None = None,
) -> Alarm:
    """Open an alarm for a press that joins none; a cancel does that only with the duress code, a check-in also late."""
    push = Push(press.boot, press.counter)
    return Alarm(
        alarm=alarm,
        device=press.device,
        case=case,
        kind=kind,
        state="raised",
        raised_at=press.received_at,
        press=push,
        last_press=push,
        repeats=0,
        flags=flags,
        history=(Entry(press.received_at, f"raised: {kind}", f"device, by {press.broker}", entry_of(push)),),
        routes=(),
        card=card,
        age_s=press.age_s,
        silent=True if press.is_typed else None,
        generation=generation,
        orphan=orphan,
    )


def repeat(alarm: Alarm, press: Pressed, flags: tuple[str, ...]) -> Alarm:
    """Fold a further press into its open alarm; AlarmError when that is closed. Duress raises the priority."""
    _refuse_closed(alarm)
    duress = "duress" in flags
    push = Push(press.boot, press.counter)
    return noted(
        replace(
            seen(alarm),
            kind="duress" if duress else alarm.kind,
            silent=alarm.silent if press.is_typed else None,
            repeats=alarm.repeats + 1,
            last_press=push,
            flags=tuple(sorted({*alarm.flags, *flags})),
        ),
        Entry(press.received_at, "duress" if duress else "pressed again", f"device, by {press.broker}", entry_of(push)),
    )


def repeats(alarm: Alarm, pushes: Collection[Push]) -> int:
    """Return how often an alarm was pressed again, by its presses; the one that opened it may not be among them."""
    return len(pushes) - (alarm.press in pushes)


def entry_of(push: Push) -> str:
    """Name the line in the history that a press makes."""
    return f"press {push.boot}.{push.counter}"


def ask_cancel(alarm: Alarm, press: Pressed, code: Code) -> Alarm:
    """Show the operator that the device asks to cancel, and with which code. The state stays: only a human closes."""
    _refuse_closed(alarm)
    flag, words = CANCEL_FLAGS[code]
    wrong = (alarm.wrong_codes or 0) + (code == "wrong")
    flagged = replace(seen(alarm), flags=tuple(sorted({*alarm.flags, flag})), wrong_codes=wrong)
    line = entry_of(Push(press.boot, press.counter))
    return noted(flagged, Entry(press.received_at, words, f"device, by {press.broker}", line))


def report(alarm: Alarm, outcome: RouteReport) -> Alarm:
    """Record what became of the alarm on a route; the first delivery moves *raised* to *delivered*."""
    others = tuple(known for known in alarm.routes if known.route != outcome.route)
    reached = outcome.outcome == "delivered" and outcome.route not in NOT_TO_DISPATCHERS
    delivered = reached and alarm.state == "raised"
    state: State = "delivered" if delivered else alarm.state
    said = f"{outcome.outcome}: {outcome.detail}"
    entry = Entry(outcome.at, said, outcome.route, code=outcome.code, about=outcome.about)
    return noted(replace(alarm, routes=(*others, outcome), state=state), entry)


def act(
    alarm: Alarm,
    what: Act,
    by: Person,
    at: ids.Time,
    at_ms: int,
    reason: CloseReason | None = None,
    *,
    statement: ids.Sha256 | None = None,
    covers: tuple[str, ...] | None = None,
) -> Alarm:
    """Carry out a dispatcher's act. AlarmError, in words for the console, when the state does not allow it.

    `statement` names the act for other bridges; `covers` says which presses whoever closes had before them.
    """
    _refuse(alarm, what, by, at_ms)
    if (what == "close") != (reason is not None):
        raise AlarmError("an alarm is closed with a reason, and nothing else has one")
    changed = replace(seen(alarm), state=LEADS_TO.get(what, alarm.state))
    if what == "claim":
        changed = replace(changed, claim=Claim(by, at_ms))
    elif what in TAKES:
        changed = replace(changed, accepted_by=by, counting_ms=None)
    elif reason is not None:
        changed = replace(changed, closed=Closing(reason, by, at))
        if wants_second_look(alarm, reason, at):
            changed = replace(changed, flags=tuple(sorted({*alarm.flags, SECOND_LOOK})))
    if statement is not None:
        done = Done(statement, what, by, at, at_ms, reason, covers if what == "close" else None)
        changed = replace(changed, acts=(*changed.acts, done))
    return noted(changed, Entry(at, said_of(what) + (f": {reason}" if reason else ""), by.label, statement))


def said_of(what: Act) -> str:
    """Return the word of an act in a history."""
    return LEADS_TO.get(what) or {"take_over": "taken_over"}.get(what, "looked")


def renew(alarm: Alarm, by: ids.KeyId, at_ms: int) -> Alarm:
    """Let a claim live on, because the console of who has it is still there; AlarmError when it is not theirs now.

    It is no act and no news: neither history nor `revision` change.
    """
    held = alarm.claim
    if alarm.state != "claimed" or held is None or held.person.kid != by or at_ms >= held.until_ms:
        raise AlarmError("you do not have this alarm in view any more")
    return replace(alarm, claim=replace(held, renewed_ms=at_ms))


def refuse_stale(alarm: Alarm, expected: int | None) -> None:
    """Raise StaleError when who acts had seen another revision than the present one (None: any will do)."""
    present = alarm.revision or 0
    if expected is not None and expected != present:
        raise StaleError(f"the alarm has changed since: it is at revision {present}, the act was for {expected}")


def wants_second_look(alarm: Alarm, reason: CloseReason, at: ids.Time) -> bool:
    """Whether another desk looks at this close too: so quick that nobody can have helped her, or as no emergency."""
    if not is_urgent(alarm.kind):
        return False
    quick_s = (ids.moment_of(at) - ids.moment_of(alarm.raised_at)).total_seconds()
    return reason in NO_EMERGENCY or 0 <= quick_s < QUICK_S


def _refuse(alarm: Alarm, what: Act, by: Person, at_ms: int) -> None:
    """Raise AlarmError when the alarm's state does not allow this act of this person."""
    if what == "look":
        _refuse_look(alarm, by)
    else:
        _refuse_closed(alarm)
    if alarm.state not in _ALLOWED[what]:
        raise AlarmError(f"an alarm that is {alarm.state} cannot be given the act {what}")
    if what in ("claim", "accept"):
        _refuse_claimed_by_another(alarm, by, at_ms)
    if what == "take_over" and alarm.accepted_by is not None and alarm.accepted_by.kid == by.kid:
        raise AlarmError("this alarm is on your name already")


def _refuse_look(alarm: Alarm, by: Person) -> None:
    """Raise AlarmError unless somebody else is to look at how it was closed."""
    if SECOND_LOOK not in alarm.flags or alarm.closed is None:
        raise AlarmError("nobody was asked to look at this alarm too")
    if alarm.closed.by.kid == by.kid:
        raise AlarmError("whoever closed it has looked already: this is for somebody else")


def _refuse_closed(alarm: Alarm) -> None:
    if not alarm.is_open:
        raise AlarmError("this alarm is closed; a further press opens a new one")


def _refuse_claimed_by_another(alarm: Alarm, by: Person, at_ms: int) -> None:
    held = alarm.claim
    if held is None or held.person.kid == by.kid or at_ms >= held.until_ms or alarm.escalation is not None:
        return
    raise AlarmError(f"{held.person.label} has this alarm in hand")


def seen(alarm: Alarm) -> Alarm:
    """Count a change that an operator must have seen before acting on the alarm."""
    return replace(alarm, revision=(alarm.revision or 0) + 1)


def noted(alarm: Alarm, entry: Entry) -> Alarm:
    """Add a line; of an overlong history the beginning and the end are kept, because both matter."""
    history = (*alarm.history, entry)
    if len(history) > MAX_HISTORY:
        half = MAX_HISTORY // 2
        history = (*history[:half], *history[-half:])
    return replace(alarm, history=history)
