"""The wire format between log and witness is that of c2sp.org/tlog-witness, and a witness's word alone stops no log."""

import base64
from datetime import UTC, datetime

import pytest

from evidence.custody import errors
from evidence.custody.errors import (
    CustodyError,
    ForkError,
    SignatureError,
    StaleSizeError,
    WitnessFormatError,
    WitnessUnavailableError,
)
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import KeyType, Note, NoteSignature, NoteSigner, generate_key
from evidence.custody.witnessing.witness_request import (
    MAX_ANSWER_BYTES,
    MAX_REQUEST_BYTES,
    AddCheckpoint,
    check_cosigned,
    judge_refusal,
    parse_cosignatures,
    parse_size,
    size_body,
    status_of,
)
from evidence.errors import StorageError
from tests.support import rfc6962

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
LOG = generate_key("log.example")
LEAVES = [b"leaf %d" % number for number in range(20)]
FORK = [*LEAVES[:5], b"other", *LEAVES[6:]]

# The request that stands as the example in the specification, with shortened signature lines.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
""".encode()  # noqa: E501 - as it stands there


def head(size: int, leaves: list[bytes] = LEAVES, key: NoteSigner = LOG) -> bytes:
    return SignedCheckpoint.sign(Checkpoint(key.name, size, rfc6962.mth(leaves[:size])), key).to_bytes()


def test_the_example_of_the_specification() -> None:
    asked = AddCheckpoint.parse(EXAMPLE)
    assert (asked.old_size, len(asked.proof)) == (20852014, 4)
    checkpoint = SignedCheckpoint.parse(asked.note).checkpoint
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert asked.to_bytes() == EXAMPLE


@pytest.mark.parametrize("proof", [(), (bytes(32),), tuple(bytes([n]) * 32 for n in range(63))])
def test_a_request_comes_back_as_it_went(proof: tuple[bytes, ...]) -> None:
    asked = AddCheckpoint(7, proof, head(9))
    assert AddCheckpoint.parse(asked.to_bytes()) == asked
    assert len(asked.to_bytes()) < MAX_REQUEST_BYTES


HASH = base64.b64encode(bytes(32))
MALFORMED = {
    "nothing": b"",
    "no empty line": b"old 1\n" + HASH + b"\n",
    "no old line": HASH + b"\n\n" + head(3),
    "leading zero": b"old 01\n\n" + head(3),
    "negative": b"old -1\n\n" + head(3),
    "two spaces": b"old  1\n\n" + head(3),
    "carriage returns": b"old 1\r\n\r\n" + head(3),
    "other digits": "old \u0661\n\n".encode() + head(3),
    "too large a size": b"old 9223372036854775808\n\n" + head(3),
    "64 hashes": b"old 1\n" + (HASH + b"\n") * 64 + b"\n" + head(3),
    "a short hash": b"old 1\n" + HASH[4:] + b"\n\n" + head(3),
    "not base64": b"old 1\n*\n\n" + head(3),
    "two spellings of base64": b"old 1\n" + HASH[:-2] + b"B=\n\n" + head(3),
    "too long": b"old 1\n\n" + bytes(MAX_REQUEST_BYTES),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_request(name: str) -> None:
    with pytest.raises(WitnessFormatError):
        AddCheckpoint.parse(MALFORMED[name])


def test_each_refusal_has_its_status() -> None:
    stated = {
        errors.NoteError("x"): 400,
        errors.CheckpointError("x"): 400,
        errors.WitnessFormatError("x"): 400,
        errors.RollbackError("x"): 400,
        errors.EmptyTreeError("x"): 422,
        errors.UnknownLogError("x"): 404,
        errors.SignatureError("x"): 403,
        errors.StaleSizeError(3): 409,
        errors.ForkError("x"): 422,
        StorageError("x"): None,
        errors.CorruptLogError("x"): None,
    }
    assert {error: status_of(error) for error in stated} == stated


def test_a_size_zero_with_another_root_is_unprocessable_not_malformed() -> None:
    body = f"{LOG.name}\n0\n{base64.b64encode(b'x' * 32).decode()}\n".encode()
    with pytest.raises(errors.EmptyTreeError):
        SignedCheckpoint.parse(Note(body, (LOG.sign(body),)).to_bytes())


def test_sizes() -> None:
    assert parse_size(size_body(0)) == 0
    assert parse_size(b"20852014\n") == 20852014
    for bad in (b"", b"7", b"07\n", b"-1\n", b"7\n\n", b"9223372036854775808\n", b"seven\n"):
        with pytest.raises(WitnessFormatError):
            parse_size(bad)


def test_cosignatures_of_others_are_ignored_and_bad_ones_of_a_known_key_are_not() -> None:
    one, other = (generate_key(name, KeyType.COSIGNATURE_V1) for name in ("one.example", "other.example"))
    body = SignedCheckpoint.parse(head(3)).checkpoint.body
    good = one.cosign(body, NOW)
    answer = (other.cosign(body, NOW).line + good.line).encode()
    assert check_cosigned(parse_cosignatures(answer), one.verifier, body) == good
    with pytest.raises(SignatureError):
        check_cosigned(parse_cosignatures(other.cosign(body, NOW).line.encode()), one.verifier, body)
    bad = NoteSignature(one.name, one.verifier.key_id, good.signature[:-1] + bytes([good.signature[-1] ^ 1]))
    with pytest.raises(SignatureError):
        check_cosigned((good, bad), one.verifier, body)


@pytest.mark.parametrize(
    "bad", [b"", b"\n", b"<html>\n", "— w.example AAAA".encode(), b"\xff\n", bytes(MAX_ANSWER_BYTES + 1)]
)
def test_what_is_no_answer(bad: bytes) -> None:
    with pytest.raises(WitnessFormatError):
        parse_cosignatures(bad)


def request(old: int, new: int) -> AddCheckpoint:
    return AddCheckpoint(old, tuple(rfc6962.proof(old, LEAVES[:new])), head(new))


STRANGER = generate_key(LOG.name)
SHOWN: dict[str, tuple[bytes | None, type[CustodyError]]] = {
    "nothing": (None, WitnessUnavailableError),
    "no note": (b"it is a fork, believe me\n", WitnessUnavailableError),
    "signed by a stranger of our name": (head(9, FORK, STRANGER), WitnessUnavailableError),
    "of another log": (head(9, FORK, generate_key("other.example")), WitnessUnavailableError),
    "what we extend": (head(6), WitnessUnavailableError),
    "our own head": (head(9), WitnessUnavailableError),
    "a size that the request does not speak of": (head(7, FORK), WitnessUnavailableError),
    "another head of the same size": (head(9, FORK), ForkError),
    "another history below": (head(6, FORK), ForkError),
    "a longer tree": (head(12), StaleSizeError),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_refusal_counts_only_with_a_head_that_our_key_signed(name: str) -> None:
    shown, kind = SHOWN[name]
    assert type(judge_refusal(request(6, 9), shown, LOG.verifier)) is kind


def test_the_longer_size_is_named() -> None:
    judged = judge_refusal(request(6, 9), head(12), LOG.verifier)
    assert isinstance(judged, StaleSizeError)
    assert judged.known_size == 12


def test_from_an_empty_tree_any_head_extends() -> None:
    asked = AddCheckpoint(0, (), head(9))
    shown = SignedCheckpoint.sign(Checkpoint(LOG.name, 0, merkle.EMPTY_ROOT), LOG).to_bytes()
    assert type(judge_refusal(asked, shown, LOG.verifier)) is WitnessUnavailableError
