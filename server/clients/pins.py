"""Pins of a client, never taken from the server: the organisation's root key and the log's trust policy.

They come from the invitation's QR code at intake, or from the trust folder that travels apart from the evidence
(DESIGN.md principle 5). Everything that the server says about keys, receipts and proofs is checked against them.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys
from evidence.bundle.checking import trust
from evidence.custody.succession.lineage import Lineage
from evidence.custody.witnessing.policy import Policy
from evidence.envelope import wraps
from evidence.errors import EvidenceError, FormatError
from evidence.statements import dsse, rotation
from evidence.statements import statement as statements
from evidence.statements.bodies import KeyPublish, KeyRetire, Role
from evidence.statements.event import Event
from server.clients.errors import DistrustError, FolderError

TRUST: Final = "/api/v1/trust"
"""Where the server repeats its trust texts and shows the root's certificates, for convenience only."""

AUTHORITY: Final = "/api/v1/authority"
"""Where the server shows the events about keys and teams, each with its place in the journal."""


@dataclass(frozen=True)
class Certificate:
    """A key that the pinned root certified, as the statement says it."""

    kid: ids.KeyId
    published: KeyPublish
    envelope: dsse.Envelope

    @property
    def sign(self) -> bytes:
        """Its Ed25519 public key, 32 bytes."""
        return bytes.fromhex(self.published.sign)

    @property
    def xwing(self) -> bytes:
        """The X-Wing public key that content keys are wrapped to for this person or desk, 1216 bytes.

        Raises:
            DistrustError: it is a service's, which opens nothing.
        """
        if self.published.xwing is None:
            raise DistrustError(f"Key {self.kid} ({self.published.role}) opens nothing. Nothing was given to it.")
        return canonical.unb64(self.published.xwing)

    @property
    def xwing_sha256(self) -> ids.Sha256:
        """SHA-256 of that key, as a standing list names it.

        Raises:
            DistrustError: as `xwing`.
        """
        return ids.Sha256(hashlib.sha256(self.xwing).hexdigest())

    def wrap(self, key: bytes, case: str, item: str) -> ids.Base64:
        """Wrap the key of an item (32 bytes) to this reader.

        Raises:
            DistrustError: this key opens nothing, or nothing can be wrapped to it.
        """
        try:
            return wraps.wrap(key, case, item, self.xwing)
        except FormatError as error:
            raise DistrustError(
                f"Nothing can be wrapped to key {self.kid}: {error}. Nothing was given to it."
            ) from error

    @property
    def opening_kid(self) -> ids.KeyId:
        """The name of that X-Wing key.

        Raises:
            DistrustError: as `xwing`.
        """
        return keys.opening_kid(self.xwing)


@dataclass(frozen=True)
class Term:
    """A certified key with the events between which it counts: behind `since`, and before `until` if it was retired."""

    certificate: Certificate
    since: int
    until: int | None = None

    def covers(self, index: int) -> bool:
        """Whether what the key signed counts at this place of the journal, whatever became of the key since."""
        return self.since < index and (self.until is None or index < self.until)


@dataclass(frozen=True)
class Pins:
    """The pinned root (Ed25519, 32 bytes) and the text of the pinned policy (c2sp.org/tlog-policy).

    `rotations` are statements by which this root ended a log and named the next: they may come from the server, because
    the root's signature under them is what counts, and once known they stay.
    """

    root: bytes
    policy_text: str
    rotations: tuple[dsse.Envelope, ...] = ()

    @property
    def root_kid(self) -> ids.KeyId:
        """The name of the root key."""
        return keys.signing_kid(self.root)

    @property
    def policy(self) -> Policy:
        """The pinned policy, with the keys of all logs of the line.

        Raises:
            PolicyError: the pinned text is no policy.
            CustodyError: see `line`.
        """
        return self.line.policy(Policy.parse(self.policy_text))

    @property
    def line(self) -> Lineage:
        """The logs whose receipts and proofs count, oldest first.

        Raises:
            SuccessionError: the rotations make no line, or the policy names a log to which none leads.
            CustodyError: the pinned text is no policy, or a rotation names no key.
        """
        policy = Policy.parse(self.policy_text)
        return trust.complete_line(policy, rotation.read((one.to_json() for one in self.rotations), self.root))

    def with_rotations(self, shown: Iterable[object]) -> "Pins":
        """Return these anchors with the rotations that a server shows (parsed JSON of DSSE envelopes).

        Raises:
            DistrustError: the root did not sign one, or they contradict each other or what is known.
        """
        known = {one.to_bytes(): one for one in self.rotations}
        try:
            more = [dsse.from_json(document, dsse.STATEMENT_TYPE) for document in shown]
            known |= {one.to_bytes(): one for one in more}
            if len(known) == len(self.rotations):
                return self
            extended = replace(self, rotations=tuple(known.values()))
            _ = extended.line
        except EvidenceError as error:
            raise DistrustError(f"What the server says about the end of a log does not hold: {error}.") from error
        return extended

    @staticmethod
    def from_folder(folder: Path) -> "Pins":
        """Read a trust folder: `root.pub` (64 hexadecimal characters and a label) and `policy`.

        Raises:
            FolderError: a file is missing or holds something else.
        """
        try:
            line = (folder / "root.pub").read_text().split()
            root = bytes.fromhex(ids.hex_text(line[0] if line else "", 32))
            policy = (folder / trust.POLICY).read_text()
            signed = folder / trust.ROTATIONS
            shown = canonical.decode(signed.read_bytes()) if signed.exists() else []
            if not isinstance(shown, list):
                raise FolderError(f"{signed} holds no list.")
            return Pins(root, policy).with_rotations(shown)
        except OSError as error:
            raise FolderError(f"{folder} is no trust folder: {error.filename} cannot be read.") from error
        except EvidenceError as error:
            raise FolderError(f"{folder}/root.pub does not begin with a public key: {error}") from error

    def certificates(self, published: Iterable[object]) -> Mapping[ids.KeyId, Certificate]:
        """Return the keys that the pinned root certified and did not retire, by name.

        `published` are the DSSE envelopes (parsed JSON) of `key.publish` and `key.retire` statements, in the order
        of the journal. One that the root did not sign is ignored: only what is proven counts.
        """
        found: dict[ids.KeyId, Certificate] = {}
        for document in published:
            try:
                envelope = dsse.from_json(document, dsse.STATEMENT_TYPE)
                statement = statements.from_envelope(envelope)
                statements.verified(statement, {self.root_kid: self.root})
            except EvidenceError:
                continue
            body = statement.body
            if isinstance(body, KeyPublish):
                kid = keys.signing_kid(bytes.fromhex(body.sign))
                found[kid] = Certificate(kid, body, envelope)
            elif isinstance(body, KeyRetire):
                found.pop(body.kid, None)
        return found

    def terms(self, organisation: Iterable[Event]) -> Mapping[ids.KeyId, Term]:
        """Return every key that the pinned root ever certified, by name, with the events between which it counts.

        `organisation` are events in the order of the journal. What the root did not sign is ignored.
        """
        found: dict[ids.KeyId, Term] = {}
        for one in organisation:
            try:
                statements.verified(one.statement, {self.root_kid: self.root})
            except EvidenceError:
                continue
            body = one.statement.body
            if isinstance(body, KeyPublish):
                kid = keys.signing_kid(bytes.fromhex(body.sign))
                found.setdefault(kid, Term(Certificate(kid, body, one.statement.envelope), one.index))
            elif isinstance(body, KeyRetire) and body.kid in found and found[body.kid].until is None:
                found[body.kid] = replace(found[body.kid], until=one.index)
        return found

    def pin_policy(self, policy_sha256: str) -> "Pins":
        """Return these anchors when the policy text is the one whose SHA-256 was pinned.

        Raises:
            DistrustError: it is another text.
        """
        if not hmac.compare_digest(hashlib.sha256(self.policy_text.encode()).hexdigest(), policy_sha256):
            raise DistrustError("The trust policy that the server sent is not the one of the invitation.")
        return self


def one_of(certificates: Mapping[ids.KeyId, Certificate], role: Role, kid: ids.KeyId) -> Certificate:
    """Return the certificate of key `kid` when the root certified it for `role`.

    Raises:
        DistrustError: it did not.
    """
    certificate = certificates.get(kid)
    if certificate is None or certificate.published.role != role:
        raise DistrustError(f"Key {kid} is not certified as {role} by the root that this client pinned.")
    return certificate
