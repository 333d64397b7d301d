"""A key that signs requests (RFC 9421) and posts statements, and believes only receipts that hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from evidence import http_signature, ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import Chain, Statement
from server.clients import numbering, receipts
from server.clients.errors import ClientError, DistrustError, RefusedError
from server.clients.http import Api
from server.clients.numbering import Numbers
from server.clients.pins import TRUST, Certificate, Pins
from server.clients.receipts import Receipted

STATEMENTS: Final = "/api/v1/statements"
"""The one write door for statements."""

LAST: Final = f"{STATEMENTS}/last"
"""Where a vault hears which of its statements was the last."""

CHAIN: Final = "chain"
"""The reason of a refusal when somebody took the number: her vault is open on another computer too."""

MAX_SIGNED_ANEW: Final = 4
"""How often one statement is signed in one call, while the same key speaks elsewhere."""


@dataclass(frozen=True)
class KeySigner:
    """Signs requests with a private key; a `RequestSigner`."""

    identity: keys.SigningKey = field(repr=False)

    def headers(
        self, method: str, url: str, body: bytes | None, created: datetime, more: Mapping[str, str]
    ) -> dict[str, str]:
        """Return Signature-Input, Signature and, with a body, Content-Digest."""
        offset = more.get("upload-offset") if method == "PATCH" else None
        return http_signature.sign_request(
            self.identity.sign,
            self.identity.kid,
            http_signature.RequestTarget.of_url(method, url),
            created=int(created.timestamp()),
            body=body,
            upload_offset=None if offset is None else int(offset),
        )


@dataclass
class Signer:
    """One key at one server, with the anchors that its owner pinned."""

    api: Api
    identity: keys.SigningKey = field(repr=False)
    pins: Pins
    numbers: Numbers | None = field(default=None, repr=False)
    """What this computer remembers of the numbers of a vault; None where it keeps nothing."""

    _certificates: Mapping[ids.KeyId, Certificate] = field(default_factory=dict, repr=False)
    _ever_certified: Mapping[ids.KeyId, Certificate] = field(default_factory=dict, repr=False)

    @staticmethod
    def connect(url: str, identity: keys.SigningKey, pins: Pins, numbers: Numbers | None = None) -> "Signer":
        """Return a signer for the server at `url`; nothing is sent yet."""
        return Signer(Api(url, KeySigner(identity)), identity, pins, numbers)

    @property
    def reader(self) -> keys.Identity:
        """The same key, as one that opens items.

        Raises:
            ClientError: it only signs, as a phone's does.
        """
        if not isinstance(self.identity, keys.Identity):
            raise ClientError("This key signs and opens nothing.")
        return self.identity

    def certificates(self, *, fresh: bool = False) -> Mapping[ids.KeyId, Certificate]:
        """Return the keys that the pinned root certified; asked once, and again when `fresh`."""
        if fresh or not self._certificates:
            self.refresh()
        return self._certificates

    def authors(self) -> Mapping[ids.KeyId, Certificate]:
        """Return every key that the pinned root ever certified: what somebody signed stands after they left.

        Raises:
            ClientError: as for `refresh`.
        """
        self.refresh()
        return self._ever_certified

    def refresh(self) -> Pins:
        """Ask the server for certificates and rotations, believe those that the pinned root signed; return the pins.

        Raises:
            ClientError: refused, not reachable, or a rotation does not hold.
        """
        shown = self.api.get(TRUST)
        self.pins = self.pins.with_rotations(shown.get("rotations", []))
        published = shown.get("certificates", [])
        self._certificates = self.pins.certificates(published)
        self._ever_certified = self.pins.certificates(published, retired=True)
        return self.pins

    def act(self, kind: str, body: bodies.Body, case: ids.CaseId, *, tries: int = MAX_SIGNED_ANEW) -> Receipted:
        """Sign a statement about a case and post it, numbered when the key is a vault's: the root certified it not.

        Raises:
            DistrustError: the last statement that the server shows is not hers, or older than this computer knows.
            ClientError: as for `post`.
        """
        made = self.sign(kind, body, case)
        try:
            receipted = self.post(made)
        except RefusedError as refused:
            if refused.name != CHAIN or made.chain is None or tries == 1:
                raise
            return self.act(kind, body, case, tries=tries - 1)
        if made.chain is not None and self.numbers is not None:
            self.numbers.keep(Chain(made.chain.seq, made.id))
            self.numbers.keep_receipt(made.chain.seq, receipted.document)
        return receipted

    def sign(self, kind: str, body: bodies.Body, case: ids.CaseId) -> Statement:
        """Sign a statement about a case, with the next number when the key is a vault's; nothing is posted.

        Raises:
            ClientError: as for `act`.
        """
        if self.identity.kid in self.certificates():
            return statements.sign(self.identity, kind, body, case=case)
        link = numbering.following(self._last(case))
        return statements.sign(self.identity, kind, body, case=case, chain=link)

    def _last(self, case: ids.CaseId) -> Chain | None:
        answer = self.api.get(LAST)
        known = None if self.numbers is None else self.numbers.known()
        return numbering.last_of(answer, case, self.identity.sign_public, (self.pins, self.certificates()), known)

    def post(self, statement: Statement, path: str = STATEMENTS) -> Receipted:
        """Post a signed statement and return its receipt, checked.

        Posting the same statement again gives the same receipt, so a client that died may simply repeat.

        Raises:
            ClientError: refused, not reachable, or the receipt does not hold.
        """
        answer = self.api.write("POST", path, statement.envelope.to_bytes())
        before = (self.certificates(), self.pins)
        try:
            return receipts.check(self.pins, self.certificates(), answer, statement.id)
        except DistrustError:
            # The root may have certified another key of the server, or ended a log, since it was asked.
            if (self.certificates(fresh=True), self.pins) == before:
                raise
            return receipts.check(self.pins, self.certificates(), answer, statement.id)
