"""The readers of a case, as its lead is told: how many, until when, and that consent changed. Pure."""

from evidence import ids
from evidence.statements import reader_lists
from evidence.statements.standing import Standing
from server.timeline.shapes import ReadersOut


def readers(standing: Standing, case: ids.CaseId, now: ids.Time) -> ReadersOut:
    """Return what is said of the readers of a case; whoever is excluded or out of service is none."""
    lists = standing.lists.get(case, ())
    known = reader_lists.in_force(lists, now)
    near = reader_lists.ends_within(known, now)
    return ReadersOut(
        count=sum(standing.on_team(kid, case) for kid in reader_lists.of_everything(known)),
        until=None if known is None else known.until,
        ends_within_days=None if near is None else near.days,
        next_from=next((one.since for one in reversed(lists) if one.since > now), None),
        changed_at=standing.consent_changed.get(case),
    )
