"""The standing lists of a case, who gets what is added from now on: which is in force, and what a new one takes away.

State rules (`docs/formats/statement.md`, *The standing list*):
- A list replaces the one before it from its `since` on; until then the one before goes on. Nothing follows its
  `until`.
- A reader of everything is one whose row names no kinds. Whoever was one in the last day and is none in a new list
  loses by it: so nobody takes two readers away by taking them one by one.
- A list that takes two readers away, or the last, waits a day. So does any that takes one away within a day of an
  alarm.

Forced revocation is likelier than a forced grant: the day gives somebody time to ask her. The server, her vault and
whoever seals all count by this one module.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from evidence import ids
from evidence.statements.bodies import ListSet, StandingReader

MAX_READERS: Final = 8
"""Each costs a wrap in every item; more than a lead and a few stand-ins is no longer named people."""

LONGEST: Final = timedelta(days=366)
"""She looks again at least once a year."""

SHORTEST: Final = timedelta(days=1)
"""A list that ends at once would take everybody away without waiting."""

WAIT: Final = timedelta(days=1)
"""How long a list waits that takes two readers away, or the last, or one while an alarm is fresh."""

WARNED_BEFORE: Final = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
"""How long before it ends a list or grant stands on the lead's list, never on her phone."""


def in_force(lists: Sequence[ListSet], now: ids.Time) -> ListSet | None:
    """Return the list of `lists` (by number) that holds at `now`; None when none does."""
    newest = next((one for one in reversed(lists) if one.since <= now), None)
    return newest if newest is not None and now < newest.until else None


def row_of(lists: Sequence[ListSet], reader: ids.KeyId, now: ids.Time) -> StandingReader | None:
    """Return what the list in force says of a reader; None when it does not name them."""
    known = in_force(lists, now)
    return None if known is None else next((one for one in known.readers if one.reader == reader), None)


def named_from(lists: Sequence[ListSet], reader: ids.KeyId, now: ids.Time) -> int | None:
    """Return the number of the first list that named a reader whom the list in force names; None for everybody else."""
    if row_of(lists, reader, now) is None:
        return None
    return next(one.number for one in lists if any(row.reader == reader for row in one.readers))


def of_everything(known: ListSet | None) -> frozenset[ids.KeyId]:
    """Return whom a list gives all kinds."""
    return frozenset() if known is None else frozenset(one.reader for one in known.readers if one.kinds is None)


def taken_away(lists: Sequence[ListSet], new: ListSet, now: ids.Time) -> frozenset[ids.KeyId]:
    """Return the readers of everything of the day before `now` whom `new` does not give everything."""
    return _of_the_last_day(lists, now) - of_everything(new)


def must_wait(taken: frozenset[ids.KeyId], new: ListSet, alarmed_at: ids.Time | None, now: ids.Time) -> bool:
    """Whether a list that takes these readers away may begin only a day from `now`."""
    fresh = alarmed_at is not None and ids.moment_of(now) - ids.moment_of(alarmed_at) < WAIT
    return bool(taken) and (len(taken) > 1 or not of_everything(new) or fresh)


def ends_within(known: ListSet | None, now: ids.Time) -> timedelta | None:
    """Return the shortest of `WARNED_BEFORE` within which a list in force ends; None when it lasts longer."""
    if known is None:
        return None
    left = ids.moment_of(known.until) - ids.moment_of(now)
    return min((one for one in WARNED_BEFORE if left <= one), default=None)


def _of_the_last_day(lists: Sequence[ListSet], now: ids.Time) -> frozenset[ids.KeyId]:
    begin, end = ids.time_of(ids.moment_of(now) - WAIT), now
    found: frozenset[ids.KeyId] = frozenset()
    for one in reversed(lists):
        if max(one.since, begin) <= min(one.until, end):
            found |= of_everything(one)
        end = min(end, one.since)
    return found
