"""The vault: her own key, under a pass phrase that is never the phone's PIN. It reads, consents and takes back.

A grant re-wraps the content keys of chosen items to one named reader, and only to a key that the organisation's
pinned root certified: a key that merely the server vouches for is refused (THREATS.md, *server swaps a reader's key*).
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from evidence import canonical, ids, keys
from evidence.envelope import sealing, wraps
from evidence.envelope.meta import Meta
from evidence.statements import bodies, event
from evidence.statements.statement import Statement
from server.clients import erasing, rescue, standing_list, telling, timeline, tus
from server.clients.errors import ClientError, DistrustError
from server.clients.pins import Certificate
from server.clients.signing import Signer
from server.clients.standing_list import Reading
from server.clients.timeline import Moment

READER_ROLES: Final = ("caseworker", "investigator")
"""Who may be given items; a unit, a desk or a service is never a reader (wraps go to named people)."""

MAX_GRANTED: Final = 1000
"""Items of one grant, some 1.7 kB each: the statement, the event around it and the receipt around that are each below
the largest document that is read (`tests/unit/bundle/test_limits.py`)."""


@dataclass(frozen=True)
class Given:
    """What was given at once, in one grant or several, and the receipt of the last."""

    grants: tuple[bodies.Grant, ...]
    receipt: event.Receipt

    @property
    def items(self) -> tuple[bodies.GrantedItem, ...]:
        """All items that were given."""
        return tuple(item for grant in self.grants for item in grant.items)


@dataclass(frozen=True)
class Vault:
    """Her vault at one server. The identity signs for the case and opens everything sealed to it."""

    signer: Signer = field(repr=False)
    case: ids.CaseId

    def items(self) -> list[Moment]:
        """Return the case's timeline, opened with the case key; an item that does not open says so in its row.

        Raises:
            ClientError: as for `timeline.read`.
        """
        return timeline.read(self.signer, self.case, [self.signer.reader])

    def reader(self, kid: ids.KeyId) -> Certificate:
        """Return the certificate of a named reader.

        Raises:
            DistrustError: the pinned root did not certify this key, or not for a reader's role.
        """
        found = self.signer.certificates(fresh=True).get(kid)
        if found is None or found.published.role not in READER_ROLES:
            raise DistrustError(
                f"Key {kid} is not a reader's key that the pinned root certified. Nothing was given to it."
            )
        return found

    def readers(self) -> list[Certificate]:
        """Return everyone whom items can be given to: certified by the pinned root for a reader's role.

        Raises:
            ClientError: not reachable.
        """
        return [one for one in self.signer.certificates(fresh=True).values() if one.published.role in READER_ROLES]

    def grant(
        self,
        kid: ids.KeyId,
        purpose: str,
        days: int,
        choose: Callable[[Moment], bool] = lambda _moment: True,
        moments: Sequence[Moment] | None = None,
    ) -> Given:
        """Give the chosen items that open to the reader `kid` for `days` days, `MAX_GRANTED` in a grant.

        `moments` are what `items` returned, if it was asked; `timeline.closed` says what cannot be given. What an open
        erasure names comes in grants of its own, before: those end if the erasure is carried out.

        Raises:
            DistrustError: the reader is not certified by the pinned root, or is excluded from the case.
            ClientError: nothing to give, refused, or not reachable.
        """
        reader = self.reader(kid)
        moments = self.items() if moments is None else moments
        if kid in Reading.of(moments).excluded:
            raise DistrustError(f"{reader.published.label} is excluded from this case. Nothing was given.")
        given = tuple(
            bodies.GrantedItem(moment.item, reader.wrap(moment.opened.content_key, self.case, moment.item), wraps.SUITE)
            for moment in moments
            if moment.item is not None and moment.opened is not None and choose(moment)
        )
        if not given:
            closed = "".join(f"\n  {one.item}: {one.closed}" for one in timeline.closed(moments) if choose(one))
            raise ClientError(f"There is nothing to give: no item of this case was chosen or could be opened.{closed}")
        expires = ids.time_of(datetime.now(UTC) + timedelta(days=days))
        going = erasing.pending(moments)
        apart = [one for one in given if one.item in going]
        staying = [one for one in given if one.item not in going]
        parts = (kind[at : at + MAX_GRANTED] for kind in (apart, staying) for at in range(0, len(kind), MAX_GRANTED))
        grants = tuple(
            bodies.Grant(ids.GrantId(ids.new_id()), kid, reader.opening_kid, purpose, expires, tuple(some))
            for some in parts
        )
        receipted = self.signer.act_all([("grant", one) for one in grants], self.case)
        return Given(grants, receipted[-1].receipt)

    def set_readers(
        self,
        wanted: Mapping[ids.KeyId, tuple[str, ...] | None],
        days: int = standing_list.DAYS,
        moments: Sequence[Moment] | None = None,
    ) -> tuple[bodies.ListSet, event.Receipt]:
        """Say who gets what is added from now on (of which kinds; None: of all); the list before ends with it.

        Where it takes away two readers, the last, or any while an alarm or an order is fresh, it begins a day ahead.
        `wrap_missing` gives them what was sealed by a device that has not heard of it.

        Raises:
            DistrustError: one of them is not a caseworker whom the pinned root certified, or is excluded.
            ClientError: refused, not reachable.
        """
        moments = self.items() if moments is None else moments
        reading = Reading.of(moments)
        certificates = self.signer.certificates(fresh=True)
        rows = standing_list.rows_of(wanted, certificates, reading.excluded)
        body = replace(reading.following(rows, days, ids.now()), rescue=rescue.kept(self.signer, self.case, moments))
        return body, self.signer.act("list.set", body, self.case).receipt

    def propose_readers(
        self,
        wanted: Mapping[ids.KeyId, tuple[str, ...] | None],
        days: int = standing_list.DAYS,
        moments: Sequence[Moment] | None = None,
    ) -> Statement:
        """Sign a list for her lead to sign too (`agreeing.agree`): then it need not wait. It is not sent.

        Whatever this vault says meanwhile takes its number, and it is to be made anew.

        Raises:
            ClientError: as for `set_readers`.
        """
        moments = self.items() if moments is None else moments
        reading = Reading.of(moments)
        rows = standing_list.rows_of(wanted, self.signer.certificates(fresh=True), reading.excluded)
        kept = rescue.kept(self.signer, self.case, moments)
        return self.signer.sign("list.set", replace(reading.proposed(rows, days, ids.now()), rescue=kept), self.case)

    def share_rescue(self, people: Sequence[ids.KeyId], moments: Sequence[Moment]) -> tuple[bodies.ListSet, int]:
        """Make a rescue key, give these colleagues a share each, and name it in a list with the same readers.

        What is here already is wrapped to it; return the list, and how many items that were.

        Raises:
            DistrustError: one of them is not a caseworker whom the pinned root certified, or is excluded.
            ClientError: a later list is on its way, refused, not reachable.
        """
        reading = Reading.of(moments)
        reading.demand_no_later_list(ids.now())
        public = rescue.make(self.signer, self.case, people, reading.excluded)
        body = self._name_rescue(public, reading)
        return body, rescue.wrap_missing(self.signer, self.case, self.items())

    def end_rescue(self, moments: Sequence[Moment]) -> bodies.ListSet:
        """Set a list with the same readers and no rescue key: nobody is served anything by the old one any more.

        Raises:
            ClientError: a later list is on its way, refused, not reachable.
        """
        reading = Reading.of(moments)
        reading.demand_no_later_list(ids.now())
        return self._name_rescue(None, reading)

    def _name_rescue(self, public: ids.Base64 | None, reading: Reading) -> bodies.ListSet:
        body = replace(reading.same_again(ids.now()), rescue=public)
        self.signer.act("list.set", body, self.case)
        return body

    def amend(
        self, item: ids.ItemId, meta: Meta, moments: Sequence[Moment] | None = None
    ) -> tuple[ids.ItemId, event.Receipt]:
        """Correct an item by a new one, sealed by her vault to the case and to those on the list; both stay.

        Raises:
            ClientError: refused, not reachable, or nothing can be sealed to the key of the case.
        """
        telling.check(meta)
        reading = Reading.of(self.items() if moments is None else moments)
        current = reading.in_force(ids.now())
        whom = standing_list.recipients(current, self.signer.certificates(fresh=True), meta, reading.excluded)
        readers = [self.signer.reader.xwing_public, *whom.keys]
        prepared = sealing.prepare(self.signer.identity, self.case, meta, readers, None)
        out = io.BytesIO()
        body = sealing.write(prepared, None, out)
        tus.upload_bytes(self.signer.api, out.getvalue(), body.item, body.container.sha256)
        self.signer.act("item.seal", body, self.case)
        return body.item, self.confirm(body.item, item)

    def confirm(self, addition: ids.ItemId, item: ids.ItemId) -> event.Receipt:
        """Say that an item corrects another one: also what a phone added by itself, which is then hers.

        Raises:
            ClientError: refused or not reachable.
        """
        return self.signer.act("item.amend", bodies.ItemAmend(addition, item), self.case).receipt

    def dispute(self, device: ids.DeviceId, since: ids.Time, until: ids.Time) -> event.Receipt:
        """Say that what a device added in this window was not hers. It marks, and erases nothing.

        Raises:
            ClientError: refused or not reachable.
        """
        return self.signer.act("dispute", bodies.Dispute(device, since, until), self.case).receipt

    def wrap_missing(self) -> int:
        """Wrap to each reader on the list in force what it gives them and they have no key of; return how many.

        Raises:
            ClientError: refused, not reachable.
        """
        return wrap_missing(self.signer, self.case, self.items())

    def revoke(self, grant: ids.GrantId) -> event.Receipt:
        """Take a grant back; copies that were fetched before stay where they are.

        Raises:
            ClientError: refused or not reachable.
        """
        return self.signer.act("revoke", bodies.Revoke(grant), self.case).receipt


def wrap_missing(signer: Signer, case: ids.CaseId, moments: Sequence[Moment]) -> int:
    """Wrap what opens here to each reader on the list in force who has no key of it, and to the rescue key.

    By her vault, or a reader of hers.

    Raises:
        ClientError: refused, not reachable.
    """
    found = standing_list.missing(moments, signer.certificates(fresh=True), ids.now())
    acts = [
        ("item.wrap", _wrapped(case, moment.item, moment.opened.content_key, reader))
        for moment, reader in found
        if moment.item is not None and moment.opened is not None
    ]
    signer.act_all(acts, case)
    return len(found) + rescue.wrap_missing(signer, case, moments)


def _wrapped(case: ids.CaseId, item: ids.ItemId, content_key: bytes, reader: Certificate) -> bodies.ItemWrap:
    key = reader.wrap(content_key, case, item)
    return bodies.ItemWrap(item, reader.kid, reader.opening_kid, key, wraps.SUITE)


def public_halves(identity: keys.Identity) -> tuple[ids.Base64, ids.PublicKey]:
    """Return the case's X-Wing key and the vault key, which a caseworker names when she opens the case."""
    return ids.Base64(canonical.b64(identity.xwing_public)), ids.PublicKey(identity.sign_public.hex())
