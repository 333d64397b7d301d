"""The pattern of a case: counts that lead to the entries that they counted, never a score. Pure functions.

What is not known precisely is never counted as if it were: it is left out, and what was left out is a figure too. The
review page counts the same (`server/web/static/review/figures.js`), by the same vectors (`tests/vectors/pattern.json`).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from evidence import ids
from evidence.bundle.dossier import axis
from evidence.bundle.dossier.axis import DAY, HOUR, WEEK, Span
from evidence.envelope import meta as metas
from evidence.envelope.meta import Meta

GAP: Final = 28 * DAY
"""Longer than this without any entry is *nothing was recorded*, which is not the same as calm."""

ORDER_AHEAD: Final = 10 * 366 * DAY
"""An order may run this far beyond today: a measure of art. 38v Sr lasts five years at most."""

_LONGEST_WAIT: Final = 5 * 366 * DAY
"""Nothing waits longer on a phone: a clock that says so was never set, or was set on purpose."""

STOP: Final = "stop-gezegd"

Figures = dict[str, list["Entry"]]
"""By key, such as `conduct:threat` or `severity:4`: the entries that a number counted, in order."""


@dataclass(frozen=True, eq=False)
class Entry:
    """An item that opened, and where it stands on the axis of the case.

    `at` is the middle of its span, or the moment of recording where nobody told when it happened; `counts` is False for
    what she replaced, disputed or never confirmed.
    """

    item: ids.ItemId
    index: int
    meta: Meta
    span: Span | None
    at: float
    counts: bool = True
    counts_in: ids.AlarmId | None = None
    """Of a press: the alarm in which it counts, where events say another one than that in which it was sealed."""

    @classmethod
    def of(
        cls,
        item: ids.ItemId,
        index: int,
        meta: Meta,
        received: str,
        now: int,
        *,
        counts: bool = True,
        counts_in: ids.AlarmId | None = None,
    ) -> Self:
        """Return the entry of a description that was received at `received`; `now` is when it is looked at."""
        span = _span(meta, now)
        at = span.middle if span else _recorded(meta.recorded, received)
        return cls(item, index, meta, span, at, counts, counts_in)

    @property
    def alarm(self) -> ids.AlarmId | None:
        """The alarm that it opened or was said in: a press, or a check-in that did not come."""
        meta = self.meta
        if not isinstance(meta, metas.Alarm) or "position" in {meta.kind, meta.alarm.kind}:
            return None
        return self.counts_in or meta.alarm.alarm

    @property
    def happened(self) -> bool:
        """Whether it is something that happened to her, rather than a paper about it."""
        return self.counts and (self.meta.kind == "incident" or self.alarm is not None)

    @property
    def severity(self) -> int | None:
        """What she chose, 0 to 4; None where nobody did."""
        return getattr(self.meta, "severity", None)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries in the order in which things happened."""
    return sorted(entries, key=lambda one: (one.at, one.index))


def _span(meta: Meta, now: int) -> Span | None:
    if isinstance(meta, metas.Alarm) and meta.alarm.pressed_at:
        return axis.span(meta.alarm.pressed_at, now)
    if isinstance(meta, metas.Order):
        ban = meta.order
        on_one_day = ban.until is None and ban.kind == STOP
        return axis.span(ban.valid_from if on_one_day else f"{ban.valid_from}/{ban.until or '..'}", now, ORDER_AHEAD)
    paper = meta.report.at if isinstance(meta, metas.Report) else meta.cost.at if isinstance(meta, metas.Cost) else None
    return axis.span(meta.happened if meta.happened is not None else paper, now)


def _recorded(recorded: str, received: str) -> int:
    told, known = axis.moment(recorded), axis.moment(received)
    return told if known - _LONGEST_WAIT <= told <= known else known


def happenings(entries: Iterable[Entry]) -> list[Entry]:
    """Return what happened to her, once each: pressing twice, or asking to cancel, is the same alarm."""
    seen: set[ids.AlarmId] = set()
    found = []
    for one in entries:
        again = one.alarm in seen
        if one.alarm is not None:
            seen.add(one.alarm)
        if one.happened and not again:
            found.append(one)
    return found


def told(entries: Sequence[Entry]) -> list[Entry]:
    """Return what was recorded of what he did: what happened, and a picture, sound or file that stands alone.

    What belongs to an entry that is here says the same once more, and is not counted beside it.
    """
    here = {one.item for one in entries}
    happened = set(happenings(entries))
    return [
        one
        for one in entries
        if one in happened
        or (isinstance(one.meta, metas.Media) and one.counts and not (one.meta.about and one.meta.about in here))
    ]


@dataclass(frozen=True)
class Duration:
    """From the first to the last that has a time. Where either is vague so is the number; `least` is what is sure."""

    start: int
    end: int
    days: int
    least: int
    vague: bool


def duration(entries: Iterable[Entry]) -> Duration | None:
    """Return how long it lasted; None when nothing that happened has a time."""
    spans = [one.span for one in happenings(entries) if one.span]
    if not spans:
        return None
    start, end = min(one.start for one in spans), max(one.end for one in spans)
    latest, soonest = max(one.start for one in spans), min(one.end for one in spans)
    days = max(1, _half_up((end - start) / DAY))
    edges = [one for one in spans if one.start == start or one.end == end]
    vague = any(one.approximate or one.uncertain or one.end - one.start > DAY + HOUR for one in edges)
    return Duration(start, end, days, max(1, min(days, _half_up((latest - soonest) / DAY))), vague)


def _half_up(number: float) -> int:
    return math.floor(number + 0.5)


def weeks(entries: Iterable[Entry]) -> tuple[dict[int, list[Entry]], list[Entry]]:
    """Return what happened by the start of its week, weeks without any too, and what is vaguer than a week."""
    placed: defaultdict[int, list[Entry]] = defaultdict(list)
    left = []
    for one in happenings(entries):
        if one.span is None or one.span.end - one.span.start > WEEK:
            left.append(one)
        else:
            placed[axis.week_of(one.span.start)].append(one)
    found, start = {}, min(placed, default=0)
    while placed and start <= max(placed):
        found[start] = placed.get(start, [])
        start = axis.week_of(start + WEEK + WEEK // 2)
    return found, left


def hours(entries: Iterable[Entry]) -> tuple[dict[tuple[int, int], list[Entry]], list[Entry]]:
    """Return what is known to the minute by weekday (Monday is 0) and hour, and the rest."""
    cells: defaultdict[tuple[int, int], list[Entry]] = defaultdict(list)
    left = []
    for one in happenings(entries):
        if one.span is None or not one.span.is_precise:
            left.append(one)
        else:
            clock = axis.wall(one.span.start)
            cells[clock.weekday(), clock.hour].append(one)
    return dict(cells), left


def breaches(order: Entry, entries: Iterable[Entry]) -> list[Entry]:
    """Return what happened while an order was in force. Whether it breached it, a person says."""
    ban = order.span
    if ban is None:
        return []
    return [one for one in happenings(entries) if one.span and one.span.start >= ban.start and one.span.end <= ban.end]


def stopped(entries: Iterable[Entry]) -> Span | None:
    """Return when he was first told to stop; None when nobody did, or nobody says when."""
    spans = [
        one.span
        for one in entries
        if isinstance(one.meta, metas.Order) and one.meta.order.kind == STOP and one.counts and one.span
    ]
    return min(spans, key=lambda span: (span.start, span.end), default=None)


def sources(entries: Sequence[Entry]) -> dict[Entry, set[str]]:
    """Return, of what happened, whose record says so: its own source, and those of the media about it."""
    happened = happenings(entries)
    about: defaultdict[str, set[str]] = defaultdict(set)
    for one in entries:
        if isinstance(one.meta, metas.Media) and one.meta.about and one.counts:
            about[one.meta.about].add(one.meta.source)
    return {one: {one.meta.source} | about[one.item] for one in happened}


def times(entries: Iterable[Entry]) -> int:
    """Return how many times in all: an entry of "30 calls" is thirty, one without a number is one."""
    return sum(getattr(one.meta, "count", None) or 1 for one in entries)


def gaps(entries: Iterable[Entry]) -> list[tuple[int, int]]:
    """Return the stretches without any entry."""
    spans = sorted((one.span for one in entries if one.span), key=lambda span: span.start)
    found, reached = [], spans[0].end if spans else 0
    for one in spans:
        if one.start - reached > GAP:
            found.append((reached, one.start))
        reached = max(reached, one.end)
    return found


def figures(entries: Sequence[Entry]) -> Figures:
    """Return every figure of a case, in `in_order`'s order, by its key; no key counts nothing."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    families = (_of_happenings, _of_records, _of_all, _of_orders, _of_times, _of_sources)
    for family in families:
        for key, one in family(entries):
            found[key].append(one)
    return dict(found)


_Counted = Iterator[tuple[str, Entry]]


def _of_happenings(entries: Sequence[Entry]) -> _Counted:
    stop = stopped(entries)
    for one in happenings(entries):
        yield "happened", one
        yield "dated" if one.span else "undated", one
        if one.alarm is not None:
            yield "alarms", one
        if stop is not None:
            yield _side(one.span, stop), one


def _of_records(entries: Sequence[Entry]) -> _Counted:
    for one in told(entries):
        for tag in dict.fromkeys(getattr(one.meta, "conduct", ())):
            yield f"conduct:{tag}", one
        if one.alarm is None or one.severity is not None:
            yield f"severity:{'none' if one.severity is None else one.severity}", one


def _of_all(entries: Sequence[Entry]) -> _Counted:
    for one in entries:
        if isinstance(one.meta, metas.Media):
            yield "media", one
        if getattr(one.meta, "impact", None):
            yield "impact", one
        if one.meta.kind == "incident" and not (one.span and one.span.end - one.span.start <= DAY):
            yield "wide", one


def _of_orders(entries: Sequence[Entry]) -> _Counted:
    any_order: set[Entry] = set()
    for order in entries:
        if order.meta.kind == "order":
            for one in breaches(order, entries):
                any_order.add(one)
                yield f"order:{order.item}", one
    for one in entries:
        if one in any_order:
            yield "breaches", one


def _of_times(entries: Sequence[Entry]) -> _Counted:
    by_week, vaguer = weeks(entries)
    by_hour, unknown = hours(entries)
    for start, here in by_week.items():
        yield from ((f"week:{start}", one) for one in here)
    for (day, hour), here in by_hour.items():
        yield from ((f"hour:{day}:{hour}", one) for one in here)
    yield from (("week-left", one) for one in vaguer)
    yield from (("hour-left", one) for one in unknown)


def _of_sources(entries: Sequence[Entry]) -> _Counted:
    for one, said in sources(entries).items():
        yield from ((f"source:{source}", one) for source in sorted(said))
        if said == {"victim"}:
            yield "alone", one


def _side(span: Span | None, stop: Span) -> str:
    """Before or after he was told to stop; `stop-left` when it is not known."""
    if span is not None and span.end <= stop.start:
        return "stop-before"
    return "stop-after" if span is not None and span.start >= stop.end else "stop-left"


def conducts(found: Figures) -> list[tuple[str, list[Entry]]]:
    """Return tag and entries: most often first, and of the same number the worst first."""

    def rank(one: tuple[str, list[Entry]]) -> tuple[int, int, str]:
        worst = max(-1 if entry.severity is None else entry.severity for entry in one[1])
        return -len(one[1]), -worst, one[0]

    tags = [(key.removeprefix("conduct:"), hits) for key, hits in found.items() if key.startswith("conduct:")]
    return sorted(tags, key=rank)
