"""The interval in which an event came to be, by clocks that are not the server's; whether the server's time fits.

*Not after*: an event existed when the witnesses cosigned, and a time stamp authority stamped, a head that contains
it. *Not before*: whoever signed it had seen a head of the log (`seen` in the statement), so it is younger than any
head of that size or a smaller one; only witnesses say when such a head was made, since a stamp may come later.
`received_at` is the server's word. Outside the interval it is wrong, and the interval is empty: that fails. Long
before the upper end it is unproven for that long: that is said, and fails nothing (a phone or a witness was away).
A lower end that rests on one key's word about a head that is not here is said as well, and fails nothing either.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final, Literal, NamedTuple

from evidence import ids
from evidence.bundle.checking.report import Findings
from evidence.custody.errors import UnknownLogError
from evidence.custody.succession.lineage import Era, Lineage
from evidence.statements import event as events
from evidence.statements.statement import SeenCheckpoint

TOLERANCE: Final = timedelta(seconds=60)
"""Clocks that NTP keeps differ by less than a second; a minute forgives a bad day and hides no shift that matters."""

WIDE: Final = timedelta(hours=1)
"""Heads are stamped every five minutes: an hour without one is worth a remark."""

_Roots = dict[tuple[str, int], set[bytes]]
"""Roots of the heads that are here, by log and size."""

_FAILS: Final = ("time-server-ahead", "time-server-behind")
_NOTES: Final = ("time-wide", "time-signer-clock", "time-claim-early")


@dataclass(frozen=True)
class Head:
    """A checkpoint that the policy believes: its size, its witnesses' times and its stamp (None: none)."""

    origin: str
    size: int
    root: bytes
    cosigned: tuple[datetime, ...]
    stamped: datetime | None = None
    """The stated time plus the accuracy that the authority states."""

    below: int | None = None
    """Events of the journal below it, those of older logs included; None: as many as it has entries."""

    @property
    def events(self) -> int:
        """How many events of the journal lie below it."""
        return self.size if self.below is None else self.below

    @property
    def not_after(self) -> datetime | None:
        """By when the head existed. Of several witnesses the latest counts: one slow clock makes nobody a liar."""
        latest = [max(self.cosigned)] if self.cosigned else []
        return min((*latest, *((self.stamped,) if self.stamped else ())), default=None)

    @property
    def not_before(self) -> datetime | None:
        """Since when somebody can have seen the head with its cosignatures: the earliest witness counts."""
        return min(self.cosigned, default=None)


class Interval(NamedTuple):
    """Not before and not after; None where nothing outside the server says it."""

    earliest: datetime | None
    latest: datetime | None


def interval(event: events.Event, under: Head, heads: Iterable[Head], line: Lineage | None = None) -> Interval:
    """Return the interval of an event that is proven under the head `under`, with the other heads of its logs.

    Without a `line` all heads are of one log.
    """
    return Interval(_Seen.of(heads).since(_size_seen(event, line)), under.not_after)


def _size_seen(event: events.Event, line: Lineage | None) -> int:
    """Return how many events lie below the head that the signer had seen, of heads that can have been seen."""
    seen = event.statement.seen
    below = 0 if seen is None else seen.size if line is None else _events_below(seen, line)
    # No head that was seen can hold the statement itself: who claims that saw nothing, and moves no bound.
    return below if below <= event.index else 0


class _Seen(NamedTuple):
    """When heads can have been seen, by how much they hold: a case has thousands of each."""

    sizes: list[int]
    latest: list[datetime]
    """The latest *not before* of the heads up to each size."""

    @classmethod
    def of(cls, heads: Iterable[Head]) -> "_Seen":
        known = sorted((head.events, head.not_before) for head in heads if head.not_before is not None)
        return cls([size for size, _ in known], list(accumulate((time for _, time in known), max)))

    def since(self, size: int) -> datetime | None:
        """Return since when the newest head of at most `size` events can have been seen."""
        place = bisect_right(self.sizes, size)
        return self.latest[place - 1] if place else None


def check(placed: Mapping[int, tuple[events.Event, Head]], line: Lineage, findings: Findings) -> dict[int, Interval]:
    """Compare server's and signers' clocks with the intervals of events (by index); return the intervals."""
    heads = {head for _, head in placed.values()}
    roots, heads_seen = _roots_of(heads), _Seen.of(heads)
    _check_one_history(roots, findings)
    found: dict[int, Interval] = {}
    gaps: dict[str, list[tuple[timedelta, int]]] = {code: [] for code in (*_FAILS, *_NOTES)}
    for index, (event, under) in placed.items():
        claim = _judge_seen(event, line, roots)
        between = Interval(heads_seen.since(_size_seen(event, line)), under.not_after)
        if claim == "contradicted":
            between = Interval(None, between.latest)
            findings.note("seen-differs", str(index), size=event.statement.seen.size if event.statement.seen else 0)
        found[index] = between
        for code, gap in _odd(event, between):
            unshown = code == "time-server-behind" and claim != "shown"
            gaps["time-claim-early" if unshown else code].append((gap, index))
    for code in filter(gaps.__getitem__, gaps):
        gap, index = max(gaps[code])
        tell = findings.failed if code in _FAILS else findings.note
        tell(code, str(index), count=len(gaps[code]), gap=hours(gap))
    latest = max((head.not_after for head in heads if head.not_after is not None), default=None)
    here = ids.moment_of(ids.now())
    if latest is not None and latest > here + TOLERANCE:
        findings.note("time-clock-here", gap=hours(latest - here))
    return found


def _odd(event: events.Event, between: Interval) -> Iterator[tuple[str, timedelta]]:
    """Yield what is odd about the two times that an event states, and by how much."""
    received, signed = ids.moment_of(event.received_at), ids.moment_of(event.statement.at)
    earliest, latest = between
    if latest is not None:
        if received > latest + TOLERANCE:
            yield "time-server-ahead", received - latest
        elif latest - received > WIDE:
            yield "time-wide", latest - received
        if signed > latest + TOLERANCE:
            yield "time-signer-clock", signed - latest
    if earliest is not None:
        if received < earliest - TOLERANCE:
            yield "time-server-behind", earliest - received
        if signed < earliest - TOLERANCE:
            yield "time-signer-clock", earliest - signed


def _roots_of(heads: Iterable[Head]) -> _Roots:
    roots: _Roots = {}
    for head in heads:
        roots.setdefault((head.origin, head.size), set()).add(head.root)
    return roots


def _check_one_history(roots: _Roots, findings: Findings) -> None:
    """Heads of one log and one size have one root, or the log was shown in two versions."""
    for (origin, size), found in sorted(roots.items()):
        if len(found) > 1:
            findings.failed("heads-differ", origin, size=size, count=len(found))


def _judge_seen(event: events.Event, line: Lineage, roots: _Roots) -> Literal["shown", "contradicted", "unknown"]:
    """Say whether the head that the signer claims to have seen is here, or another of that size, or neither.

    It is one signer's word against heads that log and witnesses signed: a false one is noted at that event and spoils
    nothing that others sealed. Two *signed* heads of one size that differ are two histories: these fail.
    """
    seen = event.statement.seen
    era = None if seen is None else _era_seen(seen, line)
    if seen is None or era is None:
        return "unknown"
    known = {root.hex() for root in roots.get((era.origin, seen.size), ())}
    if era.final is not None and era.final.size == seen.size:
        known.add(era.final.root.hex())
    if seen.root in known:
        return "shown"
    beyond = era.final is not None and seen.size > era.final.size
    return "contradicted" if known or beyond else "unknown"


def _era_seen(seen: SeenCheckpoint, line: Lineage) -> Era | None:
    """Return the log of the head that was seen: the first of the line, unless the statement names another."""
    try:
        return line.eras[0] if seen.log is None else line.era(seen.log)
    except UnknownLogError:
        return None


def _events_below(seen: SeenCheckpoint, line: Lineage) -> int:
    era = _era_seen(seen, line)
    return 0 if era is None else era.events_below(seen.size)


def hours(gap: timedelta) -> str:
    """Write a duration as hours and minutes, `2:00`: the same in every language."""
    minutes = round(gap.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02}"
