"""Alarm devices that are lent out, and dispatchers' shifts: rules without a clock or a disk.

A lending says that a device is with somebody, on which basis, and until when somebody looks again whether it is still
needed. It gives nothing and takes nothing: a device that came back, or whose review is overdue, raises alarms as
before, and only `device.revoke` shuts it out. Otherwise a forgotten date would silence a button.

A shift says that a dispatcher sat at a console. It gives nothing either: acts on alarms do not ask for one, because an
alarm must not wait for paperwork.
"""

from datetime import timedelta
from typing import Final, cast

from evidence import ids
from evidence.statements import types
from evidence.statements.errors import refuse
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement

REVIEW_WITHIN: Final = timedelta(days=184)
"""Six months, of any length: the AWARE covenants lend for half a year and then look again."""

MAX_BASIS_CHARACTERS: Final = 200
"""The number of a covenant or an agreement on a place; not a story about a person."""


def lend(standing: Standing, statement: Statement, now: ids.Time) -> None:
    """Refuse a lending of a device that is not this case's, or is lent already, or is reviewed too late."""
    body = cast("types.DeviceLend", statement.body)
    device = standing.devices.get(body.device)
    if device is None or device.alarm is None or device.case != statement.case or device.revoked:
        refuse("unknown-device", "this case has no such alarm device in use")
    if (known := standing.lendings.get(body.device)) is not None and known.returned_at is None:
        refuse("exists", "this device is lent out already")
    if not 0 < len(body.basis.strip()) <= MAX_BASIS_CHARACTERS:
        refuse("basis", f"a lending names its basis in at most {MAX_BASIS_CHARACTERS} characters")
    _check_review(body.review, now)


def review(standing: Standing, statement: Statement, now: ids.Time) -> None:
    """Refuse a review of a device that is not lent out, or a next one that lies too far away."""
    body = cast("types.DeviceReview", statement.body)
    _lent(standing, statement, body.device)
    _check_review(body.next, now)


def give_back(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    """Refuse the return of a device that is not lent out."""
    _lent(standing, statement, cast("types.DeviceReturn", statement.body).device)


def begin_shift(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    """Refuse a shift that exists."""
    if cast("types.ShiftMark", statement.body).shift in standing.shifts:
        refuse("exists", "this shift exists")


def end_shift(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    """Refuse the end of a shift that somebody else began, or that ended."""
    known = standing.shifts.get(cast("types.ShiftMark", statement.body).shift)
    if known is None or known.by != statement.by or known.ended_at is not None:
        refuse("unknown-shift", "you have no such shift running")


def _lent(standing: Standing, statement: Statement, device: ids.DeviceId) -> None:
    known = standing.lendings.get(device)
    if known is None or known.case != statement.case or known.returned_at is not None:
        refuse("unknown-lending", "this case has no such device lent out")


def _check_review(review: ids.Time, now: ids.Time) -> None:
    moment, present = ids.moment_of(review), ids.moment_of(now)
    if not present < moment <= present + REVIEW_WITHIN:
        refuse("review", f"a lending is reviewed within {REVIEW_WITHIN.days} days")
