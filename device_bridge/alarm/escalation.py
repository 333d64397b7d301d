"""Escalation: what happens when no human accepts an alarm. Pure rules, no clock and no disk.

- Thirty seconds without *accepted*: the second alarm centres, and the siren of every console. Sixty: the person on
  call, and the device is told to call 112. A claim does not stop this clock: looking is not accepting.
- A claim that its console no longer renews runs out: the alarm is anybody's again, and the siren is raised again.
- Only real presses and duress are escalated. A test that nobody took, and tampering, are the caseworker's.
- Every moment follows from what is stored with the alarm, so that a bridge that was killed goes on where it was.
- Nothing here ever closes an alarm.

Figures: `docs/formats/device.md`, *When nobody accepts*.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, Literal

from device_bridge.alarm.alarm import Alarm, Claim, Entry, Escalation, Lapse, State
from device_bridge.alarm.life import NOT_TO_DISPATCHERS, noted, seen, sort_of
from evidence import ids

ALTERNATE_AFTER_MS: Final = 5_000
"""An alarm centre whose receiver does not answer within this is tried at its alternate receiver."""

SECOND_AFTER_MS: Final = 30_000
LAST_AFTER_MS: Final = 60_000


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


Step = Literal["lapse", "second", "last"]

_AFTER_MS: Final = {Stage.ALTERNATE: ALTERNATE_AFTER_MS, Stage.SECOND: SECOND_AFTER_MS, Stage.LAST: LAST_AFTER_MS}


def due_ms(raised_ms: int, stage: Stage) -> int:
    """Return when the routes of `stage` get their turn (Unix milliseconds)."""
    return raised_ms + _AFTER_MS[stage]


def unix_ms(at: ids.Time) -> int:
    """Return a stored moment as Unix milliseconds."""
    return round(ids.moment_of(at).timestamp() * 1000)


def next_step(alarm: Alarm) -> tuple[int, Step] | None:
    """Return what happens next if no human does anything, and when (Unix milliseconds); None for nothing."""
    if alarm.accepted_by is not None or not alarm.is_open:
        return None
    steps: list[tuple[int, Step]] = []
    if alarm.state == "claimed" and alarm.claim is not None:
        steps.append((alarm.claim.until_ms, "lapse"))
    if sort_of(alarm.kind) == "real":
        raised_ms = unix_ms(alarm.raised_at)
        if alarm.stage < Stage.SECOND:
            steps.append((due_ms(raised_ms, Stage.SECOND), "second"))
        elif alarm.stage < Stage.LAST:
            steps.append((due_ms(raised_ms, Stage.LAST), "last"))
    return min(steps, default=None)


def escalate(alarm: Alarm, stage: Literal[1, 2], at: ids.Time) -> Alarm:
    """Go one stage up, because nobody accepted in time."""
    seconds = _AFTER_MS[Stage(stage)] // 1000
    raised = replace(alarm, escalation=Escalation(stage, at, "not-accepted"))
    return noted(raised, Entry(at, f"escalated: {seconds} s", "bridge", f"escalated {stage}"))


def lapse(alarm: Alarm, at: ids.Time) -> Alarm:
    """Let a claim run out: nobody has the alarm any more, and the siren is raised (again)."""
    label = alarm.claim.person.label if alarm.claim is not None else "bridge"
    reached = (one.outcome == "delivered" and one.route not in NOT_TO_DISPATCHERS for one in alarm.routes)
    state: State = "delivered" if any(reached) else "raised"
    escalation = alarm.escalation and replace(alarm.escalation, at=at, why="claim-lapsed")
    lost = () if alarm.claim is None else (lapse_of(alarm.claim),)
    free = replace(seen(alarm), state=state, claim=None, escalation=escalation, lapses=(*alarm.lapses, *lost))
    line = f"lapsed {lost[0].claimed_ms}" if lost else None
    return noted(free, Entry(at, "claim lapsed", label, line))


def lapse_of(claim: Claim) -> Lapse:
    """Return the record that this claim ran out."""
    return Lapse(claim.person.kid, claim.at_ms, claim.until_ms)


def stages_begun(alarm: Alarm) -> list[Stage]:
    """Return the stages that an alarm has reached: duress that is added later must not wait for them again."""
    return [stage for stage in (Stage.SECOND, Stage.LAST) if stage <= alarm.stage]
