"""Breaking the glass of a case: her vault makes a rescue key and shares it out, two colleagues use it, once.

A rescue key is of one case, because whoever put it together once holds it for good. Everything here comes from events
whose signatures were checked (`server.clients.timeline`); the server decides about nothing but whom it serves.

State rules:
- Her vault makes the key, gives each colleague one share, and forgets it; the list that she signs names it.
- One share gives nothing. A colleague asks, another one agrees and gives a share to who asked: only who asked puts the
  key together, in memory, and compares it with the one that her list names.
- Used once it is spent. Her vault says so at the next sign-in, and makes another one for the same colleagues.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evidence import canonical, ids, keys
from evidence.envelope import rescue_shares, wraps
from evidence.shamir import Share
from evidence.statements import bodies, event
from evidence.statements.rescues import NEEDED, name_of
from server.clients import standing_list, timeline
from server.clients.errors import ClientError, DistrustError
from server.clients.signing import Signer
from server.clients.standing_list import Reading
from server.clients.timeline import Moment

State = Literal["ready", "too few holders", "asked", "in use", "spent"]


@dataclass(frozen=True)
class Request:
    """A colleague asked to use a rescue key, or a second one agreed."""

    statement: ids.Sha256
    by: ids.KeyId
    label: str
    at: ids.Time
    body: bodies.RescueUse


@dataclass(frozen=True)
class Use:
    """A use of a rescue key: who asked, and who agreed."""

    asked: Request
    agreed: Request


@dataclass(frozen=True)
class Rescue:
    """A rescue key of a case, as the events say: its shares, and what was done with it."""

    name: ids.KeyId
    public: bytes
    since: ids.Time
    """From when on a list names it."""

    shares: tuple[bodies.RescueShare, ...]
    requests: tuple[Request, ...] = ()
    use: Use | None = None

    def share_of(self, kid: ids.KeyId) -> bodies.RescueShare:
        """Return somebody's share.

        Raises:
            ClientError: they hold none.
        """
        found = next((one for one in self.shares if one.reader == kid), None)
        if found is None:
            raise ClientError("You hold no share of the rescue key of this case. Nothing was done.")
        return found

    def open_requests(self, now: ids.Time) -> list[Request]:
        """Return what was asked, not agreed to, and has not lapsed."""
        return [] if self.use else [one for one in self.requests if now < one.body.until]

    def state(self, in_service: int, now: ids.Time) -> State:
        """Return how it stands, with so many holders in service."""
        if self.use is not None:
            return "in use" if now < self.use.asked.body.until else "spent"
        if in_service < NEEDED:
            return "too few holders"
        return "asked" if self.open_requests(now) else "ready"


def read(moments: Sequence[Moment]) -> list[Rescue]:
    """Return the rescue keys that lists of a case named, oldest first; the last one counts unless her list has none."""
    found: dict[ids.KeyId, Rescue] = {}
    shares: dict[ids.KeyId, tuple[bodies.RescueShare, ...]] = {}
    for one in moments:
        match one.act:
            case bodies.RescueShare() as body:
                shares[body.rescue] = (*shares.get(body.rescue, ()), body)
            case bodies.ListSet(rescue=str() as public, since=since) as body:
                name = name_of(body)
                if name is not None:
                    known = found.get(name) or Rescue(name, canonical.unb64(public), since, shares.get(name, ()))
                    found[name] = replace(known, since=min(known.since, since))
            case bodies.RescueUse() as body if one.statement is not None and body.rescue in found:
                said = Request(one.statement.id, one.statement.by, one.label, one.received_at, body)
                found[body.rescue] = _told(found[body.rescue], said)
            case _:
                pass
    return list(found.values())


def _told(known: Rescue, said: Request) -> Rescue:
    if said.body.agrees is None:
        return replace(known, requests=(*known.requests, said))
    asked = next((one for one in known.requests if one.statement == said.body.agrees), None)
    return known if asked is None or known.use is not None else replace(known, use=Use(asked, said))


def current(moments: Sequence[Moment]) -> Rescue | None:
    """Return the rescue key that her newest list names, also one that begins later; None when she has none."""
    return _named(moments, Reading.of(moments).lists)


def _named(moments: Sequence[Moment], lists: Sequence[bodies.ListSet]) -> Rescue | None:
    name = name_of(lists[-1]) if lists else None
    return next((one for one in read(moments) if one.name == name), None)


def in_service(signer: Signer, known: Rescue, moments: Sequence[Moment]) -> list[ids.KeyId]:
    """Return who holds a share of a rescue key, is in service by the pinned root, and is not excluded.

    Raises:
        ClientError: not reachable.
    """
    certificates, excluded = signer.certificates(), Reading.of(moments).excluded
    known_ones = (certificates.get(one.reader) for one in known.shares if one.reader not in excluded)
    return [one.kid for one in known_ones if one is not None and one.published.role == "caseworker"]


# --------------------------------------------------------------------------------------------------- her vault
def make(signer: Signer, case: ids.CaseId, people: Sequence[ids.KeyId], excluded: frozenset[ids.KeyId]) -> ids.Base64:
    """Make a rescue key and give each of these colleagues a share; return its public half, for her next list.

    Nobody keeps the key. Until a list names it, it is a word and no more.

    Raises:
        DistrustError: one of them is not a caseworker whom the pinned root certified, or is excluded.
        ClientError: fewer than two, refused, not reachable.
    """
    wanted = list(dict.fromkeys(people))
    if len(wanted) < NEEDED:
        raise ClientError(f"A rescue key needs at least {NEEDED} colleagues. Nothing was changed.")
    certificates = signer.certificates(fresh=True)
    rows = standing_list.rows_of(dict.fromkeys(wanted), certificates, excluded)
    key = keys.Identity.generate()
    split = rescue_shares.split(key, NEEDED, len(rows))
    acts: list[tuple[str, bodies.Body]] = []
    for row, share in zip(rows, split, strict=True):
        to = certificates[row.reader]
        sealed = rescue_shares.seal(share, case, key.opening_kid, to.xwing)
        body = bodies.RescueShare(key.opening_kid, share.number, row.reader, to.opening_kid, sealed, wraps.SUITE)
        acts.append(("rescue.share", body))
    signer.act_all(acts, case)
    return ids.Base64(canonical.b64(key.xwing_public))


def kept(signer: Signer, case: ids.CaseId, moments: Sequence[Moment]) -> ids.Base64 | None:
    """Return what her next list says of the rescue key: the same, or a new one for the same people when it was used.

    None when there is none, or when fewer than two of its holders are in service.

    Raises:
        ClientError: refused, not reachable.
    """
    known, excluded = current(moments), Reading.of(moments).excluded
    people = [] if known is None else in_service(signer, known, moments)
    if known is None or len(people) < NEEDED:
        return None
    return make(signer, case, people, excluded) if known.use else ids.Base64(canonical.b64(known.public))


def missing(moments: Sequence[Moment]) -> list[Moment]:
    """Return the items that open here and are not wrapped to the rescue key of the case; hers alone stay hers.

    None for a key of a list that has not begun, or that was used.
    """
    known = current(moments)
    if known is None or known.use is not None or known.since > ids.now():
        return []
    wrapped = {one.act.item for one in moments if isinstance(one.act, bodies.ItemWrap) and one.act.to == known.name}
    return [
        one
        for one in moments
        if one.opened is not None
        and one.item is not None
        and known.name not in one.sealed_to
        and one.item not in wrapped
        and not standing_list.is_hers_alone(one.opened.meta)
    ]


def wrap_missing(signer: Signer, case: ids.CaseId, moments: Sequence[Moment]) -> int:
    """Wrap what opens here to the rescue key of the case, where that is missing; return how many.

    Raises:
        ClientError: refused, not reachable.
    """
    found, known = missing(moments), current(moments)
    if known is None:
        return 0
    acts = [
        ("item.wrap", bodies.ItemWrap(one.item, known.name, known.name, key, wraps.SUITE))
        for one in found
        if one.opened is not None and one.item is not None
        for key in [wraps.wrap(one.opened.content_key, case, one.item, known.public)]
    ]
    signer.act_all(acts, case)
    return len(found)


# -------------------------------------------------------------------------------------------------- colleagues
def in_force(moments: Sequence[Moment]) -> Rescue:
    """Return the rescue key that counts now: the one of her newest list that has begun.

    Raises:
        ClientError: she agreed to none, or ended it.
    """
    now = ids.now()
    known = _named(moments, [one for one in Reading.of(moments).lists if one.since <= now])
    if known is None:
        raise ClientError("She agreed to no rescue key in this case, or ended it. There is no way around that.")
    return known


def ask(
    signer: Signer, case: ids.CaseId, moments: Sequence[Moment], reason: str, until: ids.Time
) -> tuple[ids.Sha256, event.Receipt]:
    """Ask to read a case with its rescue key; return the name that a colleague agrees to.

    Raises:
        ClientError: no share, no such key, refused, not reachable.
    """
    known = in_force(moments)
    known.share_of(signer.identity.kid)
    receipted = signer.act("rescue.use", bodies.RescueUse(known.name, reason, until), case)
    return receipted.receipt.statement, receipted.receipt


def agree(signer: Signer, case: ids.CaseId, moments: Sequence[Moment], request: ids.Sha256) -> event.Receipt:
    """Agree to what a colleague asked, and give one's own share to them, sealed.

    Raises:
        DistrustError: who asked is not certified by the pinned root, or one's own share does not open.
        ClientError: no share, nobody asked, refused, not reachable.
    """
    known = in_force(moments)
    asked = find(known, request)
    who = signer.certificates(fresh=True).get(asked.by)
    if who is None or who.published.role != "caseworker" or asked.by in Reading.of(moments).excluded:
        raise DistrustError(f"{asked.label} is no colleague in service, or is excluded. Nothing was given.")
    own = known.share_of(signer.identity.kid)
    share = _unsealed(own.share, own.number, case, known, signer.reader)
    sealed = rescue_shares.seal(share, case, known.name, who.xwing)
    body = replace(asked.body, agrees=asked.statement, share=sealed)
    return signer.act("rescue.use", body, case).receipt


def find(known: Rescue, request: ids.Sha256) -> Request:
    """Return what a colleague asked.

    Raises:
        ClientError: nobody asked for it.
    """
    asked = next((one for one in known.requests if one.statement == request), None)
    if asked is None:
        raise ClientError("Nobody asked for this. `rescue show` lists what was asked.")
    return asked


def combined(signer: Signer, case: ids.CaseId, moments: Sequence[Moment]) -> keys.OpeningKey:
    """Return the rescue key, put together from one's own share and that of who agreed. Keep it in memory alone.

    Raises:
        DistrustError: a share does not open, or the two do not give the key that her list names.
        ClientError: nobody agreed, or one holds no share.
    """
    known, me = in_force(moments), signer.identity.kid
    if known.use is None or known.use.asked.by != me or known.use.agreed.body.share is None:
        raise ClientError("No colleague agreed to something that you asked. One share alone opens nothing.")
    own, theirs = known.share_of(me), known.share_of(known.use.agreed.by)
    shares = (
        _unsealed(own.share, own.number, case, known, signer.reader),
        _unsealed(known.use.agreed.body.share, theirs.number, case, known, signer.reader),
    )
    try:
        return rescue_shares.combine(shares, known.public)
    except rescue_shares.ShareError as error:
        raise DistrustError(f"{str(error).capitalize()}. Nothing was opened.") from error


def _unsealed(sealed: ids.Base64, number: int, case: ids.CaseId, known: Rescue, reader: keys.OpeningKey) -> Share:
    try:
        return rescue_shares.unseal(sealed, number, case, known.name, reader)
    except rescue_shares.ShareError as error:
        raise DistrustError(f"{str(error).capitalize()}. Nothing was opened.") from error


def opened(signer: Signer, case: ids.CaseId, moments: Sequence[Moment]) -> list[Moment]:
    """Return the case as the rescue key opens it: read anew, because it is served only now.

    Raises:
        ClientError: as `combined`, refused, not reachable.
    """
    return timeline.read(signer, case, [combined(signer, case, moments), signer.reader])
