"""The organisation's root: certifies keys, founds teams, shares desk keys. Its key never comes near the server.

In an organisation these commands run on a computer that is kept in a safe; the statements travel, the key does not.
"""

from dataclasses import dataclass, field

from evidence import canonical, ids, keys, xwing
from evidence.envelope import wraps
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from server.clients.errors import DistrustError
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
        box: bytes,
        team: ids.TeamId | None = None,
        *,
        xwing: bytes | None = None,
    ) -> ids.KeyId:
        """Certify the two public keys (32 bytes each) of a professional, a desk or a service; return the key's name.

        With an X-Wing public key (1216 bytes) too, what is granted to them is wrapped in suite 2.

        Raises:
            ClientError: refused or not reachable.
        """
        subject = ids.SubjectId(ids.new_id())
        public = (ids.PublicKey(sign.hex()), ids.PublicKey(box.hex()))
        hybrid = None if xwing is None else ids.Base64(canonical.b64(xwing))
        self._post("key.publish", bodies.KeyPublish(subject, role, label, *public, team, hybrid))
        return keys.signing_kid(sign)

    def share(self, desk: keys.Identity, reader: Certificate) -> None:
        """Give a certified reader the desk's private keys, sealed to them; the X-Wing key when the desk has one.

        Raises:
            DistrustError: the desk has an X-Wing key, and this reader none to receive it with.
            ClientError: refused or not reachable.
        """
        sealed = wraps.wrap(desk.box_seed, wraps.NO_ID, wraps.NO_ID, reader.box)
        certified = self.signer.certificates(fresh=True).get(desk.kid)
        hybrid = None
        if certified is not None and certified.keys.xwing is not None:
            if reader.keys.xwing is None:
                raise DistrustError("The desk has an X-Wing key. Certify this reader's X-Wing key first.")
            seed = xwing.seed_of(desk)
            given = wraps.wrap_for(seed, wraps.NO_ID, wraps.NO_ID, reader.keys)
            hybrid = bodies.SharedXwing(ids.Base64(canonical.b64(xwing.public_of(seed))), given)
        self._post("key.share", bodies.KeyShare(ids.PublicKey(desk.box_public.hex()), reader.kid, sealed, hybrid))

    def retire(self, kid: ids.KeyId) -> None:
        """Retire a key: nothing new is wrapped to it or signed by it. What it could read before, it still can.

        Raises:
            ClientError: refused or not reachable.
        """
        self._post("key.retire", bodies.KeyRetire(kid))

    def _post(self, kind: str, body: bodies.Body) -> event.Receipt:
        return self.signer.post(statements.sign(self.signer.identity, kind, body)).receipt
