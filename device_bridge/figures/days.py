"""The rows of a day: presses, tests and batteries between two moments, one row for each device. Pure.

Supervisors and caseworkers read it each day, on the page and by `getuige alarms report --since`: both are these rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.escalation import SECOND_AFTER_MS, unix_ms
from device_bridge.alarm.life import SECOND_LOOK, sort_of
from device_bridge.spool.devices import Heard
from evidence import ids


@dataclass(frozen=True)
class DeviceDay:
    """One device: its alarms by how they ended, its tests, and how it stood when it was heard last.

    `late`: nobody had accepted after thirty seconds. `again`: presses that joined an alarm that was open.
    `overdue`: alarms among `presses` that a missed check-in opened.
    """

    device: ids.DeviceId
    presses: int = 0
    again: int = 0
    overdue: int = 0
    open: int = 0
    genuine: int = 0
    accidental: int = 0
    test: int = 0
    technical: int = 0
    late: int = 0
    second_looks: int = 0
    tests: int = 0
    tampered: int = 0
    battery: int | None = None
    heard_at: ids.Time | None = None
    tested_at: ids.Time | None = None


COUNTS: Final = tuple(one.name for one in fields(DeviceDay) if one.type is int)
"""Members that are counted and can be added up."""


def of_devices(
    alarms: Iterable[Alarm], heard: Mapping[ids.DeviceId, Heard], tested: Mapping[ids.DeviceId, int], now_ms: int
) -> tuple[DeviceDay, ...]:
    """Return a row for each device that was heard of, by its id; `alarms` are those of the time that is asked about."""
    counted: dict[ids.DeviceId, Counter[str]] = {name: Counter() for name in (*heard, *tested)}
    for alarm in alarms:
        counted.setdefault(alarm.device, Counter()).update(_counts(alarm, now_ms))
    return tuple(
        DeviceDay(
            device,
            **{name: counted[device][name] for name in COUNTS},
            battery=heard[device].battery if device in heard else None,
            heard_at=_time(heard[device].heard_ms if device in heard else None),
            tested_at=_time(tested.get(device)),
        )
        for device in sorted(counted)
    )


def total(rows: Iterable[DeviceDay]) -> dict[str, int]:
    """Return the sums of everything that is counted."""
    sums = Counter[str]()
    for row in rows:
        sums.update({name: getattr(row, name) for name in COUNTS})
    return {name: sums[name] for name in COUNTS}


def _counts(alarm: Alarm, now_ms: int) -> dict[str, int]:
    match sort_of(alarm.kind):
        case "test":
            return {"tests": 1}
        case "tamper":
            return {"tampered": 1}
    accepted = (unix_ms(entry.at) for entry in alarm.history if entry.what == "accepted")
    ended = "open" if alarm.closed is None else alarm.closed.reason
    return {
        "presses": 1,
        "again": alarm.repeats,
        "overdue": alarm.kind == "overdue",
        ended: 1,
        "late": next(accepted, now_ms) - unix_ms(alarm.raised_at) > SECOND_AFTER_MS,
        "second_looks": SECOND_LOOK in alarm.flags,
    }


def _time(at_ms: int | None) -> ids.Time | None:
    return None if at_ms is None else ids.time_of_ms(at_ms)
