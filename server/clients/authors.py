"""Authors: who may have signed, learnt from the events themselves, in journal order, up to the pinned root.

The root vouches for professionals, a certified caseworker for a case's vault and for invitations, an invitation's
one-time key for a phone. A key counts from there on until it is retired or its phone is revoked, by the order of the
journal and by no clock: what it signed before that stands.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from evidence import ids, keys
from evidence.statements import bodies, catalogue
from evidence.statements import statement as statements
from evidence.statements.event import Event
from evidence.statements.statement import Statement
from server.clients.pins import Term

SHOWN_CHARACTERS: Final = 8
"""Of a phone's or key's id: enough to tell apart the few of a case."""


class Authors:
    """Keys that were vouched for so far, of one case."""

    def __init__(self, terms: Mapping[ids.KeyId, Term]) -> None:
        published = {kid: one.certificate.published for kid, one in terms.items()}
        self.known = {kid: one.certificate.sign for kid, one in terms.items()}
        self._terms = terms
        self._roles: dict[ids.KeyId, str] = {kid: one.role for kid, one in published.items()}
        self._names = {kid: f"{one.label} ({one.role})" for kid, one in published.items()}
        self._invited: dict[ids.KeyId, bytes] = {}
        self._devices: dict[ids.DeviceId, ids.KeyId] = {}
        self._revoked: set[ids.KeyId] = set()

    def verify(self, event: Event) -> None:
        """Check an event's signatures and learn whom it vouches for; SignatureError when nobody does at its place."""
        statement, body = event.statement, event.statement.body
        signers = {statement.by: self._key_at(statement.by, event.index)}
        if isinstance(body, bodies.DeviceEnrol):
            signers = {statement.by: bytes.fromhex(body.sign), body.invite: self._invited.get(body.invite, b"")}
        elif (cosigner := statement.cosigner) is not None:
            signers[cosigner] = self._key_at(cosigner, event.index)
        statements.verified(statement, signers)
        self._check_role(statement)
        if isinstance(body, bodies.CaseOpen):
            self._roles[self._learn(self.known, body.vault)] = "vault"
        elif isinstance(body, bodies.DeviceInvite):
            self._learn(self._invited, body.invite)
        elif isinstance(body, bodies.DeviceEnrol):
            kid = self._learn(self.known, body.sign)
            self._roles[kid], self._names[kid] = "phone", f"phone {body.device[:SHOWN_CHARACTERS]}"
            self._devices[body.device] = kid
        elif isinstance(body, bodies.DeviceRevoke) and body.device in self._devices:
            self._revoked.add(self._devices[body.device])

    def name(self, kid: ids.KeyId) -> str:
        """Return who a key is, as a certificate or an enrolment that was checked says it, for people."""
        return self._names.get(kid, f"key {kid[:SHOWN_CHARACTERS]}")

    def verify_all(self, some: Iterable[Event]) -> None:
        """Check events in the order of the journal; SignatureError for the first that nobody vouches for."""
        for one in some:
            self.verify(one)

    def _key_at(self, kid: ids.KeyId, index: int) -> bytes:
        term = self._terms.get(kid)
        ended = kid in self._revoked or (term is not None and not term.covers(index))
        if ended:
            raise keys.SignatureError(
                "the key that signed is not in force there: it was retired, revoked, or came later"
            )
        return self.known.get(kid, b"")

    def _check_role(self, statement: Statement) -> None:
        """A server that lets a wrong hand sign is found out here: its journal's rules are not taken on trust."""
        role = "newcomer" if isinstance(statement.body, bodies.DeviceEnrol) else self._roles.get(statement.by, "")
        if role not in catalogue.ACTS[statement.type].signers:
            raise keys.SignatureError(f"a key of the role {role} does not sign {statement.type}")
        if isinstance(statement.body, bodies.CaseOpen) and "vault" in self._roles.values():
            raise keys.SignatureError("a case is opened once")

    @staticmethod
    def _learn(into: dict[ids.KeyId, bytes], public: ids.PublicKey) -> ids.KeyId:
        kid = keys.signing_kid(bytes.fromhex(public))
        into[kid] = bytes.fromhex(public)
        return kid
