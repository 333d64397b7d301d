"""Times as people tell them: a subset of EDTF (ISO 8601-2:2019, levels 0 and 1), read strictly and never corrected.

`2026-05-12T21:30`, `…T21:30:05+02:00`, `2026-05-12`, `2026-05`, `2026-05-XX`, `2026-21` (spring), `2026`; `~` about,
`?` perhaps, `%` both; `2026-05/2026-06`, `2026-05/..`. A time that cannot be (25:10, 30 February, a leap second, an
interval that ends before it begins) has no value here: it is refused where it is typed, and shown as it was told where
it is read. Nothing is shifted to a time that could be. The same vectors hold for the page (`tests/vectors/time.json`).
"""

import calendar
import re
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta, timezone
from typing import Final, Literal, NewType

from evidence.errors import FormatError

Edtf = NewType("Edtf", str)
"""A time as it was told: a text that `parse` understands when it was sealed by a phone that keeps to the rules. Readers
take any text, because her words must open though their time does not."""

Precision = Literal["second", "minute", "day", "month", "season", "year"]
Reason = Literal["form", "year", "month", "day", "hour", "minute", "second", "zone", "mixed", "reversed"]

MAX_CHARACTERS: Final = 80
"""An interval of two moments with nine digits of a second and a zone has 71."""

_WHY: Final[dict[Reason, str]] = {
    "form": "it is not in a form that is known here; write it like 2026-05-12, 2026-05-12T21:30, 2026-05~ (about), "
    "2026-05/2026-06 or leave it out",
    "year": "years run from 0001 to 9999",
    "month": "a year has the months 01 to 12 (21 to 24 are spring to winter)",
    "day": "that month does not have this day",
    "hour": "hours run from 00 to 23",
    "minute": "minutes run from 00 to 59",
    "second": "seconds run from 00 to 59",
    "zone": "no place on earth is that far from UTC",
    "mixed": "one end of it names its zone and the other does not",
    "reversed": "it ends before it begins",
}

_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d|XX))?|-XX(?:-XX)?)?([~?%])?", re.ASCII)
_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:(Z)|([+-])(\d\d):(\d\d))?", re.ASCII
)
_OPEN: Final = frozenset({"", ".."})
_SEASONS: Final = range(21, 25)
_FARTHEST_WEST, _FARTHEST_EAST = timedelta(hours=-12), timedelta(hours=14)


class TimeError(FormatError):
    """A text that is no time that could be; `reason` is one word, the same in Python and in the page."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_WHY[reason])
        self.reason: Reason = reason


@dataclass(frozen=True)
class Told:
    """What a text says: from `earliest` to `latest`, the last second that is part of it.

    Both are clock times as told, aware when a zone was told, and None at the open end of an interval. `ends` is how
    exactly each end was told.
    """

    earliest: datetime | None
    latest: datetime | None
    ends: tuple[Precision | None, Precision | None]
    interval: bool = False
    approximate: bool = False
    uncertain: bool = False

    @property
    def precision(self) -> Precision | Literal["interval"]:
        """How exactly it was told; `interval` whatever its ends are."""
        return "interval" if self.interval else (self.ends[0] or "year")

    @property
    def has_zone(self) -> bool:
        """Whether a zone was told with it."""
        told = self.earliest or self.latest
        return told is not None and told.tzinfo is not None


def lies_ahead(told: Told, now: datetime) -> bool:
    """Whether it had not begun at `now` (aware), in whatever zone it was meant."""
    if told.earliest is None:
        return False
    if told.earliest.tzinfo is not None:
        return told.earliest > now
    return told.earliest > now.astimezone(UTC).replace(tzinfo=None) + _FARTHEST_EAST


def parse(text: str) -> Told:
    """Return what `text` says. TimeError says why it is no time that could be."""
    if len(text) > MAX_CHARACTERS:
        raise TimeError("form")
    start, slash, end = text.partition("/")
    if not slash:
        return _single(start)
    if start in _OPEN and end in _OPEN:
        raise TimeError("form")
    from_ = None if start in _OPEN else _single(start)
    to = None if end in _OPEN else _single(end)
    if from_ is not None and to is not None:
        _check_order(from_, to)
    told = [one for one in (from_, to) if one is not None]
    return Told(
        from_.earliest if from_ else None,
        to.latest if to else None,
        (from_.ends[0] if from_ else None, to.ends[1] if to else None),
        interval=True,
        approximate=any(one.approximate for one in told),
        uncertain=any(one.uncertain for one in told),
    )


def _check_order(start: Told, end: Told) -> None:
    if start.has_zone != end.has_zone:
        raise TimeError("mixed")
    if start.earliest is not None and end.latest is not None and end.latest < start.earliest:
        raise TimeError("reversed")


def _single(text: str) -> Told:
    if match := _MOMENT.fullmatch(text):
        return _moment(match)
    match = _DATE.fullmatch(text)
    if match is None:
        raise TimeError("form")
    year, month, day, mark = match.groups()
    earliest, latest, precision = _day_or_more(int(year), month, day)
    return Told(earliest, latest, (precision, precision), approximate=mark in {"~", "%"}, uncertain=mark in {"?", "%"})


def _day_or_more(year: int, month: str | None, day: str | None) -> tuple[datetime, datetime, Precision]:
    if year == 0:
        raise TimeError("year")
    if month is None:
        return *_months(year, 1, 12), "year"
    if int(month) in _SEASONS:
        if day is not None:
            raise TimeError("month")
        return *_months(year, 3 + 3 * (int(month) - _SEASONS.start), 3), "season"
    if not 1 <= int(month) <= 12:  # noqa: PLR2004 - months
        raise TimeError("month")
    if day is None or day == "XX":
        return *_months(year, int(month), 1), "month"
    first = _date(year, int(month), int(day))
    return first, first.replace(hour=23, minute=59, second=59), "day"


def _months(year: int, month: int, count: int) -> tuple[datetime, datetime]:
    """Return the first and the last second of `count` months; a winter ends in the next year."""
    last = month + count - 1
    end_year, end_month = year + (last - 1) // 12, (last - 1) % 12 + 1
    if end_year > MAXYEAR:
        raise TimeError("year")
    end_day = calendar.monthrange(end_year, end_month)[1]
    return _date(year, month, 1), datetime(end_year, end_month, end_day, 23, 59, 59)  # noqa: DTZ001 - as told, without


def _date(year: int, month: int, day: int) -> datetime:
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise TimeError("day")
    return datetime(year, month, day)  # noqa: DTZ001 - as told: nobody named a zone


def _moment(match: re.Match[str]) -> Told:
    year, month, day, hour, minute, second, utc, sign, *offset = match.groups()
    if int(year) == 0:
        raise TimeError("year")
    if not 1 <= int(month) <= 12:  # noqa: PLR2004 - months
        raise TimeError("month")
    date = _date(int(year), int(month), int(day))
    limits: tuple[tuple[Reason, str, int], ...] = (
        ("hour", hour, 23),
        ("minute", minute, 59),
        ("second", second or "0", 59),
    )
    for reason, digits, last in limits:
        if int(digits) > last:
            raise TimeError(reason)
    zone = UTC if utc else _zone(sign, *map(int, offset)) if sign else None
    earliest = date.replace(hour=int(hour), minute=int(minute), second=int(second or 0), tzinfo=zone)
    precision: Precision = "minute" if second is None else "second"
    latest = earliest if second is not None else earliest.replace(second=59)
    return Told(earliest, latest, (precision, precision))


def _zone(sign: str, hours: int, minutes: int) -> timezone:
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1)
    unknown = sign == "-" and not offset  # ISO 8601-1 has no such zone; RFC 3339 means by it that nobody knows
    if unknown or minutes > 59 or not _FARTHEST_WEST <= offset <= _FARTHEST_EAST:  # noqa: PLR2004 - minutes
        raise TimeError("zone")
    return timezone(offset)
