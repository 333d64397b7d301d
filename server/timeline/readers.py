"""The readers of a case, as its lead is told: how many, until when, and that consent changed. Pure."""

from collections.abc import Iterator

from evidence import ids
from evidence.statements import reader_lists
from evidence.statements.standing import Standing
from server.timeline.shapes import ReadersOut


def readers(standing: Standing, case: ids.CaseId, now: ids.Time) -> ReadersOut:
    """Return what is said of the readers of a case; whoever is excluded or out of service is none."""
    lists = standing.lists.get(case, ())
    known = reader_lists.in_force(lists, now)
    near = None if known is None else reader_lists.ends_within(known.until, now)
    return ReadersOut(
        count=_count(standing, case, now),
        until=None if known is None else known.until,
        ends_within_days=None if near is None else near.days,
        next_from=next((one.since for one in reversed(lists) if one.since > now), None),
        changed_at=standing.consent_changed.get(case),
    )


def ending_grant(standing: Standing, case: ids.CaseId, now: ids.Time) -> ids.Time | None:
    """Return when the first grant in force ends whose reader may still read, if that is near; None otherwise."""
    return min(_ending(standing, case, now), default=None)


def without_reader(standing: Standing, now: ids.Time) -> int:
    """Return how many cases have nobody who gets everything that is added."""
    return sum(not _count(standing, case, now) for case in standing.cases)


def _count(standing: Standing, case: ids.CaseId, now: ids.Time) -> int:
    known = reader_lists.in_force(standing.lists.get(case, ()), now)
    return sum(standing.on_team(kid, case) for kid in reader_lists.of_everything(known))


def _ending(standing: Standing, case: ids.CaseId, now: ids.Time) -> Iterator[ids.Time]:
    for one in map(standing.grants.__getitem__, standing.of(case).grants):
        reader, until = one.body.reader, one.body.expires
        reads = standing.public_key(reader) is not None and not standing.is_excluded(reader, case)
        if reads and now < until and reader_lists.ends_within(until, now) is not None:
            yield until
