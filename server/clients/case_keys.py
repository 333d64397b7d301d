"""Which public keys a case seals to, and in which suite: from its own signed statements, never from what a server says.

Staff check them up to the pinned root. A phone knows no staff: its invitation pins the X25519 key itself, and the
X-Wing key, which is too long for a QR code, by its SHA-256.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evidence import canonical, ids
from evidence.envelope.wraps import Reader
from evidence.errors import EvidenceError
from evidence.statements import bodies, event
from evidence.statements.statement import Statement
from server.clients.authors import Authors
from server.clients.errors import DistrustError
from server.clients.http import Api
from server.clients.pins import Certificate
from server.clients.signing import Signer

CASE_KEYS: Final = "/api/v1/enrolments/cases"
"""Where the X-Wing key of one's own case is shown, and to staff and vault its `case.open`."""


@dataclass(frozen=True)
class CaseKeys:
    """The case's public keys."""

    reader: Reader

    @property
    def xwing_sha256(self) -> ids.Sha256 | None:
        """What an invitation pins of the X-Wing key; None when the case has none."""
        hybrid = self.reader.xwing
        return None if hybrid is None else ids.Sha256(hashlib.sha256(hybrid).hexdigest())


def fetch(signer: Signer, case: ids.CaseId) -> CaseKeys:
    """Return the keys of `case`, as a caseworker whom the pinned root certified signed them.

    Raises:
        ClientError: refused, not reachable, or nobody who may vouches for them.
    """
    return believed(signer.certificates(fresh=True), _statements(signer.api, case), case)


def believed(certificates: Mapping[ids.KeyId, Certificate], said: Sequence[Statement], case: ids.CaseId) -> CaseKeys:
    """Return the keys of `case` that its opening names, when a certified caseworker signed it.

    Raises:
        DistrustError: one of the statements is about another case, or signed by someone who may not say so.
    """
    authors = Authors(certificates)
    try:
        if any(one.case != case for one in said):
            raise DistrustError(f"What the server says about the keys of case {case} is about another case.")
        authors.verify_all(said)
        opened = next(one.body for one in said if isinstance(one.body, bodies.CaseOpen))
        return CaseKeys(
            Reader(bytes.fromhex(opened.box), None if opened.xwing is None else canonical.unb64(opened.xwing))
        )
    except (EvidenceError, StopIteration) as error:
        raise DistrustError(f"The keys of case {case} are vouched for by nobody: {error}.") from error


def fetch_pinned(api: Api, case: ids.CaseId, xwing_sha256: str) -> bytes:
    """Return the case's X-Wing public key, when it is the one whose SHA-256 was pinned.

    Raises:
        ClientError: refused, not reachable, or it is another key.
    """
    answer: dict[str, Any] = api.get(f"{CASE_KEYS}/{case}")
    try:
        hybrid = canonical.unb64(answer["xwing"])
    except (EvidenceError, KeyError) as error:
        raise DistrustError("The server shows no X-Wing key of this case, and the invitation pins one.") from error
    if not hmac.compare_digest(hashlib.sha256(hybrid).hexdigest(), xwing_sha256):
        raise DistrustError("The case key that the server sent is not the one of the invitation.")
    return hybrid


def _statements(api: Api, case: ids.CaseId) -> list[Statement]:
    answer: dict[str, Any] = api.get(f"{CASE_KEYS}/{case}")
    try:
        return [event.parse(canonical.unb64(one["event"])).statement for one in answer["events"]]
    except (EvidenceError, KeyError, TypeError) as error:
        raise DistrustError(f"What the server says about the case's keys cannot be read: {error}.") from error
