"""Rescue keys of a case, by what its journal adds up to: which one counts, who holds it, who may read with it and what.

State rules (`docs/formats/statement.md`, *Breaking the glass*):
- The rescue key of a case is the one that the newest list which has begun names, also when that list has ended: the
  day on which nobody reads is the day that it is for. A list that names none, or another, ends it.
- It counts while two colleagues in service hold shares of it. It is used once, by two.
- Whoever asked is served what was added after the first list that named it, and what was wrapped to it afterwards.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from evidence import canonical, ids, keys
from evidence.statements.bodies import ListSet, RescueShare
from evidence.statements.facts import Rescued
from evidence.statements.standing import Standing

NEEDED: Final = 2
"""Shares that give a rescue key. More would be nobody's on a Sunday night."""


def name_of(known: ListSet) -> ids.KeyId | None:
    """Return the name of the rescue key that a list names."""
    return None if known.rescue is None else kid_of(known.rescue)


@lru_cache(maxsize=1024)
def kid_of(xwing: ids.Base64) -> ids.KeyId:
    """Return the name of an X-Wing key."""
    return keys.opening_kid(canonical.unb64(xwing))


def ended_by(lists: Sequence[ListSet], new: ListSet) -> bool:
    """Whether a new list names no rescue key any more, or another one."""
    return bool(lists) and lists[-1].rescue not in {None, new.rescue}


def current(standing: Standing, case: ids.CaseId, now: ids.Time) -> ids.KeyId | None:
    """Return the name of the rescue key of a case; None when it has none."""
    begun = next((one for one in reversed(standing.lists.get(case, ())) if one.since <= now), None)
    return None if begun is None else name_of(begun)


def holders(standing: Standing, case: ids.CaseId, rescue: ids.KeyId) -> tuple[RescueShare, ...]:
    """Return the shares of a rescue key whose holders are in service, of the team, and not excluded."""
    return tuple(one for one in standing.of(case).shares.get(rescue, ()) if standing.on_team(one.reader, case))


def opened_for(standing: Standing, kid: ids.KeyId, case: ids.CaseId, now: ids.Time) -> ids.KeyId | None:
    """Return the name of the rescue key that a colleague may read with now; None when there is none."""
    name = current(standing, case, now)
    used = None if name is None else standing.of(case).rescued.get(name)
    return name if used is not None and reads(standing, used, kid, case, now) else None


def reads(standing: Standing, used: Rescued, kid: ids.KeyId, case: ids.CaseId, now: ids.Time) -> bool:
    """Whether a use of a rescue key lets somebody read now."""
    return used.by == kid and now < used.until and standing.on_team(kid, case)


def reaches(standing: Standing, rescue: ids.KeyId, item: ids.ItemId) -> bool:
    """Whether an item came after a list that named the rescue key, or was wrapped to it afterwards."""
    known = standing.items.get(item) or standing.opened.get(item)
    if known is None or item in standing.erased:
        return False
    lists = standing.lists.get(known.case, ())
    first = next((one.number for one in lists if name_of(one) == rescue), None)
    return item in standing.of(known.case).wraps.get(rescue, {}) or (first is not None and first <= known.listed)
