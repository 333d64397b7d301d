"""The caseworker on the command line: opens a case, invites a phone, lends out an alarm device, records an order.

What she seals goes to the case's own key first, so that the victim can read everything in her case; then to herself,
and a dispatcher card to the desk.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from evidence import ids, keys
from evidence.envelope import sealing
from evidence.envelope.meta import Card, Meta
from evidence.envelope.wraps import ReaderError
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from evidence.statements.facts import NO_LIST, vault_pin
from server.clients import case_keys, standing_list, timeline, tus
from server.clients.errors import ClientError, DistrustError
from server.clients.invitation import Invitation
from server.clients.signing import Signer
from server.clients.standing_list import Reading, Recipients
from server.clients.timeline import Moment

INVITATION_VALID: Final = timedelta(hours=24)
"""The phone is enrolled at the table; a day leaves room for a second meeting."""


REVIEW_AFTER: Final = timedelta(days=182)
"""Half a year, with two days to spare before the journal refuses it as too late."""


@dataclass(frozen=True)
class Device:
    """The public half of an alarm device that is lent out, and how it is watched."""

    device: ids.DeviceId
    sign: ids.PublicKey
    profile: Literal["20s", "3min", "30min"]
    covenant: str
    codes: ids.Base64 | None = None
    """What `getuige device codes` printed: sealed to the bridge, closed to everybody else."""
    accounts: tuple[bodies.CentreAccount, ...] = ()
    """Under which account each alarm centre knows it."""


@dataclass(frozen=True)
class Sealed:
    """An item that arrived, its receipt, and readers who cannot open it: nothing can be wrapped to their keys."""

    item: ids.ItemId
    receipt: event.Receipt
    left_out: tuple[ids.KeyId, ...]


@dataclass(frozen=True)
class Caseworker:
    """A caseworker at one server."""

    signer: Signer = field(repr=False)

    def open_case(
        self,
        xwing: ids.Base64,
        vault: ids.PublicKey,
        team: ids.TeamId,
        case: ids.CaseId | None = None,
    ) -> ids.CaseId:
        """Open a case for the two public keys that she made at intake; the caseworker leads it. Returns its id.

        Raises:
            ClientError: refused or not reachable.
        """
        case = case or ids.CaseId(ids.new_id())
        body = bodies.CaseOpen(xwing, vault, team, self.signer.identity.kid)
        self._post("case.open", body, case)
        return case

    def invite(self, case: ids.CaseId, case_key: ids.KeyId) -> Invitation:
        """Invite one phone and return what its QR code says. The one-time key exists on that code alone.

        `case_key` is the name of the case's key as she showed it at intake; a case that was opened with another one is
        refused.

        Raises:
            ClientError: refused, not reachable, or the case has another key.
        """
        found = case_keys.fetch(self.signer, case)
        if keys.opening_kid(found.xwing) != case_key:
            raise DistrustError("The case was opened with another case key than this one. Nobody was invited.")
        one_time = keys.SigningKey.generate()
        expires = ids.time_of(datetime.now(UTC) + INVITATION_VALID)
        public = ids.PublicKey(one_time.sign_public.hex())
        pinned, number = vault_pin(found.sign, found.xwing), self._newest_list(case)
        self._post("device.invite", bodies.DeviceInvite(public, expires, pinned, number), case)
        pins = self.signer.pins
        policy_sha256 = hashlib.sha256(pins.policy_text.encode()).hexdigest()
        return Invitation(self.signer.api.url, case, pinned, number, pins.root, policy_sha256, one_time.sign_seed)

    def _newest_list(self, case: ids.CaseId) -> int:
        moments = timeline.read(self.signer, case, [])
        return max((one.act.number for one in moments if isinstance(one.act, bodies.ListSet)), default=NO_LIST)

    def readers(self, case: ids.CaseId, *others: bytes) -> list[bytes]:
        """Return whose X-Wing keys an item of `case` is sealed to: the case, this caseworker, and `others`.

        Raises:
            ClientError: refused or not reachable.
        """
        return [case_keys.fetch(self.signer, case).xwing, self.signer.reader.xwing_public, *others]

    def lend(self, case: ids.CaseId, device: Device, card: ids.ItemId | None) -> event.Receipt:
        """Enrol an alarm device in the case, with the dispatcher card that its presses show.

        Raises:
            ClientError: refused or not reachable.
        """
        body = bodies.AlarmDeviceEnrol(
            device.device,
            device.sign,
            device.profile,
            device.covenant,
            card,
            codes=device.codes,
            accounts=device.accounts or None,
        )
        return self._post("alarm_device.enrol", body, case)

    def issue(
        self,
        case: ids.CaseId,
        device: ids.DeviceId,
        basis: str,
        *,
        to: Literal["client", "household"] = "client",
        review: ids.Time | None = None,
    ) -> event.Receipt:
        """Write down that an alarm device was handed over, on which basis, and when to look again (182 days if None).

        Raises:
            ClientError: refused or not reachable.
        """
        body = bodies.DeviceLend(device, to, basis, review or ids.time_of(datetime.now(UTC) + REVIEW_AFTER))
        return self._post("alarm_device.lend", body, case)

    def look_again(self, case: ids.CaseId, device: ids.DeviceId, following: ids.Time | None = None) -> event.Receipt:
        """Write down that the lending was looked at and goes on, until `following` (182 days if None).

        Raises:
            ClientError: refused or not reachable.
        """
        body = bodies.DeviceReview(device, following or ids.time_of(datetime.now(UTC) + REVIEW_AFTER))
        return self._post("alarm_device.review", body, case)

    def take_back(
        self, case: ids.CaseId, device: ids.DeviceId, condition: Literal["whole", "damaged", "lost"]
    ) -> event.Receipt:
        """Write down that a device came back, or never will. It is not shut out by that.

        Raises:
            ClientError: refused or not reachable.
        """
        return self._post("alarm_device.return", bodies.DeviceReturn(device, condition), case)

    def lendings(self) -> list[dict[str, Any]]:
        """Return the team's lendings, those first that should have been looked at again.

        Raises:
            ClientError: refused or not reachable.
        """
        rows: list[dict[str, Any]] = self.signer.api.get("/api/v1/devices/lendings")["lendings"]
        return rows

    def seal(
        self,
        case: ids.CaseId,
        meta: Meta,
        readers: Sequence[bytes],
        *,
        item: ids.ItemId | None = None,
        content: sealing.Content | None = None,
    ) -> Sealed:
        """Seal an item to `readers` (as `readers` gives them; the case's own first), upload it and say so.

        It goes to those on her standing list as well; who does not hold there is left out.

        Raises:
            ClientError: refused or not reachable, or nothing can be wrapped to any of the readers.
        """
        listed = self._listed(case, meta)
        everybody = [*dict.fromkeys((*readers, *listed.keys))]
        try:
            prepared = sealing.prepare(self.signer.identity, case, meta, everybody, content, item=item)
        except ReaderError as error:
            raise ClientError(f"Nothing was sealed: {error}.") from error
        out = io.BytesIO()
        body = sealing.write(prepared, content, out)
        tus.upload_bytes(self.signer.api, out.getvalue(), body.item, body.container.sha256)
        return Sealed(body.item, self._post("item.seal", body, case), (*prepared.left_out, *listed.left_out))

    def _listed(self, case: ids.CaseId, meta: Meta) -> Recipients:
        """Return whom the list in force gives an item; nobody when what is shown of it does not hold."""
        try:
            reading = Reading.of(timeline.read(self.signer, case, []))
        except ClientError:
            return Recipients((), ())
        current = reading.in_force(ids.now())
        return standing_list.recipients(current, self.signer.certificates(), meta, reading.excluded)

    def cases(self) -> list[dict[str, Any]]:
        """Return the cases of the team, those first that nobody reads.

        Raises:
            ClientError: refused or not reachable.
        """
        rows: list[dict[str, Any]] = self.signer.api.get("/api/v1/cases")
        return sorted(rows, key=lambda one: bool((one.get("readers") or {}).get("count", 1)))

    def record(self, case: ids.CaseId, paper: Meta, item: ids.ItemId | None = None) -> Sealed:
        """Seal a paper to the case and to this caseworker.

        Raises:
            ClientError: as for `seal`.
        """
        return self.seal(case, paper, self.readers(case), item=item)

    def leave_card(self, case: ids.CaseId, card: Card, item: ids.ItemId | None = None) -> Sealed:
        """Seal a dispatcher card to the case, to this caseworker and to every desk that the root certified.

        Raises:
            ClientError: as for `seal`, or no desk is certified: nobody would read the card.
        """
        known = self.signer.certificates(fresh=True).values()
        desks = [one.xwing for one in known if one.published.role == "desk"]
        if not desks:
            raise ClientError("The root certified no desk that could read a card. Nothing was sealed.")
        return self.seal(case, card, self.readers(case, *desks), item=item)

    def timeline(self, case: ids.CaseId) -> list[Moment]:
        """Return the case's timeline, opened as far as this caseworker may read; what does not open says so.

        Raises:
            ClientError: as for `timeline.read`.
        """
        return timeline.read(self.signer, case, [self.signer.reader])

    def _post(self, kind: str, body: bodies.Body, case: ids.CaseId) -> event.Receipt:
        return self.signer.post(statements.sign(self.signer.identity, kind, body, case=case)).receipt
