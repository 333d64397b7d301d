"""The spools of an installation's bridges as a source of figures: read-only, without disturbing any bridge.

Each bridge writes down what it heard and did; an alarm has the same id in all of them (`device_bridge.alarm.lineage`).
So the spools together tell of each alarm once: when it was first received, delivered and accepted, whichever bridge
saw it.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from device_bridge.alarm import folding, life, merging
from device_bridge.alarm.alarm import Alarm, Push
from device_bridge.alarm.escalation import unix_ms
from device_bridge.errors import SpoolError
from device_bridge.figures import days, report
from device_bridge.figures.days import DeviceDay
from device_bridge.figures.report import Availability, Report
from device_bridge.routes.availability import ALIVE_EVERY_MS
from device_bridge.spool import histories
from device_bridge.spool.devices import Heard
from device_bridge.spool.histories import Changes, Histories
from evidence import ids

DAY_MS: Final = 24 * 3600 * 1000

SPOOLS: Final = "bridge*/spool.db"
"""Where the bridges of one data folder keep their spools (`BridgeSettings.folder`)."""

STOPPED_AFTER_MS: Final = 3 * ALIVE_EVERY_MS
"""A bridge that wrote no sign of life for so long does not run: two writes may be late on a busy machine."""


def spools_of(data: Path) -> tuple[Path, ...]:
    """Return the spools below a data folder, by name; SpoolError when there is none."""
    found = tuple(sorted(data.glob(SPOOLS)))
    if not found:
        raise SpoolError(f"no bridge has a spool in {data}")
    return found


def read(spools: Sequence[Path], days: int, newest: int | None = None) -> Report:
    """Return the figures of the last `days` (of each spool's `newest` alarms at most).

    SpoolError when one of the spools cannot be read: figures that lack a bridge would look better than they are.
    """
    now_ms = time.time_ns() // 1_000_000
    start_ms = now_ms - days * DAY_MS
    told = [_told(spool, now_ms, newest) for spool in spools]
    alarms, folded = _merged(told)
    recent = [alarm for alarm in alarms if unix_ms(alarm.raised_at) >= start_ms]
    names = {alarm.alarm for alarm in recent}
    return replace(
        report.report(recent, now_ms),
        folded={name: into for name, into in folded.items() if into in names},
        routes=_availabilities([one.routes for one in told], start_ms, now_ms),
        devices=_availabilities([one.devices for one in told], start_ms, now_ms),
    )


def read_days(spools: Sequence[Path], since_ms: int, until_ms: int) -> tuple[DeviceDay, ...]:
    """Return a row for each device, of the alarms that were raised from `since_ms` until before `until_ms`.

    SpoolError as for `read`.
    """
    now_ms = time.time_ns() // 1_000_000
    told = [_told(spool, now_ms, None) for spool in spools]
    alarms, folded = _merged(told)
    asked = [alarm for alarm in alarms if since_ms <= unix_ms(alarm.raised_at) < until_ms]
    heard: dict[ids.DeviceId, Heard] = {}
    tested: dict[ids.DeviceId, int] = {}
    for one in told:
        for name, sign in one.heard.items():
            if (sign.heard_ms or 0) >= (heard[name].heard_ms or 0 if name in heard else 0):
                heard[name] = sign
        for name, at_ms in one.tested.items():
            tested[name] = max(at_ms, tested.get(name, 0))
    return days.of_devices(_counted(asked, folded, spools), heard, tested, now_ms)


def _merged(told: Iterable[Histories]) -> tuple[list[Alarm], dict[ids.AlarmId, ids.AlarmId]]:
    """Return each alarm once, with everything that any bridge knows of it, and those that are another one by now.

    A bridge that has not heard of a fold yet has acts and presses in the old one.
    """
    known: dict[ids.AlarmId, Alarm] = {}
    for alarm in (alarm for one in told for alarm in one.alarms):
        mine = known.get(alarm.alarm)
        known[alarm.alarm] = alarm if mine is None else merging.merge(mine, alarm)
    folded = {name: folding.standing(name, known.get) for name, alarm in known.items() if alarm.folded_into is not None}
    for name, into in folded.items():
        if into is not None:
            known[into.alarm] = folding.joined(known[name], known[into.alarm])
    alarms = [alarm for alarm in known.values() if alarm.folded_into is None]
    return alarms, {name: into.alarm for name, into in folded.items() if into is not None}


def _counted(alarms: Sequence[Alarm], folded: Mapping[ids.AlarmId, ids.AlarmId], spools: Sequence[Path]) -> list[Alarm]:
    """Count presses where they are by now, each once: of several alarms in the one raised last."""
    raised = {alarm.alarm: alarm.raised_at for alarm in alarms}
    names = {**{name: name for name in raised}, **{name: into for name, into in folded.items() if into in raised}}
    places: dict[ids.Sha256, tuple[ids.AlarmId, Push]] = {}
    for one in (one for spool in spools for one in histories.presses(spool, names)):
        known, name = places.get(one.identity), names[one.alarm]
        if known is None or raised[name] > raised[known[0]]:
            places[one.identity] = (name, one.push)
    pushes: dict[ids.AlarmId, list[Push]] = {}
    for name, push in places.values():
        pushes.setdefault(name, []).append(push)
    return [
        alarm if alarm.alarm not in pushes else replace(alarm, repeats=life.repeats(alarm, pushes[alarm.alarm]))
        for alarm in alarms
    ]


def _told(spool: Path, now_ms: int, newest: int | None) -> Histories:
    told = histories.read(spool, newest)
    if told.alive_ms is not None and now_ms - told.alive_ms > STOPPED_AFTER_MS:
        _end(told.routes, told.alive_ms, works=False)
        _end(told.devices, told.alive_ms, works=None)
    return told


def _end(changes: Changes, at_ms: int, *, works: bool | None) -> None:
    """After its bridge stopped nothing goes out by a route, and it says nothing of a device any more."""
    for one in changes.values():
        one.append((max(at_ms, one[-1][0]), works))


def _availabilities(told: Sequence[Changes], start_ms: int, end_ms: int) -> tuple[Availability, ...]:
    names = sorted({name for one in told for name in one})
    seen = ((name, report.at_any([one[name] for one in told if name in one])) for name in names)
    found = (report.availability(name, changes, start_ms, end_ms) for name, changes in seen)
    return tuple(one for one in found if one is not None)
