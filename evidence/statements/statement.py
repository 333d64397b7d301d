"""One statement: a typed, signed act (`docs/formats/statement.md`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from evidence import canonical, ids, keys, schema
from evidence.errors import FormatError
from evidence.statements import catalogue, dsse
from evidence.statements.bodies import Body

FIRST_PREV: Final = ids.Sha256("0" * 64)
"""What the first statement of a phone or a vault (`seq` 0) names as its predecessor."""

SUITE: Final = 1

B = TypeVar("B", bound=Body, covariant=True)
C = TypeVar("C", bound=Body)


@dataclass(frozen=True)
class SeenCheckpoint:
    """The newest log head that the signer had seen: the statement is not older than that head."""

    size: int
    root: ids.Sha256
    log: str | None = None
    """Its name, when it is not the log that the journal opened with."""


@dataclass(frozen=True)
class Chain:
    """The own numbering of a phone or a vault: a dropped or reordered statement shows as a gap."""

    seq: int
    prev: ids.Sha256


@dataclass(frozen=True)
class Statement:
    """A parsed statement, with the envelope that it arrived in. Signatures are checked by `verified`."""

    envelope: dsse.Envelope
    type: str
    case: ids.CaseId | None
    at: ids.Time
    by: ids.KeyId
    body: Body
    chain: Chain | None
    seen: SeenCheckpoint | None

    @property
    def id(self) -> ids.Sha256:
        """SHA-256 of the signed payload: the same act posted twice has the same id."""
        return self.envelope.body_sha256

    @property
    def cosigner(self) -> ids.KeyId | None:
        """The second key that has to sign it, as its body says; None where it needs none."""
        member = catalogue.ACTS[self.type].cosigner
        return None if member is None else self.body.named(member)


@dataclass(frozen=True)
class Said(Generic[B]):
    """A statement whose body is of a type that is known: what rules and folds of that type are given."""

    statement: Statement
    body: B

    @staticmethod
    def of(statement: Statement, body: type[C]) -> "Said[C]":
        """Return the statement with its body typed; TypeError when it has another one."""
        if not isinstance(statement.body, body):
            raise TypeError(f"{statement.type} has no body of type {body.__name__}")
        return Said(statement, statement.body)

    @property
    def by(self) -> ids.KeyId:
        """The author."""
        return self.statement.by

    @property
    def at(self) -> ids.Time:
        """The author's clock."""
        return self.statement.at

    @property
    def case(self) -> ids.CaseId:
        """The case that it belongs to; TypeError for an act of the organisation, which belongs to none."""
        if self.statement.case is None:
            raise TypeError(f"{self.statement.type} belongs to no case")
        return self.statement.case


class Told(NamedTuple, Generic[B]):
    """What a case is told by an act of its own: no signature and no envelope, which are read again where they count.

    A tuple, because a case that is read makes one of each of its events.
    """

    type: str
    case: ids.CaseId
    at: ids.Time
    by: ids.KeyId
    id: ids.Sha256
    body: B
    seq: int | None

    @staticmethod
    def of(statement: Statement) -> "Told[Body]":
        """Return what a statement tells its case; TypeError for an act of the organisation, which has none."""
        if statement.case is None:
            raise TypeError(f"{statement.type} belongs to no case")
        return Told(
            *(statement.type, statement.case, statement.at, statement.by, statement.id, statement.body),
            None if statement.chain is None else statement.chain.seq,
        )


@dataclass(frozen=True)
class _Payload:
    v: Literal[1]
    suite: Literal[1]
    type: str
    at: ids.Time
    by: ids.KeyId
    case: ids.CaseId | None
    seq: int | None
    prev: ids.Sha256 | None
    seen: SeenCheckpoint | None


def parse(data: bytes) -> Statement:
    """Read statement bytes; FormatError for any other form. Verifies no signature."""
    return from_envelope(dsse.parse(data, dsse.STATEMENT_TYPE))


def from_envelope(envelope: dsse.Envelope) -> Statement:
    """Read the statement inside a DSSE envelope; FormatError for any other form."""
    members = canonical.decode_exact(envelope.body)
    if not isinstance(members, dict) or "body" not in members:
        message = "a statement is an object with a body"
        raise FormatError(message)
    raw_body = members.pop("body")
    payload = schema.decode(_Payload, members)
    act = catalogue.ACTS.get(payload.type)
    if act is None:
        message = f"unknown statement type {payload.type[:40]!r}"
        raise FormatError(message)
    caseless = act.scope == "organisation"
    if (payload.case is None) != caseless:
        message = f"{payload.type} must {'not ' if caseless else ''}name a case"
        raise FormatError(message)
    if (payload.seq is None) != (payload.prev is None):
        message = "seq and prev go together"
        raise FormatError(message)
    chain = None if payload.seq is None or payload.prev is None else Chain(payload.seq, payload.prev)
    body = schema.decode(act.body, raw_body)
    return Statement(envelope, payload.type, payload.case, payload.at, payload.by, body, chain, payload.seen)


def verified(statement: Statement, public_keys: Mapping[ids.KeyId, bytes]) -> Statement:
    """Return `statement` if exactly these keys signed it, its author's among them; SignatureError otherwise.

    Each key that is given must have signed: an enrolment without the invitation's signature does not hold.
    """
    signers = dsse.verify(statement.envelope, public_keys)
    if statement.by not in signers or signers != public_keys.keys():
        raise keys.SignatureError("the statement is not signed by every key that it needs")
    return statement


def is_signed_by(statement: Statement, public: bytes) -> bool:
    """Whether its author's key (Ed25519, 32 bytes) is this one and signed it, whoever else signed it too."""
    kid = keys.signing_kid(public)
    own = next((one.sig for one in statement.envelope.signatures if one.keyid == kid), None)
    if own is None or statement.by != kid:
        return False
    try:
        keys.verify(public, dsse.pae(statement.envelope.payloadType, statement.envelope.body), canonical.unb64(own))
    except keys.SignatureError:
        return False
    return True


def cosigned(statement: Statement, cosigner: keys.SigningKey) -> Statement:
    """Return a statement with a second signature under the very bytes that its author signed."""
    envelope = statement.envelope
    (added,) = dsse.sign(envelope.payloadType, envelope.body, cosigner).signatures
    return from_envelope(dsse.Envelope(envelope.payload, envelope.payloadType, (*envelope.signatures, added)))


def sign(
    signer: keys.SigningKey,
    kind: str,
    body: Body,
    *,
    case: ids.CaseId | None = None,
    at: ids.Time | None = None,
    chain: Chain | None = None,
    seen: SeenCheckpoint | None = None,
    cosigner: keys.SigningKey | None = None,
) -> Statement:
    """Make and sign a statement of `kind` (a row of `catalogue`); `cosigner` adds a second signature.

    The result was read back from its own bytes, so what is returned is what anyone else will read.
    """
    members = {
        "v": 1,
        "suite": SUITE,
        "type": kind,
        "case": case,
        "at": at or ids.now(),
        "by": signer.kid,
        "seq": chain and chain.seq,
        "prev": chain and chain.prev,
        "seen": seen and schema.encode(seen),
        "body": schema.encode(body),
    }
    payload = canonical.encode({name: value for name, value in members.items() if value is not None})
    signers = (signer,) if cosigner is None else (signer, cosigner)
    return from_envelope(dsse.sign(dsse.STATEMENT_TYPE, payload, *signers))
