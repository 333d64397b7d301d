"""Erasing on the command line: what would go and what would stay, asking, agreeing, calling it off, and the proof.

Nobody destroys alone. She asks with her vault, someone of her team agrees, fourteen days pass, and until then either of
them calls it off with one command and no reason. Nothing is sent to anybody about it: it stands in the timeline, and
only who reads the whole case sees it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from evidence import ids, keys
from evidence.envelope import wraps
from evidence.statements import bodies, event
from server.clients import timeline
from server.clients.errors import ClientError, DistrustError
from server.clients.signing import Signer
from server.clients.standing_list import Reading
from server.clients.timeline import Moment

OPEN: Final = frozenset({"asked", "waiting", "held", "kept"})
"""States in which an erasure can still be called off."""


@dataclass(frozen=True)
class Known:
    """An erasure as the server tells of it."""

    erasure: ids.ErasureId
    state: str
    items: tuple[ids.ItemId, ...]
    asked_at: ids.Time
    due_at: ids.Time
    lapses_at: ids.Time
    executed_at: ids.Time | None
    locked_until: ids.Time | None


@dataclass(frozen=True)
class Plan:
    """What an erasure would do. `ending` are grants that hold a key of one of the items, and end with them whole."""

    items: tuple[Moment, ...]
    ending: tuple[bodies.Grant, ...]
    again: tuple[bodies.Grant, ...]
    """Those of `ending` that give other items too: she gives these anew before she asks."""
    ungiven: tuple[Moment, ...] = ()
    """Items of `again` that do not open, so that they cannot be given anew."""
    fetched: Mapping[str, int] = field(default_factory=dict)
    """Who fetched something of it with a key that opens it, and how often: copies that no erasure reaches."""
    unopenable: Mapping[str, int] = field(default_factory=dict)
    """Who fetched something of it without any key to it: ciphertext, which stays closed to them."""
    exported: Mapping[str, int] = field(default_factory=dict)
    holds: tuple[bodies.HoldPlace, ...] = ()
    retained: bodies.CaseRetain | None = None


@dataclass(frozen=True)
class Erasing:
    """One key at one case: her vault, or a caseworker of the team."""

    signer: Signer = field(repr=False)
    case: ids.CaseId

    def known(self) -> list[Known]:
        """Return the erasures of the case, oldest first.

        Raises:
            ClientError: refused, not reachable, or the answer is none.
        """
        answer = self.signer.api.get(f"/api/v1/cases/{self.case}/erasures")
        return [_known(one) for one in answer["erasures"]]

    def plan(self, items: Sequence[ids.ItemId]) -> Plan:
        """Return what an erasure of `items` would do; nothing is asked.

        Raises:
            ClientError: one of them is not there, or as for `timeline.read`.
        """
        moments = timeline.read(self.signer, self.case, [self.signer.reader])
        chosen = tuple(one for one in moments if one.item in set(items))
        if len(chosen) != len(set(items)) or not chosen:
            raise ClientError("This case has no such item; nothing was asked.")
        wanted = frozenset(items)
        ending = [grant for grant in _in_force(moments) if wanted & _items(grant)]
        again = tuple(grant for grant in ending if _items(grant) - wanted)
        rest = frozenset().union(*map(_items, again)) - wanted
        reads = [one.act for one in moments if isinstance(one.act, bodies.Read) and wanted & set(one.act.items)]
        could = {read: self._could_open(read, wanted, moments) for read in reads}
        exports = (one for one in moments if isinstance(one.act, bodies.Export))
        return Plan(
            chosen,
            tuple(ending),
            again,
            tuple(one for one in timeline.closed(moments) if one.item in rest),
            self._count(read.reader for read in reads if could[read]),
            self._count(read.reader for read in reads if not could[read]),
            self._count(one.statement.by for one in exports if one.statement and wanted & set(one.body["items"])),
            tuple(hold for hold in _holds(moments) if wanted & set(hold.items)),
            _retained(moments),
        )

    def ask(self, plan: Plan) -> tuple[ids.ErasureId, event.Receipt]:
        """Ask, as her vault: first give anew what the ending grants gave beside, then ask. Returns its name.

        Raises:
            ClientError: refused or not reachable; asking again is safe.
        """
        wanted = frozenset(one.item for one in plan.items if one.item is not None)
        for grant in plan.again:
            self._give_again(grant, wanted)
        body = bodies.EraseRequest(ids.ErasureId(ids.new_id()), tuple(sorted(wanted)))
        return body.erasure, self._post("erase.request", body)

    def agree(self, erasure: ids.ErasureId) -> event.Receipt:
        """Agree, as a caseworker of the team.

        Raises:
            ClientError: refused or not reachable.
        """
        return self._post("erase.approve", bodies.EraseStep(erasure))

    def call_off(self, erasure: ids.ErasureId | None = None) -> list[ids.ErasureId]:
        """Call off an erasure, or all that can still be called off; return which.

        Raises:
            ClientError: refused or not reachable.
        """
        open_ = [one.erasure for one in self.known() if one.state in OPEN and erasure in {None, one.erasure}]
        for one in open_:
            self._post("erase.cancel", bodies.EraseStep(one))
        return open_

    def hold(self, ground: str, items: Sequence[ids.ItemId]) -> ids.HoldId:
        """Hold items as a caseworker: they are not erased until the hold is lifted.

        Raises:
            ClientError: refused or not reachable.
        """
        body = bodies.HoldPlace(ids.HoldId(ids.new_id()), ground, tuple(items))
        self._post("hold.place", body)
        return body.hold

    def lift(self, hold: ids.HoldId) -> event.Receipt:
        """Lift a hold.

        Raises:
            ClientError: refused or not reachable.
        """
        return self._post("hold.lift", bodies.HoldLift(hold))

    def retain(self, retention: bodies.RetentionClass, ground: str, until: ids.Time) -> event.Receipt:
        """Keep the case until then, as its lead. Never shorter again.

        Raises:
            ClientError: refused or not reachable.
        """
        return self._post("case.retain", bodies.CaseRetain(retention, ground, until))

    def proof(self, erasure: ids.ErasureId) -> bytes:
        """Return the proof of a finished erasure; `getuige verify` checks it.

        Raises:
            ClientError: it is not finished, refused or not reachable.
        """
        return self.signer.api.get_bytes(f"/api/v1/cases/{self.case}/erasures/{erasure}/proof")

    def _give_again(self, grant: bodies.Grant, without: frozenset[ids.ItemId]) -> None:
        """Post a grant of the rest of an ending one, to the same reader until the same day, in fresh wraps."""
        reader = self.signer.certificates(fresh=True).get(grant.reader)
        if reader is None or reader.opening_kid != grant.to:
            raise DistrustError(f"Key {grant.reader} is certified no more: take its grant back first.")
        moments = timeline.read(self.signer, self.case, [self.signer.reader])
        if grant.reader in Reading.of(moments).excluded:
            raise DistrustError(f"{reader.published.label} is excluded from this case: take that grant back first.")
        rest = _items(grant) - without
        given = tuple(
            bodies.GrantedItem(one.item, reader.wrap(one.opened.content_key, self.case, one.item), wraps.SUITE)
            for one in moments
            if one.item is not None and one.item in rest and one.opened is not None
        )
        if given:
            fresh = replace(grant, grant=ids.GrantId(ids.new_id()), items=given)
            self._post("grant", fresh)

    def _could_open(self, read: bodies.Read, wanted: frozenset[ids.ItemId], moments: Sequence[Moment]) -> bool:
        """Whether who fetched had a key to any of it: sealed to them at first, or granted at any time."""
        if read.reader == self.signer.identity.kid:
            return True
        fetched = wanted & set(read.items)
        granted = (one.act for one in moments if isinstance(one.act, bodies.Grant) and one.act.reader == read.reader)
        if any(fetched & _items(grant) for grant in granted):
            return True
        known = self.signer.certificates().get(read.reader)
        if known is None:
            return True  # nobody knows whose key this was: then nothing is promised
        if known.published.xwing is None:
            return False  # a service: it opens nothing
        name = keys.opening_kid(known.xwing)
        return any(one.item in fetched and name in one.sealed_to for one in moments)

    def _count(self, kids: Iterable[ids.KeyId]) -> dict[str, int]:
        """Return how often each person appears, by the name that the root certified."""
        certificates = self.signer.certificates()
        found: dict[str, int] = {}
        for kid in kids:
            known = certificates.get(kid)
            name = "yourself" if kid == self.signer.identity.kid else kid if known is None else known.published.label
            found[name] = found.get(name, 0) + 1
        return found

    def _post(self, kind: str, body: bodies.Body) -> event.Receipt:
        return self.signer.act(kind, body, self.case).receipt


def pending(moments: Iterable[Moment]) -> frozenset[ids.ItemId]:
    """Return the items that an open request names: a grant of them had better hold nothing else."""
    asked: dict[ids.ErasureId, frozenset[ids.ItemId]] = {}
    for one in moments:
        match one.act:
            case bodies.EraseRequest(erasure=erasure, items=items):
                asked[erasure] = frozenset(items)
            case bodies.EraseStep(erasure=erasure) if one.type != "erase.approve":
                asked.pop(erasure, None)
            case _:
                pass
    return frozenset().union(*asked.values())


def _in_force(moments: Iterable[Moment]) -> list[bodies.Grant]:
    now = ids.now()
    found: dict[ids.GrantId, bodies.Grant] = {}
    for one in moments:
        match one.act:
            case bodies.Grant() as grant if grant.expires > now:
                found[grant.grant] = grant
            case bodies.Revoke(grant=name):
                found.pop(name, None)
            case _:
                pass
    return list(found.values())


def _holds(moments: Iterable[Moment]) -> list[bodies.HoldPlace]:
    found: dict[ids.HoldId, bodies.HoldPlace] = {}
    for one in moments:
        match one.act:
            case bodies.HoldPlace() as hold:
                found[hold.hold] = hold
            case bodies.HoldLift(hold=name):
                found.pop(name, None)
            case _:
                pass
    return list(found.values())


def _retained(moments: Iterable[Moment]) -> bodies.CaseRetain | None:
    said = [one.act for one in moments if isinstance(one.act, bodies.CaseRetain)]
    return said[-1] if said else None


def _items(grant: bodies.Grant) -> frozenset[ids.ItemId]:
    return frozenset(one.item for one in grant.items)


def _known(answer: Mapping[str, Any]) -> Known:
    try:
        return Known(
            ids.ErasureId(ids.hex_text(answer["erasure"], 16)),
            str(answer["state"]),
            tuple(ids.ItemId(ids.hex_text(item, 16)) for item in answer["items"]),
            ids.Time(answer["asked_at"]),
            ids.Time(answer["due_at"]),
            ids.Time(answer["lapses_at"]),
            answer["executed_at"],
            answer["locked_until"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ClientError("The server's answer is no list of erasures.") from error
