"""The caseworker on the command line: opens a case, invites a phone, lends out an alarm device, records an order.

What she seals goes to the case's own key first, so that the victim can read everything in her case; then to herself,
and a dispatcher card to the desk.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from evidence import event, ids, keys
from evidence.envelope import sealing
from evidence.envelope.meta import Meta
from evidence.statements import statement as statements
from evidence.statements import types
from server.clients import timeline, tus
from server.clients.invitation import Invitation
from server.clients.pins import Certificate
from server.clients.signing import Signer
from server.clients.timeline import Moment

INVITATION_VALID = timedelta(hours=24)
"""The phone is enrolled at the table; a day leaves room for a second meeting."""


@dataclass(frozen=True)
class Device:
    """The public half of an alarm device that is lent out, and how it is watched."""

    device: ids.DeviceId
    sign: ids.PublicKey
    profile: Literal["20s", "3min", "30min"]
    covenant: str
    codes: ids.Base64 | None = None
    """What `getuige device codes` printed: sealed to the bridge, closed to everybody else."""


@dataclass(frozen=True)
class Caseworker:
    """A caseworker at one server."""

    signer: Signer = field(repr=False)

    def open_case(
        self, box: ids.PublicKey, vault: ids.PublicKey, team: ids.TeamId, case: ids.CaseId | None = None
    ) -> ids.CaseId:
        """Open a case for the keys that she made at intake; the caseworker leads it. Returns its id.

        Raises:
            ClientError: refused or not reachable.
        """
        case = case or ids.CaseId(ids.new_id())
        self._post("case.open", types.CaseOpen(box, vault, team, self.signer.identity.kid), case)
        return case

    def invite(self, case: ids.CaseId, case_box: bytes) -> Invitation:
        """Invite one phone and return what its QR code says. The one-time key exists on that code alone.

        Raises:
            ClientError: refused or not reachable.
        """
        one_time = keys.Identity.generate()
        expires = ids.time_of(datetime.now(UTC) + INVITATION_VALID)
        self._post("device.invite", types.DeviceInvite(ids.PublicKey(one_time.sign_public.hex()), expires), case)
        pins = self.signer.pins
        policy_sha256 = hashlib.sha256(pins.policy_text.encode()).hexdigest()
        return Invitation(self.signer.api.url, case, case_box, pins.root, policy_sha256, one_time.sign_seed)

    def lend(self, case: ids.CaseId, device: Device, card: ids.ItemId | None) -> event.Receipt:
        """Enrol an alarm device in the case, with the dispatcher card that its presses show.

        Raises:
            ClientError: refused or not reachable.
        """
        body = types.AlarmDeviceEnrol(
            device.device, device.sign, device.profile, device.covenant, card, codes=device.codes
        )
        return self._post("alarm_device.enrol", body, case)

    def seal(
        self,
        case: ids.CaseId,
        meta: Meta,
        readers: Sequence[bytes],
        *,
        item: ids.ItemId | None = None,
        content: sealing.Content | None = None,
    ) -> tuple[ids.ItemId, event.Receipt]:
        """Seal an item to `readers` (X25519 public keys; the case's own first), upload it and say so.

        Raises:
            ClientError: refused or not reachable.
        """
        prepared = sealing.prepare(self.signer.identity, case, meta, readers, content, item=item)
        out = io.BytesIO()
        body = sealing.write(prepared, content, out)
        tus.upload_bytes(self.signer.api, out.getvalue(), body.item, body.container.sha256)
        return body.item, self._post("item.seal", body, case)

    def timeline(self, case: ids.CaseId) -> list[Moment]:
        """Return the case's timeline, opened as far as this caseworker may read.

        Raises:
            ClientError: refused, not reachable, or something is not what was sealed.
        """
        return timeline.read(self.signer, case, [self.signer.identity])

    def colleagues(self) -> Mapping[ids.KeyId, Certificate]:
        """Return everyone that the pinned root certified."""
        return self.signer.certificates(fresh=True)

    def _post(self, kind: str, body: types.Body, case: ids.CaseId) -> event.Receipt:
        return self.signer.post(statements.sign(self.signer.identity, kind, body, case=case)).receipt
