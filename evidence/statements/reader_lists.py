"""The standing lists of a case, who gets what is added from now on: which is in force, and what a new one takes away.

State rules (`docs/formats/statement.md`, *The standing list*):
- A list replaces the one before it from its `since` on; until then the one before goes on. Nothing follows its
  `until`.
- A reader of everything is one whose row names no kinds. Whoever was one in the last day and is none in a new list
  loses by it: so nobody takes two readers away by taking them one by one.
- A list that takes two readers away, or the last, waits a day. So does any that takes one away within a day of an
  alarm, and any that gives somebody what no list in force before gave them, but for the very first.

Forced revocation is likelier than a forced grant, and neither is done at once: the day gives somebody time to ask her.
Whoever was a reader before is one again by one act. The server, her vault and whoever seals all count by this one
module.
"""

import itertools
from collections.abc import Iterator, Sequence
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
"""How long a list waits that takes readers away, or brings in somebody new."""

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


def brought_in(lists: Sequence[ListSet], new: ListSet, now: ids.Time) -> frozenset[ids.KeyId]:
    """Return whom `new` gives what no list gave them that was in force until `now`; nobody where there was none yet."""
    before = [row for one in _in_force_since(lists, None, now) for row in one.readers]
    return frozenset(row.reader for row in new.readers if lists and not _had(before, row))


def must_wait(lists: Sequence[ListSet], new: ListSet, alarmed_at: ids.Time | None, now: ids.Time) -> bool:
    """Whether a list after `lists` may begin only a day from `now`."""
    taken = taken_away(lists, new, now)
    fresh = alarmed_at is not None and ids.moment_of(now) - ids.moment_of(alarmed_at) < WAIT
    takes = bool(taken) and (len(taken) > 1 or not of_everything(new) or fresh)
    return takes or bool(brought_in(lists, new, now))


def ends_within(until: ids.Time, now: ids.Time) -> timedelta | None:
    """Return the shortest of `WARNED_BEFORE` within which a list or grant ends; None when it lasts longer."""
    left = ids.moment_of(until) - ids.moment_of(now)
    return min((one for one in WARNED_BEFORE if left <= one), default=None)


def _of_the_last_day(lists: Sequence[ListSet], now: ids.Time) -> frozenset[ids.KeyId]:
    begin = ids.time_of(ids.moment_of(now) - WAIT)
    return frozenset(kid for one in _in_force_since(lists, begin, now) for kid in of_everything(one))


def _in_force_since(lists: Sequence[ListSet], begin: ids.Time | None, now: ids.Time) -> Iterator[ListSet]:
    """Yield the lists that were in force at some moment from `begin` (None: ever) until `now`, newest first."""
    end = now
    for one in reversed(lists):
        if max(one.since, begin or one.since) <= min(one.until, end):
            yield one
        end = min(end, one.since)


def _had(before: Sequence[StandingReader], row: StandingReader) -> bool:
    """Whether rows of earlier lists gave a reader all that this one gives."""
    own = [one.kinds for one in before if one.reader == row.reader]
    if row.kinds is None or None in own:
        return None in own
    return {*row.kinds} <= {*itertools.chain.from_iterable(filter(None, own))}
