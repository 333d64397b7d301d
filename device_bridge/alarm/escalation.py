"""Escalation: what happens when no human accepts an alarm. Pure rules, no clock and no disk.

- Thirty seconds without *accepted*: the second alarm centres, and the siren of every console. Sixty: the person on
  call, and the device is told to call 112. A claim does not stop this clock: looking is not accepting.
- After that everybody is told again every two minutes: only a person ends it.
- An alarm that was accepted, and for which nobody was dispatched in five minutes, is anybody's again.
- A claim that its console no longer renews runs out: the alarm is anybody's again, and the siren is raised again.
- Only real presses and duress are escalated. A test that nobody took, and tampering, are the caseworker's.
- Every moment follows from what is stored with the alarm, so that a bridge that was killed goes on where it was. A step
  of the wall clock moves them all by as much (`carried`): what is left of a wait stays what it was.
- Nothing here ever closes an alarm.

Figures: `docs/formats/device.md`, *When nobody accepts*.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, Literal

from device_bridge.alarm.alarm import Alarm, Claim, Entry, Escalation, Lapse, State
from device_bridge.alarm.life import NOT_TO_DISPATCHERS, is_urgent, noted, seen
from device_bridge.clock import Step
from evidence import ids

ALTERNATE_AFTER_MS: Final = 5_000
"""An alarm centre whose receiver does not answer within this is tried at its alternate receiver."""

SECOND_AFTER_MS: Final = 30_000
LAST_AFTER_MS: Final = 60_000
AGAIN_AFTER_MS: Final = 120_000
"""Long enough for a page to be answered, short enough for one that was slept through."""

DISPATCH_WITHIN_MS: Final = 300_000
"""A desk that lost its power after accepting must not keep the alarm (EN 50518 measures up to the action)."""


class Stage(IntEnum):
    """When a route gets its turn."""

    ALTERNATE = 0
    SECOND = 1
    LAST = 2


@dataclass(frozen=True)
class Turn:
    """A route that has to wait: until its stage comes, or (an alternate) until the route `instead_of` stays silent."""

    route: str
    stage: Stage
    due_ms: int
    instead_of: str = ""


Action = Literal["lapse", "second", "last", "again", "accept-lapse"]

_AFTER_MS: Final = {Stage.ALTERNATE: ALTERNATE_AFTER_MS, Stage.SECOND: SECOND_AFTER_MS, Stage.LAST: LAST_AFTER_MS}


def due_ms(raised_ms: int, stage: Stage) -> int:
    """Return when the routes of `stage` get their turn (Unix milliseconds)."""
    return raised_ms + _AFTER_MS[stage]


def unix_ms(at: ids.Time) -> int:
    """Return a stored moment as Unix milliseconds."""
    return round(ids.moment_of(at).timestamp() * 1000)


def next_step(alarm: Alarm) -> tuple[int, Action] | None:
    """Return what happens next if no human does anything, and when (Unix milliseconds); None for nothing."""
    if not alarm.is_open:
        return None
    real = is_urgent(alarm.kind)
    if alarm.accepted_by is not None:
        waits = real and alarm.state == "accepted"
        return (counts_from_ms(alarm) + DISPATCH_WITHIN_MS, "accept-lapse") if waits else None
    steps: list[tuple[int, Action]] = []
    if alarm.state == "claimed" and alarm.claim is not None:
        steps.append((alarm.claim.until_ms, "lapse"))
    if real:
        from_ms = counts_from_ms(alarm)
        if alarm.stage < Stage.SECOND:
            steps.append((due_ms(from_ms, Stage.SECOND), "second"))
        elif alarm.stage < Stage.LAST:
            steps.append((due_ms(from_ms, Stage.LAST), "last"))
        else:
            steps.append((from_ms + AGAIN_AFTER_MS, "again"))
    return min(steps, default=None)


def counts_from_ms(alarm: Alarm) -> int:
    """Return the moment from which the next stage counts, in the clock as it stands now (Unix milliseconds)."""
    if alarm.counting_ms is not None:
        return alarm.counting_ms
    if alarm.accepted_by is not None:
        return unix_ms(alarm.raised_at) if alarm.accepted_ms is None else alarm.accepted_ms
    if alarm.escalation is not None and alarm.stage == Stage.LAST:
        return unix_ms(alarm.escalation.at)
    return unix_ms(alarm.raised_at)


def carried(alarm: Alarm, step: Step) -> Alarm:
    """Return the alarm with the same time left to its next step, after the wall clock was set."""
    claim = alarm.claim
    if claim is not None and not step.stamped_after(claim.renewed_ms or claim.at_ms):
        claim = replace(claim, renewed_ms=(claim.renewed_ms or claim.at_ms) + step.ms)
    counting_ms = alarm.counting_ms
    if not step.stamped_after(counts_from_ms(alarm)):
        counting_ms = counts_from_ms(alarm) + step.ms
    return replace(alarm, claim=claim, counting_ms=counting_ms)


def escalate(alarm: Alarm, stage: Literal[1, 2], at: ids.Time) -> Alarm:
    """Go one stage up, because nobody accepted in time."""
    seconds = _AFTER_MS[Stage(stage)] // 1000
    counting_ms = None if Stage(stage) is Stage.LAST else alarm.counting_ms  # the last stage counts from now on
    raised = replace(alarm, escalation=Escalation(stage, at, "not-accepted"), counting_ms=counting_ms)
    return noted(raised, Entry(at, f"escalated: {seconds} s", "bridge", f"escalated {stage}"))


def again(alarm: Alarm, at: ids.Time) -> Alarm:
    """Begin a further round: everybody is told again, because still nobody accepted."""
    rounds = alarm.rounds + 1
    raised = replace(alarm, escalation=Escalation(2, at, "not-accepted", rounds), counting_ms=None)
    return noted(raised, Entry(at, f"escalated again: round {rounds}", "bridge", f"again {rounds}"))


def lapse_acceptance(alarm: Alarm, at: ids.Time) -> Alarm:
    """Take the alarm from whoever accepted it and dispatched nobody: it is anybody's again."""
    who, accepted_ms = alarm.accepted_by, alarm.accepted_ms
    lost = (
        () if who is None or accepted_ms is None else (Lapse(who.kid, accepted_ms, accepted_ms + DISPATCH_WITHIN_MS),)
    )
    free = replace(
        seen(alarm),
        state=_unclaimed(alarm),
        claim=None,
        accepted_by=None,
        counting_ms=None,
        escalation=alarm.escalation and replace(alarm.escalation, at=at, why="not-dispatched"),
        lapses=(*alarm.lapses, *lost),
    )
    label = "bridge" if who is None else who.label
    return noted(free, Entry(at, "accepted, nobody dispatched", label, f"not dispatched {accepted_ms}"))


def lapse(alarm: Alarm, at: ids.Time) -> Alarm:
    """Let a claim run out: nobody has the alarm any more, and the siren is raised (again)."""
    label = alarm.claim.person.label if alarm.claim is not None else "bridge"
    escalation = alarm.escalation and replace(alarm.escalation, at=at, why="claim-lapsed")
    lost = () if alarm.claim is None else (lapse_of(alarm.claim),)
    free = replace(
        seen(alarm), state=_unclaimed(alarm), claim=None, escalation=escalation, lapses=(*alarm.lapses, *lost)
    )
    line = f"lapsed {lost[0].claimed_ms}" if lost else None
    return noted(free, Entry(at, "claim lapsed", label, line))


def _unclaimed(alarm: Alarm) -> State:
    """Return the state of an alarm that nobody has."""
    reached = (one.outcome == "delivered" and one.route not in NOT_TO_DISPATCHERS for one in alarm.routes)
    return "delivered" if any(reached) else "raised"


def lapse_of(claim: Claim) -> Lapse:
    """Return the record that this claim ran out."""
    return Lapse(claim.person.kid, claim.at_ms, claim.until_ms)


def stages_begun(alarm: Alarm) -> list[Stage]:
    """Return the stages that an alarm has reached: duress that is added later must not wait for them again."""
    return [stage for stage in (Stage.SECOND, Stage.LAST) if stage <= alarm.stage]
