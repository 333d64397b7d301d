"""The axis of a case: where a told time stands on it, by the clock of Europe/Amsterdam.

What the police there writes down is what is counted, whatever zone a computer is in. Moments are milliseconds since
1970. The review page says the same (`server/web/static/core/edtf.js`), by the same vectors
(`tests/vectors/pattern.json`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from evidence import edtf

ZONE: Final = ZoneInfo("Europe/Amsterdam")
SECOND: Final = 1000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

FIRST_YEAR: Final = 1900
"""Before this nobody who uses a telephone was born: a slip of the keys (26 for 2026), not a time to draw."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """From `start` to `end`, which is not part of it, in milliseconds.

    `told`: *gap* is an hour that was not on the clock (the whole day stands for it), *twice* one that it said twice.
    """

    start: int
    end: int
    precision: edtf.Precision | Literal["interval"]
    approximate: bool = False
    uncertain: bool = False
    told: Literal["as-is", "gap", "twice"] = "as-is"

    @property
    def is_precise(self) -> bool:
        """Whether it is known to the minute."""
        return self.precision in {"minute", "second"}

    @property
    def middle(self) -> float:
        """The one point that stands for it where one is needed."""
        return (self.start + self.end) / 2


def span(text: str | None, now: int, ahead: int = DAY) -> Span | None:
    """Return where `text` (EDTF) stands; None when unknown, not understood, too long ago, or yet to come.

    An interval that is still open lasts until `now`; nothing lies more than `ahead` beyond it.
    """
    told = _understood(text)
    if told is None or text is None:
        return None
    # "Until May" begins where May does: when it began is not known.
    first = told.earliest or edtf.parse(text.partition("/")[2]).earliest
    if first is None:
        return None
    local = not told.interval and told.ends[0] in {"minute", "second"} and first.tzinfo is None
    said = _instants(first) if local else []
    gap = local and not said
    if gap:
        day = first.replace(hour=0, minute=0, second=0)
        start, end = begins(day), begins(day + timedelta(days=1))
    else:
        start = begins(first)
        end = now if told.latest is None else _ends(told.latest) + SECOND
    earliest, latest = begins(datetime(FIRST_YEAR, 1, 1)), now + ahead  # noqa: DTZ001 - on the clock there
    if end <= earliest or start > latest:
        return None
    return Span(
        max(start, earliest),
        max(min(end, latest), start + SECOND),
        "interval" if told.interval else "day" if gap else told.precision,
        told.approximate,
        told.uncertain,
        "gap" if gap else "twice" if len(said) > 1 else "as-is",
    )


def moment(time: str) -> int:
    """Return the milliseconds of a moment that a machine wrote (`evidence.ids.Time`)."""
    return _ms(datetime.fromisoformat(time))


def wall(at: int) -> datetime:
    """Return what the clock says, without a zone."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(ZONE).replace(tzinfo=None)


def week_of(at: int) -> int:
    """Return the start of its week: Monday, midnight."""
    day = wall(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return begins(day - _MONDAY * day.weekday())


def begins(point: datetime) -> int:
    """Return the first moment at which the clock says this or later."""
    return _ms(point if point.tzinfo else point.replace(tzinfo=ZONE, fold=0))


def _ends(point: datetime) -> int:
    """Return, of two times that the clock said it, the later."""
    return _ms(point) if point.tzinfo else (_instants(point) or [begins(point)])[-1]


def _instants(point: datetime) -> list[int]:
    """Return when the clock said so: once as a rule, never in the hour that is skipped in March, twice in October."""
    found = sorted({_ms(point.replace(tzinfo=ZONE, fold=fold)) for fold in (0, 1)})
    return [at for at in found if wall(at) == point.replace(microsecond=0)]


def _understood(text: str | None) -> edtf.Told | None:
    try:
        return edtf.parse(text) if text else None
    except edtf.TimeError:
        return None


def _ms(point: datetime) -> int:
    return (point - _EPOCH) // timedelta(milliseconds=1)
