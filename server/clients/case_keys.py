"""The public key that a case seals to: from its own signed statement, never from what a server says.

Staff check it up to the pinned root. A phone knows no staff: its invitation pins the key, which is too long for a QR
code, by its SHA-256.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from evidence import canonical, ids, xwing
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, event
from evidence.statements.statement import Statement
from server.clients.authors import Authors
from server.clients.errors import DistrustError
from server.clients.http import Api
from server.clients.pins import Certificate
from server.clients.signing import Signer

CASE_KEYS: Final = "/api/v1/enrolments/cases"
"""Where the X-Wing key of one's own case is shown, and to staff and vault its `case.open`."""


def fetch(signer: Signer, case: ids.CaseId) -> bytes:
    """Return the X-Wing key of `case`, as a caseworker whom the pinned root certified signed it.

    Raises:
        ClientError: refused, not reachable, or nobody who may vouches for it.
    """
    return believed(signer.certificates(fresh=True), _statements(signer.api, case), case)


def believed(certificates: Mapping[ids.KeyId, Certificate], said: Sequence[Statement], case: ids.CaseId) -> bytes:
    """Return the X-Wing key of `case` that its opening names, when a certified caseworker signed it.

    Raises:
        DistrustError: the statement is about another case, or signed by someone who may not say so.
    """
    authors = Authors(certificates)
    try:
        if any(one.case != case for one in said):
            raise DistrustError(f"What the server says about the key of case {case} is about another case.")
        authors.verify_all(said)
        opened = next(one.body for one in said if isinstance(one.body, bodies.CaseOpen))
        return canonical.unb64(opened.xwing)
    except (EvidenceError, StopIteration) as error:
        raise DistrustError(f"The key of case {case} is vouched for by nobody: {error}.") from error


def fetch_pinned(api: Api, case: ids.CaseId, xwing_sha256: str) -> bytes:
    """Return the case's X-Wing public key, when it is the one whose SHA-256 was pinned and can be wrapped to.

    Raises:
        ClientError: refused, not reachable, or it is another key.
    """
    answer: dict[str, Any] = api.get(f"{CASE_KEYS}/{case}")
    try:
        key = canonical.unb64(answer["xwing"])
    except (EvidenceError, KeyError) as error:
        raise DistrustError("The server shows no key of this case, and the invitation pins one.") from error
    return pinned(key, xwing_sha256)


def pinned(key: bytes, xwing_sha256: str) -> bytes:
    """Return `key` when it is the one whose SHA-256 was pinned and can be wrapped to.

    Raises:
        DistrustError: it is another key, or nothing can be sealed to it.
    """
    if not hmac.compare_digest(hashlib.sha256(key).hexdigest(), xwing_sha256):
        raise DistrustError("The case key that the server sent is not the one of the invitation.")
    try:
        xwing.check_public(key)
    except FormatError as error:
        raise DistrustError("Nothing can be sealed to the key of this case. It needs another.") from error
    return key


def _statements(api: Api, case: ids.CaseId) -> list[Statement]:
    answer: dict[str, Any] = api.get(f"{CASE_KEYS}/{case}")
    try:
        return [event.parse(canonical.unb64(one["event"])).statement for one in answer["events"]]
    except (EvidenceError, KeyError, TypeError) as error:
        raise DistrustError(f"What the server says about the case's key cannot be read: {error}.") from error
