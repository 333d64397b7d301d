"""Shifts as they were signed: who began and ended to watch, and who took over."""

from typing import Final

from evidence import ids
from evidence.statements.facts import Shift
from evidence.statements.standing import Standing
from server.shifts.shapes import ShiftOut

MAX_SHIFTS: Final = 1000
"""A year of three dispatchers a day; older ones are asked for by `before`."""


def newest(standing: Standing, before: str | None) -> list[ShiftOut]:
    """Return at most `MAX_SHIFTS`, newest first; with `before` those that began before that moment."""
    rows = [(one.began_at, name, one) for name, one in standing.shifts.items()]
    rows = sorted((row for row in rows if before is None or row[0] < ids.Time(before)), key=lambda row: row[:2])
    return [shown(standing, name, one) for _, name, one in rows[::-1][:MAX_SHIFTS]]


def shown(standing: Standing, name: ids.ShiftId, shift: Shift) -> ShiftOut:
    """Return a shift as the page and the command show it."""
    taken = shift.taken_over
    row = ShiftOut(
        shift=name,
        by=shift.by,
        label=standing.certified[shift.by].body.label,
        began_at=shift.began_at,
        ended_at=shift.ended_at,
    )
    if taken is not None:
        row.taken_over_by, row.taken_over_at = taken.by, taken.at
        row.taken_over_label = standing.certified[taken.by].body.label
        row.alarms = list(taken.alarms)
    return row
