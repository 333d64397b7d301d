"""Who may have signed: learnt from the events themselves, in the order of the journal, up to the pinned root.

The root vouches for professionals, a certified caseworker for a case's vault and for invitations, an invitation's
one-time key for a phone. On the way it is seen which suite the case demands.
"""

from collections.abc import Iterable, Mapping

from evidence import ids, keys
from evidence.envelope import wraps
from evidence.statements import statement as statements
from evidence.statements import types
from evidence.statements.statement import Statement
from server.clients.pins import Certificate


class Authors:
    """Keys that were vouched for so far, of one case, and the suite that the case demands so far."""

    def __init__(self, certificates: Mapping[ids.KeyId, Certificate]) -> None:
        self.known = {kid: one.sign for kid, one in certificates.items()}
        self._bridges = frozenset(kid for kid, one in certificates.items() if one.published.role == "bridge")
        self._invited: dict[ids.KeyId, bytes] = {}
        self._least: wraps.Suite = None

    def verify(self, statement: Statement) -> None:
        """Check a statement's signatures and learn whom it vouches for; SignatureError when nobody vouches for it."""
        body = statement.body
        signers = {statement.by: self.known.get(statement.by, b"")}
        if isinstance(body, types.DeviceEnrol):
            signers = {statement.by: bytes.fromhex(body.sign), body.invite: self._invited.get(body.invite, b"")}
        statements.verified(statement, signers)
        if isinstance(body, types.CaseOpen):
            self._learn(self.known, body.vault)
            self._least = body.wrap_suite
        elif isinstance(body, types.CasePin):
            self._least = body.wrap_suite
        elif isinstance(body, types.DeviceInvite):
            self._learn(self._invited, body.invite)
        elif isinstance(body, types.DeviceEnrol):
            self._learn(self.known, body.sign)

    def least(self, by: ids.KeyId | None = None) -> wraps.Suite:
        """Return the least suite for wraps that `by` makes now; an alarm bridge is excepted (ADR 0009)."""
        return None if by in self._bridges else self._least

    def verify_all(self, some: Iterable[Statement]) -> None:
        """Check statements in the order of the journal; SignatureError for the first that nobody vouches for."""
        for one in some:
            self.verify(one)

    @staticmethod
    def _learn(into: dict[ids.KeyId, bytes], public: ids.PublicKey) -> None:
        into[keys.signing_kid(bytes.fromhex(public))] = bytes.fromhex(public)
