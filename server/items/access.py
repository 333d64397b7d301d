"""Access to a case, who may see what: one pure rule for timeline, items and exports, computed from the journal.

- The vault key sees its own case.
- A caseworker sees the cases of their team, unless they are excluded: that something was added, and when.
- What was sealed is given to a caseworker by a grant, or by the standing list in force; what they sealed, to
  themselves.
- While a rescue key is in use, by two colleagues and until their end, who asked is given what is wrapped to it.
- An investigator sees the items that were granted and are still granted, and what is needed to believe them.

Seeing is not being given: no ciphertext goes to who was only wrapped to. And being given is not reading: the bytes are
ciphertext, and only wraps that are addressed to the reader are handed out.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache

from evidence import canonical, ids, keys
from evidence.envelope.container import Wrap
from evidence.statements import bodies, rescues
from evidence.statements.standing import Standing
from server.principals import Caseworker, Investigator, Reader, Signer, Vault


@dataclass(frozen=True)
class CaseView:
    """What one reader may see of one case. `wraps` are those of grants; `opens` names the reader's own X-Wing keys."""

    case: ids.CaseId
    reader: ids.KeyId
    whole: bool
    opens: frozenset[ids.KeyId]
    granted: Mapping[ids.ItemId, Wrap]
    gone: AbstractSet[ids.ItemId] = frozenset()
    """Items that were erased: shown to nobody."""
    later: Mapping[ids.ItemId, tuple[bodies.ItemWrap, ...]] = field(default_factory=dict)
    """Keys that were wrapped to the reader after an item was sealed."""
    everything: bool = False
    """It is her own vault's."""
    rescue: ids.KeyId | None = None
    """The rescue key that the reader may read with now."""

    def shows(self, item: ids.ItemId) -> bool:
        """Say whether this item is part of the view."""
        return item not in self.gone and (self.whole or item in self.granted)

    def gives(self, standing: Standing, item: ids.ItemId, now: ids.Time) -> bool:
        """Say whether the bytes of this item are given to the reader."""
        if item in self.gone:
            return False
        if self.everything or item in self.granted or standing.has_standing(self.reader, item, now):
            return True
        return self.rescue is not None and rescues.reaches(standing, self.rescue, item)

    def wraps_for(self, item: ids.ItemId, sealed: tuple[Wrap, ...]) -> list[Wrap]:
        """Return the wraps of an item's key that this reader can open; `sealed` are those in its head."""
        return [*(wrap for wrap in sealed if wrap.to in self.opens), *self.wraps_beside(item)]

    def wraps_beside(self, item: ids.ItemId) -> list[Wrap]:
        """Return the wraps for this reader that do not stand in the head of an item: of grants, and made later."""
        granted = [self.granted[item]] if item in self.granted else []
        return [*granted, *(Wrap(one.to, one.wrap, one.suite) for one in self.later.get(item, ()))]


def view_case(standing: Standing, who: Signer, case: ids.CaseId, now: ids.Time) -> CaseView | None:
    """Return what `who` may see of a case; None when that is nothing, as for a case that does not exist."""
    known = standing.cases.get(case)
    if known is None:
        return None
    if isinstance(who, Vault):
        opens = frozenset({_name(known.body.xwing)})
        own = CaseView(case, who.kid, whole=True, opens=opens, granted={}, gone=standing.erased, everything=True)
        return own if who.case == case else None
    if not isinstance(who, Caseworker | Investigator):
        return None
    granted = granted_wraps(standing, who.kid, case, now)
    whole = isinstance(who, Caseworker) and standing.on_team(who.kid, case)
    if not whole and not granted:
        return None
    opens, later = openers_of(standing, who.kid), standing.of(case).wraps.get(who.kid, {})
    rescue = rescues.opened_for(standing, who.kid, case, now)
    if rescue is not None:
        to_it = standing.of(case).wraps.get(rescue, {})
        later = {item: (*later.get(item, ()), *to_it.get(item, ())) for item in later.keys() | to_it.keys()}
        opens |= {rescue}
    return CaseView(case, who.kid, whole, opens, granted, standing.erased, later, rescue=rescue)


def is_told_erased(standing: Standing, who: Signer, item: ids.ItemId, now: ids.Time) -> bool:
    """Whether `who` hears that an item was erased: readers of its whole case, and who held a grant of it then.

    For everybody else it is as if it had never been.
    """
    known = standing.items.get(item) or standing.opened.get(item)
    if known is None or item not in standing.erased:
        return False
    view = view_case(standing, who, known.case, now)
    return (view is not None and view.whole) or who.kid in standing.lost.get(item, frozenset())


def visible_cases(standing: Standing, who: Reader, now: ids.Time) -> list[ids.CaseId]:
    """Return the cases of which `who` may see something."""
    if isinstance(who, Vault):
        return [who.case] if who.case in standing.cases else []
    granted = standing.readers.get(who.kid, frozenset())
    return [
        case
        for case in standing.cases
        if sees_whole(standing, who, case) or (case in granted and view_case(standing, who, case, now) is not None)
    ]


def sees_whole(standing: Standing, who: Reader, case: ids.CaseId) -> bool:
    """Whether a case is in the reader's view whole, whatever was granted."""
    if isinstance(who, Vault):
        return who.case == case
    return isinstance(who, Caseworker) and standing.on_team(who.kid, case)


def openers_of(standing: Standing, kid: ids.KeyId) -> frozenset[ids.KeyId]:
    """Return the names of the X-Wing keys that this person holds: their own, and desks' that were shared with them."""
    known = standing.certified.get(kid)
    own = None if known is None else known.body.xwing
    shared = (share.xwing for share in standing.shares.get(kid, ()))
    return frozenset(_name(one) for one in (own, *shared) if one is not None)


def granted_wraps(standing: Standing, kid: ids.KeyId, case: ids.CaseId, now: ids.Time) -> dict[ids.ItemId, Wrap]:
    """Return the wraps that grants in force give to `kid`."""
    known = standing.certified.get(kid)
    if known is None or known.retired or known.body.xwing is None:
        return {}
    to = _name(known.body.xwing)
    return {item: Wrap(to, one.wrap, one.suite) for item, one in standing.readable(kid, case, now).items()}


@lru_cache(maxsize=4096)
def _name(xwing: ids.Base64) -> ids.KeyId:
    return keys.opening_kid(canonical.unb64(xwing))
