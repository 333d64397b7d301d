"""The organisation's root: certifies keys, founds teams, shares desk keys. Its key never comes near the server.

In an organisation these commands run on a computer that is kept in a safe; the statements travel, the key does not.
"""

from dataclasses import dataclass, field

from evidence import canonical, ids, keys
from evidence.envelope import wraps
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from server.clients.pins import Certificate
from server.clients.signing import Signer


@dataclass(frozen=True)
class Root:
    """The root at one server."""

    signer: Signer = field(repr=False)

    def open_team(self, label: str, team: ids.TeamId | None = None) -> ids.TeamId:
        """Found a team of caseworkers and return its id.

        Raises:
            ClientError: refused or not reachable.
        """
        team = team or ids.TeamId(ids.new_id())
        self._post("team.open", bodies.TeamOpen(team, label))
        return team

    def publish(
        self,
        role: bodies.Role,
        label: str,
        sign: bytes,
        team: ids.TeamId | None = None,
        *,
        xwing: bytes | None = None,
        box: bytes | None = None,
    ) -> ids.KeyId:
        """Certify the Ed25519 key (32 bytes) of a professional, a desk or a service; return the key's name.

        People and desks have an X-Wing key beside it (1216 bytes), a bridge has an X25519 box (32 bytes).

        Raises:
            ClientError: refused or not reachable.
        """
        subject = ids.SubjectId(ids.new_id())
        opens = None if xwing is None else ids.Base64(canonical.b64(xwing))
        takes = None if box is None else ids.PublicKey(box.hex())
        body = bodies.KeyPublish(subject, role, label, ids.PublicKey(sign.hex()), team, opens, takes)
        self._post("key.publish", body)
        return keys.signing_kid(sign)

    def share(self, desk: keys.OpeningKey, reader: Certificate) -> None:
        """Give a certified reader the desk's private X-Wing key, wrapped to them.

        Raises:
            DistrustError: this reader's key opens nothing.
            ClientError: refused or not reachable.
        """
        wrapped = reader.wrap(desk.xwing_seed, wraps.NO_ID, wraps.NO_ID)
        shared = ids.Base64(canonical.b64(desk.xwing_public))
        self._post("key.share", bodies.KeyShare(shared, reader.kid, wrapped, wraps.SUITE))

    def retire(self, kid: ids.KeyId) -> None:
        """Retire a key: nothing new is wrapped to it or signed by it. What it could read before, it still can.

        Raises:
            ClientError: refused or not reachable.
        """
        self._post("key.retire", bodies.KeyRetire(kid))

    def _post(self, kind: str, body: bodies.Body) -> event.Receipt:
        return self.signer.post(statements.sign(self.signer.identity, kind, body)).receipt
