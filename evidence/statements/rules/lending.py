"""Rules about alarm devices that are lent out.

A lending says that a device is with somebody, on which basis, and until when somebody looks again whether it is still
needed. It gives nothing and takes nothing: a device that came back, or whose review is overdue, raises alarms as
before, and only `device.revoke` shuts it out. Otherwise a forgotten date would silence a button.
"""

from datetime import timedelta
from typing import Final

from evidence import ids
from evidence.statements import bodies
from evidence.statements.errors import refuse
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said

REVIEW_WITHIN: Final = timedelta(days=184)
"""Six months, of any length: the AWARE covenants lend for half a year and then look again."""

MAX_BASIS_CHARACTERS: Final = 200
"""The number of a covenant or an agreement on a place; not a story about a person."""


@rule(bodies.DeviceLend)
def lend(standing: Standing, said: Said[bodies.DeviceLend], now: ids.Time) -> None:
    """Refuse a lending of a device that is not this case's, or is lent already, or is reviewed too late."""
    body = said.body
    device = standing.devices.get(body.device)
    if device is None or device.alarm is None or device.case != said.case or device.revoked:
        refuse("unknown-device", "this case has no such alarm device in use")
    if (known := standing.lendings.get(body.device)) is not None and known.returned_at is None:
        refuse("exists", "this device is lent out already")
    if not 0 < len(body.basis.strip()) <= MAX_BASIS_CHARACTERS:
        refuse("basis", f"a lending names its basis in at most {MAX_BASIS_CHARACTERS} characters")
    _check_review(body.review, now)


@rule(bodies.DeviceReview)
def review(standing: Standing, said: Said[bodies.DeviceReview], now: ids.Time) -> None:
    """Refuse a review of a device that is not lent out, or a next one that lies too far away."""
    body = said.body
    _lent(standing, said.case, body.device)
    _check_review(body.next, now)


@rule(bodies.DeviceReturn)
def give_back(standing: Standing, said: Said[bodies.DeviceReturn], _now: ids.Time) -> None:
    """Refuse the return of a device that is not lent out."""
    _lent(standing, said.case, said.body.device)


def _lent(standing: Standing, case: ids.CaseId, device: ids.DeviceId) -> None:
    known = standing.lendings.get(device)
    if known is None or known.case != case or known.returned_at is not None:
        refuse("unknown-lending", "this case has no such device lent out")


def _check_review(review: ids.Time, now: ids.Time) -> None:
    moment, present = ids.moment_of(review), ids.moment_of(now)
    if not present < moment <= present + REVIEW_WITHIN:
        refuse("review", f"a lending is reviewed within {REVIEW_WITHIN.days} days")
