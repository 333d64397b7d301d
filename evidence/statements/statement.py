"""One statement: a typed, signed act (`docs/formats/statement.md`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evidence import canonical, ids, keys, schema
from evidence.errors import FormatError
from evidence.statements import dsse
from evidence.statements.types import BODIES, CASELESS, Body

FIRST_PREV: Final = ids.Sha256("0" * 64)
"""What a device's first statement (`seq` 0) names as its predecessor."""

SUITE: Final = 1


@dataclass(frozen=True)
class SeenCheckpoint:
    """The newest log head that the signer had seen: the statement is not older than that head."""

    size: int
    root: ids.Sha256
    log: str | None = None
    """Its name, when it is not the log that the journal opened with."""


@dataclass(frozen=True)
class Chain:
    """A device's own numbering: a dropped or reordered statement shows as a gap."""

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
    kind = BODIES.get(payload.type)
    if kind is None:
        message = f"unknown statement type {payload.type[:40]!r}"
        raise FormatError(message)
    if (payload.case is None) != (payload.type in CASELESS):
        message = f"{payload.type} must {'not ' if payload.type in CASELESS else ''}name a case"
        raise FormatError(message)
    if (payload.seq is None) != (payload.prev is None):
        message = "seq and prev go together"
        raise FormatError(message)
    chain = None if payload.seq is None or payload.prev is None else Chain(payload.seq, payload.prev)
    body = schema.decode(kind, raw_body)
    return Statement(envelope, payload.type, payload.case, payload.at, payload.by, body, chain, payload.seen)


def verified(statement: Statement, public_keys: Mapping[ids.KeyId, bytes]) -> Statement:
    """Return `statement` if exactly these keys signed it, its author's among them; SignatureError otherwise.

    Each key that is given must have signed: an enrolment without the invitation's signature does not hold.
    """
    signers = dsse.verify(statement.envelope, public_keys)
    if statement.by not in signers or signers != public_keys.keys():
        raise keys.SignatureError("the statement is not signed by every key that it needs")
    return statement


def sign(
    signer: keys.Identity,
    kind: str,
    body: Body,
    *,
    case: ids.CaseId | None = None,
    at: ids.Time | None = None,
    chain: Chain | None = None,
    seen: SeenCheckpoint | None = None,
    cosigner: keys.Identity | None = None,
) -> Statement:
    """Make and sign a statement of `kind` (a key of `types.BODIES`); `cosigner` adds a second signature.

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
