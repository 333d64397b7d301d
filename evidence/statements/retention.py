"""Retention: how long a case is kept at least, and what stops every destruction. Pure; blob stores ask here too.

State rules:
- A case that nobody said anything about is hers: class `consent`, with no term of its own.
- The lead of the case may keep it longer or for a stronger reason (`case.retain`); nobody keeps it shorter again.
- `consent` never bars an erasure that she asks for. `claim` and `inquiry` do until their term ends.
- A hold stops everything, for as long as it stands, whatever the class.

The classes and their reasons:
- `consent`: her own record, AVG art. 6(1)(a) and 9(2)(a). She takes consent back when she likes (art. 7(3), 17(1)(b)).
- `claim`: a klacht, aangifte or claim is being considered, AVG art. 9(2)(f) and 17(3)(e).
- `inquiry`: it was given to the police. Their copy falls under the Wpg (art. 8, 9, 14); ours is kept beside it, for as
  long as somebody may have to compare the two.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from evidence import ids
from evidence.statements.bodies import RetentionClass
from evidence.statements.standing import Standing

BARS_NO_ERASURE: Final[RetentionClass] = "consent"
"""The class in which nothing stands in the way of an erasure: that of a case, too, of which nobody said anything."""

RANK: Final[Mapping[RetentionClass, int]] = {"consent": 0, "claim": 1, "inquiry": 2}
"""Weakest first: a case moves up only."""

LONGEST: Final[Mapping[RetentionClass, timedelta]] = {
    "consent": timedelta(days=2 * 366),
    "claim": timedelta(days=7 * 366),
    "inquiry": timedelta(days=12 * 366),
}
"""The furthest end that one statement can set. A mistake here cannot be undone by anybody (a store in compliance mode
keeps to it), so there is a cap: two years for a record that only she needs, room for a claim and its appeal, and for an
inquiry with the time in which the police may take it up again. A longer need is said again in time."""

FLOOR: Final = timedelta(days=30)
"""What a store with a lock keeps anything for: longer than `ERASE_DELAY` (`rules.erasure`), so that whoever steals the
store's credentials destroys nothing that she could not have, and short enough to keep the promise of an erasure."""


def retention_until(standing: Standing, case: ids.CaseId, received_at: ids.Time) -> ids.Time:
    """Return until when a store keeps an item of `case` that came at `received_at`. It only ever moves later.

    Ask `is_held` beside it: a hold has no end that could be known now.
    """
    floor = ids.time_of(ids.moment_of(received_at) + FLOOR)
    said = standing.retained.get(case)
    return floor if said is None else max(floor, said.until)


def is_held(standing: Standing, item: ids.ItemId) -> bool:
    """Whether a hold in force names the item: nothing of it is destroyed, whatever else is true."""
    return any(item in hold.items for hold in standing.holds.values())


def bars_erasure(standing: Standing, case: ids.CaseId, now: ids.Time) -> bool:
    """Whether the case is kept for a reason that her own wish does not end."""
    said = standing.retained.get(case)
    return said is not None and said.retention != BARS_NO_ERASURE and said.until > now
