"""No bytes make a parser of the custody log fail with anything but its own error; what is accepted round-trips."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.custody.errors import CustodyError, TimestampError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import KeyType, Note, NoteSigner, NoteVerifier, generate_key
from evidence.custody.log.tiles import TileId, decode_entries, encode_entries
from evidence.custody.log.tlogproof import TlogProof
from evidence.custody.time import renewal, tsa_policy
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.custody.time.timestamp import verify_token
from evidence.custody.time.tsa_policy import TsaPolicy
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness_request import AddCheckpoint, judge_refusal, parse_cosignatures, parse_size

LOG = generate_key("log.example")
WITNESS = generate_key("w.example", KeyType.COSIGNATURE_V1)
HEAD = SignedCheckpoint.sign(Checkpoint("log.example", 7, b"\x07" * 32), LOG)
NOTE = HEAD.to_bytes()
PROOF = TlogProof(3, (b"\x01" * 32, b"\x02" * 32), NOTE, b"extra").to_bytes()
REQUEST = AddCheckpoint(5, (b"\x01" * 32, b"\x02" * 32), NOTE)
ANSWER = WITNESS.cosign(HEAD.checkpoint.body, datetime(2026, 5, 4, tzinfo=UTC)).line.encode()
POLICY = f"log {LOG.vkey}\nwitness W {WITNESS.vkey}\ngroup g any W\nquorum g\n"
TSA = DevelopmentTsa.create()
TOKEN = TSA.stamp(bytes(32))
RENEWAL = renewal.Tree([renewal.token_sha256(one) for one in (b"a", TOKEN, b"b")]).proof(1)
TSAS = f"tsa kpn {tsa_policy.fingerprint(TSA.root_pem)} https://kpn.example\nuntil kpn 2031-01-01T00:00:00Z\nquorum 1\n"

BYTES_PARSERS: list[tuple[Callable[[bytes], object], bytes]] = [
    (Note.parse, NOTE),
    (SignedCheckpoint.parse, NOTE),
    (Checkpoint.parse, HEAD.checkpoint.body),
    (TlogProof.parse, PROOF),
    (lambda data: decode_entries(data, 2), encode_entries([b"one", b""])),
    (Policy.parse("quorum none\n" + POLICY.splitlines()[0]).verify, NOTE),
    (AddCheckpoint.parse, REQUEST.to_bytes()),
    (parse_cosignatures, ANSWER),
    (parse_size, b"20852014\n"),
    (lambda data: judge_refusal(REQUEST, data, LOG.verifier), NOTE),
    (lambda data: verify_token(data, bytes(32), [TSA.root_pem]), TOKEN),
    (lambda data: renewal.verify(data, TOKEN), RENEWAL),
    (tsa_policy.fingerprint, TSA.root_pem),
]
TEXT_PARSERS: list[tuple[Callable[[str], object], str]] = [
    (NoteVerifier.parse, LOG.vkey),
    (NoteSigner.parse, LOG.skey),
    (Policy.parse, POLICY),
    (TsaPolicy.parse, TSAS),
    (TileId.parse, "tile/entries/x001/x234/067.p/3"),
]


@st.composite
def damaged_bytes(draw: st.DrawFn, good: bytes) -> bytes:
    """A good input with a stretch of it replaced, or anything at all."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=300))
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(len(good), start + 40)))
    filling = st.one_of(
        st.binary(max_size=8), st.sampled_from([b"\n", b"\n\n", b" ", b"=", b"\xe2\x80\x94 ", good[:40]])
    )
    return good[:start] + draw(filling) + good[end:]


@st.composite
def damaged_text(draw: st.DrawFn, good: str) -> str:
    """The same for text, lone surrogates included."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.text(st.characters(), max_size=200))
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(len(good), start + 40)))
    return good[:start] + draw(st.text(st.characters(), max_size=4)) + good[end:]


@pytest.mark.parametrize("number", range(len(BYTES_PARSERS)))
@given(st.data())
def test_bytes_are_parsed_or_refused_with_our_error(number: int, data: st.DataObject) -> None:
    parse, good = BYTES_PARSERS[number]
    parse(good)
    with suppress(CustodyError):
        parse(data.draw(damaged_bytes(good)))


@pytest.mark.parametrize("number", range(len(TEXT_PARSERS)))
@given(st.data())
def test_texts_are_parsed_or_refused_with_our_error(number: int, data: st.DataObject) -> None:
    parse, good = TEXT_PARSERS[number]
    parse(good)
    with suppress(CustodyError):
        parse(data.draw(damaged_text(good)))


@given(st.data())
def test_what_is_accepted_has_one_spelling(data: st.DataObject) -> None:
    """Two files that mean the same would let one signature or hash stand for two files."""
    try:
        raw = data.draw(damaged_bytes(NOTE))
        assert Note.parse(raw).to_bytes() == raw
        signed = SignedCheckpoint.parse(raw)
        assert signed.to_bytes() == raw
        assert signed.checkpoint.body == signed.note.text
        raw = data.draw(damaged_bytes(REQUEST.to_bytes()))
        assert AddCheckpoint.parse(raw).to_bytes() == raw
        raw = data.draw(damaged_bytes(PROOF))
        assert TlogProof.parse(raw).to_bytes() == raw
    except CustodyError:
        return


@given(st.data())
def test_a_damaged_note_never_verifies_as_another_checkpoint(data: st.DataObject) -> None:
    policy = Policy.parse(f"log {LOG.vkey}\nquorum none\n")
    try:
        assert policy.verify(data.draw(damaged_bytes(NOTE))).signed.checkpoint == HEAD.checkpoint
    except CustodyError:
        return


@given(st.data())
def test_a_damaged_token_never_says_another_time(data: st.DataObject) -> None:
    truth = verify_token(TOKEN, bytes(32), [TSA.root_pem])
    try:
        assert verify_token(data.draw(damaged_bytes(TOKEN)), bytes(32), [TSA.root_pem]) == truth
    except TimestampError:
        return


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**21 - 1), st.integers(1, 256))
def test_every_tile_has_one_path(level: int | None, index: int, width: int) -> None:
    tile = TileId(level, index, width)
    assert TileId.parse(tile.path) == tile
