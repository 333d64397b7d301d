"""The public key that a case seals to: from its own signed statement, never from what a server says.

Staff check it up to the pinned root. A phone knows no staff: its invitation pins the key, which is too long for a QR
code, by its SHA-256.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evidence import canonical, ids, xwing
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, event
from evidence.statements.facts import vault_pin
from server.clients.authors import Authors
from server.clients.errors import DistrustError
from server.clients.http import Api
from server.clients.pins import Term
from server.clients.signing import Signer

CASE_KEYS: Final = "/api/v1/enrolments/cases"
"""Where the X-Wing key of one's own case is shown, and to staff and vault its `case.open`."""


@dataclass(frozen=True)
class VaultKeys:
    """The two public keys that an invitation pins: her vault's (Ed25519, 32 bytes), and the case's (X-Wing, 1216)."""

    sign: bytes
    xwing: bytes


def fetch(signer: Signer, case: ids.CaseId) -> VaultKeys:
    """Return the keys of `case`, as a caseworker whom the pinned root certified signed it.

    Raises:
        ClientError: refused, not reachable, or nobody who may vouches for it.
    """
    return believed(signer.authors(), _events(signer.api, case), case)


def believed(terms: Mapping[ids.KeyId, Term], said: Sequence[event.Event], case: ids.CaseId) -> VaultKeys:
    """Return the keys of `case` that its opening names, when a certified caseworker signed it.

    Raises:
        DistrustError: the statement is about another case, or signed by someone who may not say so.
    """
    authors = Authors(terms)
    try:
        if any(one.statement.case != case for one in said):
            raise DistrustError(f"What the server says about the key of case {case} is about another case.")
        authors.verify_all(said)
        opened = next(body for body in (one.statement.body for one in said) if isinstance(body, bodies.CaseOpen))
        return VaultKeys(bytes.fromhex(opened.vault), canonical.unb64(opened.xwing))
    except (EvidenceError, StopIteration) as error:
        raise DistrustError(f"The key of case {case} is vouched for by nobody: {error}.") from error


def fetch_pinned(api: Api, case: ids.CaseId, vault_sha256: str) -> VaultKeys:
    """Return the keys of the case, when they are those that were pinned and can be used.

    Raises:
        ClientError: refused, not reachable, or they are others.
    """
    answer: dict[str, Any] = api.get(f"{CASE_KEYS}/{case}")
    try:
        found = VaultKeys(bytes.fromhex(ids.hex_text(answer["vault"], 32)), canonical.unb64(answer["xwing"]))
    except (EvidenceError, KeyError) as error:
        raise DistrustError("The server shows no key of this case, and the invitation pins one.") from error
    return pinned(found, vault_sha256)


def pinned(found: VaultKeys, vault_sha256: str) -> VaultKeys:
    """Return the keys when they are those whose SHA-256 was pinned and something can be sealed to the case's.

    Raises:
        DistrustError: one is another key, or nothing can be sealed to it.
    """
    if not hmac.compare_digest(vault_pin(found.sign, found.xwing), vault_sha256):
        raise DistrustError("The case key that the server sent is not the one of the invitation.")
    try:
        xwing.check_public(found.xwing)
    except FormatError as error:
        raise DistrustError("Nothing can be sealed to the key of this case. It needs another.") from error
    return found


def _events(api: Api, case: ids.CaseId) -> list[event.Event]:
    answer: dict[str, Any] = api.get(f"{CASE_KEYS}/{case}")
    try:
        return [event.parse(canonical.unb64(one["event"])) for one in answer["events"]]
    except (EvidenceError, KeyError, TypeError) as error:
        raise DistrustError(f"What the server says about the case's key cannot be read: {error}.") from error
