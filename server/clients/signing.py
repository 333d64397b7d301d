"""A key that signs requests (RFC 9421) and posts statements, and believes only receipts that hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from evidence import canonical, http_signature, ids, keys
from evidence.errors import EvidenceError
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from evidence.statements.statement import Chain, Statement
from server.clients import numbering, receipts
from server.clients.errors import ClientError, DistrustError, RefusedError, StoppedError
from server.clients.http import Api
from server.clients.numbering import Numbers
from server.clients.pins import AUTHORITY, TRUST, Certificate, Pins, Term
from server.clients.receipts import Receipted

STATEMENTS: Final = "/api/v1/statements"
"""The one write door for statements."""

BATCH: Final = f"{STATEMENTS}/batch"
"""Where several statements of one author about one case go in by one commit."""

MAX_TOGETHER: Final = 100
MAX_BATCH_BYTES: Final = canonical.MAX_DOCUMENT_BYTES
"""What one batch holds (`docs/formats/statement.md`)."""

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


@dataclass(frozen=True)
class Posted:
    """What became of statements that were posted together: receipts of the first ones, and why the next was refused."""

    receipted: Sequence[Receipted]
    refused: RefusedError | None


@dataclass
class Signer:
    """One key at one server, with the anchors that its owner pinned."""

    api: Api
    identity: keys.SigningKey = field(repr=False)
    pins: Pins
    numbers: Numbers | None = field(default=None, repr=False)
    """What this computer remembers of the numbers of a vault; None where it keeps nothing."""

    _certificates: Mapping[ids.KeyId, Certificate] = field(default_factory=dict, repr=False)

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

    def authors(self) -> Mapping[ids.KeyId, Term]:
        """Return every key that the pinned root ever certified: what somebody signed before they left stands.

        Raises:
            ClientError: refused, not reachable, or an answer that cannot be read.
        """
        answer = self.api.get(AUTHORITY)
        try:
            return self.pins.terms([event.parse(canonical.unb64(one["event"])) for one in answer["events"]])
        except (EvidenceError, KeyError, TypeError) as error:
            raise DistrustError(f"What the server says about keys cannot be read: {error}.") from error

    def refresh(self) -> Pins:
        """Ask the server for certificates and rotations, believe those that the pinned root signed; return the pins.

        Raises:
            ClientError: refused, not reachable, or a rotation does not hold.
        """
        shown = self.api.get(TRUST)
        self.pins = self.pins.with_rotations(shown.get("rotations", []))
        published = shown.get("certificates", [])
        self._certificates = self.pins.certificates(published)
        return self.pins

    def act(self, kind: str, body: bodies.Body, case: ids.CaseId) -> Receipted:
        """Sign a statement about a case and post it, numbered when the key is a vault's: the root certified it not.

        Raises:
            DistrustError: the last statement that the server shows is not hers, or older than this computer knows.
            ClientError: as for `post`.
        """
        return self.act_all([(kind, body)], case)[0]

    def act_all(self, acts: Sequence[tuple[str, bodies.Body]], case: ids.CaseId) -> list[Receipted]:
        """Sign statements about a case and post them in batches, in order; what was stored before a refusal stays.

        Raises:
            ClientError: as for `act`; the first refusal.
        """
        done: list[Receipted] = []
        tries = MAX_SIGNED_ANEW
        while len(done) < len(acts):
            made = self._sign_some(acts[len(done) :], case)
            posted = self.post_all(made)
            done.extend(posted.receipted)
            for one, receipted in zip(made, posted.receipted, strict=False):
                if one.chain is not None and self.numbers is not None:
                    self.numbers.keep(Chain(one.chain.seq, one.id))
                    self.numbers.keep_receipt(one.chain.seq, receipted.document)
            if posted.refused is not None:
                tries -= 1
                if posted.refused.name != CHAIN or made[0].chain is None or not tries:
                    raise posted.refused
        return done

    def _sign_some(self, acts: Sequence[tuple[str, bodies.Body]], case: ids.CaseId) -> list[Statement]:
        """Sign as many acts as one batch holds."""
        made = [self.sign(*acts[0], case)]
        size = len(batch_of(made))
        for kind, body in acts[1:MAX_TOGETHER]:
            before = made[-1]
            link = None if before.chain is None else Chain(before.chain.seq + 1, before.id)
            one = statements.sign(self.identity, kind, body, case=case, chain=link)
            size += 1 + len(one.envelope.to_bytes())
            if size > MAX_BATCH_BYTES:
                break
            made.append(one)
        return made

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
        return self._believe(self.api.write("POST", path, statement.envelope.to_bytes()), statement)

    def post_all(self, said: Sequence[Statement]) -> Posted:
        """Post signed statements of one case together, in order, and return the receipts, checked, and the refusal.

        Posting the same statements again gives the same receipts.

        Raises:
            ClientError: not reachable, or a receipt does not hold.
        """
        refused = None
        try:
            if len(said) == 1:
                return Posted([self.post(said[0])], None)
            answers = self.api.write("POST", BATCH, batch_of(said)).get("receipts")
        except StoppedError as stopped:
            answers, refused = stopped.receipts, stopped.refused
        except RefusedError as whole:
            return Posted([], whole)
        if (
            not isinstance(answers, list)
            or (len(answers) == len(said)) != (refused is None)
            or len(answers) > len(said)
        ):
            raise DistrustError("The server does not say what became of each statement. They count as not arrived.")
        return Posted([self._believe(answer, one) for answer, one in zip(answers, said, strict=False)], refused)

    def _believe(self, answer: object, statement: Statement) -> Receipted:
        before = (self.certificates(), self.pins)
        try:
            return receipts.check(self.pins, self.certificates(), answer, statement.id)
        except DistrustError:
            # The root may have certified another key of the server, or ended a log, since it was asked.
            if (self.certificates(fresh=True), self.pins) == before:
                raise
            return receipts.check(self.pins, self.certificates(), answer, statement.id)


def batch_of(said: Sequence[Statement]) -> bytes:
    """Return the body of a batch."""
    return b"[" + b",".join(one.envelope.to_bytes() for one in said) + b"]"
