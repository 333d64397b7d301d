"""A key that signs requests (RFC 9421) and posts statements, and believes only receipts that hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from evidence import http_signature, ids, keys
from evidence.statements.statement import Statement
from server.clients import receipts
from server.clients.errors import ClientError, DistrustError
from server.clients.http import Api
from server.clients.pins import TRUST, Certificate, Pins
from server.clients.receipts import Receipted

STATEMENTS: Final = "/api/v1/statements"
"""The one write door for statements."""


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
    _certificates: Mapping[ids.KeyId, Certificate] = field(default_factory=dict, repr=False)

    @staticmethod
    def connect(url: str, identity: keys.SigningKey, pins: Pins) -> "Signer":
        """Return a signer for the server at `url`; nothing is sent yet."""
        return Signer(Api(url, KeySigner(identity)), identity, pins)

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

    def refresh(self) -> Pins:
        """Ask the server for certificates and rotations, believe those that the pinned root signed; return the pins.

        Raises:
            ClientError: refused, not reachable, or a rotation does not hold.
        """
        shown = self.api.get(TRUST)
        self.pins = self.pins.with_rotations(shown.get("rotations", []))
        self._certificates = self.pins.certificates(shown.get("certificates", []))
        return self.pins

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
