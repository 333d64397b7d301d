"""The report on alarms: percentiles per stage, missed deadlines, availability. Pure.

Read from what the spool keeps of each alarm and of each change of a device or a route. A percentile is the nearest
rank: a value that was really measured, never one between two.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.escalation import unix_ms
from device_bridge.alarm.life import NOT_TO_DISPATCHERS, is_urgent

DEADLINES_S: Final = (10, 30, 60)
"""A call answered within 10 s (French practice); our own next route at 30 s and last one at 60 s."""

PERCENTILES: Final = (50, 90, 99)

Change = tuple[int, bool | None]
"""From when on (Unix milliseconds) something works, does not, or (None) is not watched any more by this watcher."""

_STATES: Final = {"claimed": "claimed", "accepted": "accepted", "dispatched": "dispatched", "on_scene": "on_scene"}


@dataclass(frozen=True)
class Spread:
    """How long one stage took, in milliseconds, over `count` alarms."""

    stage: str
    count: int
    percentiles: tuple[int, ...]
    worst: int


@dataclass(frozen=True)
class Availability:
    """Which part of the time that was watched something worked (0 to 1), and how long it was watched (seconds)."""

    name: str
    share: float
    watched_s: int


@dataclass(frozen=True)
class Report:
    """The figures of a span of time. Real presses only; tests are counted apart."""

    alarms: int
    tests: int
    open: int
    stages: tuple[Spread, ...]
    missed: Mapping[int, int]
    """Deadline in seconds → alarms that nobody had accepted by then."""
    escalated: int
    routes: tuple[Availability, ...] = ()
    devices: tuple[Availability, ...] = ()
    folded: Mapping[str, str] = field(default_factory=dict)
    """An alarm that a bridge without memory named by itself → the one that it is, in which its presses count."""


def report(alarms: Sequence[Alarm], now_ms: int) -> Report:
    """Return the figures of these alarms, as they are at `now_ms` (Unix milliseconds)."""
    real = [alarm for alarm in alarms if is_urgent(alarm.kind)]
    moments = [_moments(alarm) for alarm in real]
    by_route: dict[str, list[int]] = {}
    for alarm in real:
        for route, at_ms in _delivered(alarm).items():
            by_route.setdefault(route, []).append(at_ms - unix_ms(alarm.raised_at))
    spans = {
        "pressed → received": [alarm.age_s * 1000 for alarm in real if alarm.age_s is not None],
        **{
            f"{first} → {then}": [one[then] - one[first] for one in moments if first in one and then in one]
            for first, then in (
                ("received", "delivered"),
                ("received", "claimed"),
                ("received", "accepted"),
                ("delivered", "accepted"),
                ("accepted", "dispatched"),
                ("dispatched", "on_scene"),
                ("accepted", "closed"),
                ("received", "closed"),
            )
        },
        **{f"received → {route}": by_route[route] for route in sorted(by_route)},
    }
    return Report(
        alarms=len(real),
        tests=sum(alarm.kind == "test" for alarm in alarms),
        open=sum(alarm.is_open for alarm in real),
        stages=tuple(spread(stage, values) for stage, values in spans.items() if values),
        missed={limit: sum(_missed(one, limit * 1000, now_ms) for one in moments) for limit in DEADLINES_S},
        escalated=sum(alarm.escalation is not None for alarm in real),
    )


def spread(stage: str, values: Iterable[int]) -> Spread:
    """Return count, percentiles (nearest rank) and the worst of at least one value."""
    ordered = sorted(values)
    ranks = (max(1, math.ceil(len(ordered) * percent / 100)) for percent in PERCENTILES)
    return Spread(stage, len(ordered), tuple(ordered[rank - 1] for rank in ranks), ordered[-1])


def availability(name: str, changes: Sequence[tuple[int, bool]], start_ms: int, end_ms: int) -> Availability | None:
    """Return the share of `start_ms`–`end_ms` in which something worked; None when it was not watched then.

    `changes` are (moment in Unix milliseconds, whether it works from then on), in order.
    """
    working = watched = 0
    ends = [moment for moment, _ in changes[1:]] + [end_ms]
    for (begin, works), end in zip(changes, ends, strict=False):
        length = max(0, min(end, end_ms) - max(begin, start_ms))
        watched += length
        working += length if works else 0
    return Availability(name, working / watched, watched // 1000) if watched else None


def at_any(watchers: Sequence[Sequence[Change]]) -> list[tuple[int, bool]]:
    """Return when something worked for at least one of several watchers, each with its changes in order.

    A watcher that stopped says nothing any more; when the last one stops, what it said last goes on.
    """
    joined: list[tuple[int, bool]] = []
    states: dict[int, bool | None] = {}
    turns = ((at_ms, number, works) for number, one in enumerate(watchers) for at_ms, works in one)
    for at_ms, number, works in sorted(turns, key=lambda turn: turn[0]):
        states[number] = works
        said = [one for one in states.values() if one is not None]
        if said and (not joined or joined[-1][1] is not any(said)):
            joined.append((at_ms, any(said)))
    return joined


def _moments(alarm: Alarm) -> dict[str, int]:
    """Return when the alarm first reached each stage (Unix milliseconds)."""
    found = {"received": unix_ms(alarm.raised_at)}
    for entry in alarm.history:
        what = entry.what.partition(":")[0]
        if what == "delivered" and entry.by in NOT_TO_DISPATCHERS:
            continue
        if what in ("delivered", "closed") or what in _STATES:
            found.setdefault(what, unix_ms(entry.at))
    return found


def _delivered(alarm: Alarm) -> dict[str, int]:
    """Return when each way to a dispatcher first had the alarm (Unix milliseconds)."""
    found: dict[str, int] = {}
    for entry in alarm.history:
        if entry.what.partition(":")[0] == "delivered" and entry.by not in NOT_TO_DISPATCHERS:
            found.setdefault(entry.by, unix_ms(entry.at))
    return found


def _missed(moments: Mapping[str, int], limit_ms: int, now_ms: int) -> bool:
    return moments.get("accepted", now_ms) - moments["received"] > limit_ms
