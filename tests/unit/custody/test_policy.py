"""Policies: a checkpoint is believed only with the log's signature and the quorum of witnesses."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from evidence.custody.errors import (
    CheckpointError,
    NoteError,
    PolicyError,
    QuorumError,
    SignatureError,
    UnknownLogError,
)
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.merkle import EMPTY_ROOT
from evidence.custody.log.note import KeyType, Note, NoteSignature, generate_key
from evidence.custody.witnessing.policy import MAX_ITEMS, MAX_POLICY_BYTES, Policy

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
LOG = generate_key("log.example/getuige")
W = [generate_key(f"w{number}.example", KeyType.COSIGNATURE_V1) for number in range(4)]
HEAD = SignedCheckpoint.sign(Checkpoint("log.example/getuige", 7, b"\x07" * 32), LOG)
WITNESSES = "".join(f"witness W{number} {key.vkey}\n" for number, key in enumerate(W))


def cosigned(*numbers: int) -> bytes:
    body = HEAD.checkpoint.body
    return HEAD.with_signatures([W[n].cosign(body, NOW + timedelta(seconds=n)) for n in numbers]).to_bytes()


def policy(*rest: str) -> Policy:
    return Policy.parse(f"log {LOG.vkey}\n{WITNESSES}" + "".join(f"{line}\n" for line in rest))


def test_a_satisfied_quorum_says_who_signed_and_when() -> None:
    verified = policy("group two 2 W0 W1 W2", "quorum two").verify(cosigned(0, 2, 3))
    assert (verified.size, verified.root, verified.log) == (7, b"\x07" * 32, LOG.verifier)
    assert [(one.witness, one.key_name, one.at) for one in verified.cosigned] == [
        ("W0", "w0.example", NOW),
        ("W2", "w2.example", NOW + timedelta(seconds=2)),
        ("W3", "w3.example", NOW + timedelta(seconds=3)),
    ]


def test_too_few_witnesses_are_counted_out_loud() -> None:
    with pytest.raises(QuorumError, match="only 1 of 2 witnesses") as caught:
        policy("group two 2 W0 W1 W2", "quorum two").verify(cosigned(1, 3))
    assert (caught.value.signed, caught.value.required, caught.value.group) == (1, 2, "two")
    with pytest.raises(QuorumError, match="only 0 of 1 witnesses"):
        policy("quorum W0").verify(cosigned(1, 2, 3))


def test_a_witness_may_have_an_address() -> None:
    text = f"witness A {W[0].vkey} https://a.example/w\nwitness B {W[1].vkey}\nquorum A\n"
    assert Policy.parse(text).witness_urls == {"A": "https://a.example/w"}
    with pytest.raises(PolicyError):
        Policy.parse(text.replace("/w\n", "/w https://b.example\n"))


@pytest.mark.parametrize(
    ("signers", "accepted"),
    [((0, 1, 2), True), ((0, 1, 2, 3), True), ((0, 1), False), ((0, 2, 3), False), ((2, 3), False), ((), False)],
)
def test_groups_nest(signers: tuple[int, ...], accepted: bool) -> None:  # noqa: FBT001 - a column of the table
    nested = policy("group a all W0 W1", "group b any W2 W3", "group both all a b", "quorum both")
    if accepted:
        assert nested.verify(cosigned(*signers)).size == 7
    else:
        with pytest.raises(QuorumError):
            nested.verify(cosigned(*signers))


def test_a_stripped_or_renamed_witness_line_is_missed() -> None:
    demanding = policy("quorum W0")
    line = W[0].cosign(HEAD.checkpoint.body, NOW)
    unrecognised = NoteSignature(line.name, b"\x00\x00\x00\x00", line.signature)
    for note in (HEAD.to_bytes(), HEAD.with_signatures([unrecognised]).to_bytes()):
        with pytest.raises(QuorumError):
            demanding.verify(note)


def test_one_bad_line_of_a_known_key_spoils_the_whole_note() -> None:
    line = W[3].cosign(HEAD.checkpoint.body, NOW)
    bad = NoteSignature(line.name, line.key_id, line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    note = SignedCheckpoint.parse(cosigned(0, 1)).with_signatures([bad]).to_bytes()
    with pytest.raises(SignatureError):
        policy("quorum W0").verify(note)


def test_one_witness_counts_once_with_its_earliest_time() -> None:
    note = HEAD.with_signatures([W[0].cosign(HEAD.checkpoint.body, NOW + timedelta(hours=n)) for n in (3, 1, 2)])
    verified = policy("quorum W0").verify(note.to_bytes())
    assert [one.at for one in verified.cosigned] == [NOW + timedelta(hours=1)]
    with pytest.raises(QuorumError):
        policy("group two 2 W0 W1", "quorum two").verify(note.to_bytes())


def test_the_log_itself_must_have_signed() -> None:
    body = HEAD.checkpoint.body
    unsigned = Note(body, (W[0].cosign(body, NOW), generate_key(LOG.name).sign(body)))
    with pytest.raises(SignatureError):
        policy("quorum W0").verify(unsigned.to_bytes())


def test_a_known_log_does_not_sign_for_another_origin() -> None:
    other = Checkpoint("log.example/other", 7, b"\x07" * 32)
    with pytest.raises(UnknownLogError):
        policy("quorum none").verify(Note(other.body, (LOG.sign(other.body),)).to_bytes())
    with pytest.raises(UnknownLogError):
        Policy.parse("quorum none\n").verify(HEAD.to_bytes())
    with pytest.raises(CheckpointError):
        SignedCheckpoint.sign(other, LOG)


def test_a_log_may_have_an_old_and_a_new_key() -> None:
    new = generate_key(LOG.name)
    both = Policy.parse(f"log {new.vkey}\nlog {LOG.vkey}\nquorum none\n")
    assert both.verify(HEAD.to_bytes()).log == LOG.verifier


def test_comments_tabs_urls_and_foreign_letters_are_allowed() -> None:
    log, witness = f"\tlog  {LOG.vkey}\thttps://x\n", f"witness Wé\u00a0x {W[0].vkey} https://y\n"
    text = f"# wie\n \t# tekst é\n\n{log}{witness}quorum Wé\u00a0x"
    assert set(Policy.parse(text).witnesses) == {"Wé\u00a0x"}


def without_keys(text: str) -> str:
    """Name a policy without its keys, which are fresh: a test must be called the same in each process."""
    return re.sub(r"\+[0-9a-f]{8}\+\S+", "", text)[:60]


@pytest.mark.parametrize(
    "text",
    [
        "", f"log {LOG.vkey}\n", "quorum W0\n", "quorum none\nquorum none\n", "quorum\n", "quorum none none\n",
        "Quorum none\n", "quorum none\r\n", "quorum none\x00", f"log {W[0].vkey}\nquorum none\n",
        f"witness W {LOG.vkey}\nquorum none\n", f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n",
        f"log {LOG.vkey} u u\nquorum none\n", "log\nquorum none\n", "log x\nquorum none\n",
        f"witness none {W[0].vkey}\nquorum none\n", f"witness A {W[0].vkey}\nwitness A {W[1].vkey}\nquorum none\n",
        f"witness A {W[0].vkey}\nwitness B {W[0].vkey}\nquorum none\n", f"{WITNESSES}group g 1\nquorum g\n",
        f"{WITNESSES}group g 0 W0\nquorum g\n", f"{WITNESSES}group g 2 W0\nquorum g\n",
        f"{WITNESSES}group g 01 W0\nquorum g\n", f"{WITNESSES}group g some W0\nquorum g\n",
        f"{WITNESSES}group g any W9\nquorum g\n", f"{WITNESSES}group g any none\nquorum g\n",
        f"{WITNESSES}group g any g\nquorum g\n", f"{WITNESSES}group g any W0 W0\nquorum g\n",
        f"{WITNESSES}group g any W0\ngroup h any W0\nquorum g\n", f"{WITNESSES}group W0 any W1\nquorum W0\n",
        f"quorum W0\n{WITNESSES}", "#" * (MAX_POLICY_BYTES + 1) + "\nquorum none\n",
    ],
    ids=without_keys,
)  # fmt: skip
def test_a_malformed_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        Policy.parse(text)


def test_a_policy_has_limits_above_what_the_specification_asks() -> None:
    keys = [generate_key(f"w{n}.example", KeyType.COSIGNATURE_V1) for n in range(MAX_ITEMS + 1)]
    lines = [f"witness w{n} {key.vkey}\n" for n, key in enumerate(keys)]
    assert len(Policy.parse("".join(lines[:-1]) + "quorum none\n").witnesses) == MAX_ITEMS
    with pytest.raises(PolicyError):
        Policy.parse("".join(lines) + "quorum none\n")


def test_what_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(NoteError):
        policy("quorum none").verify(b"")
    text = b"log.example/getuige\n1\n"
    with pytest.raises(CheckpointError):
        policy("quorum none").verify(Note(text, (LOG.sign(text),)).to_bytes())


ROOT = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="


@pytest.mark.parametrize(
    "body",
    [
        "", "a\n7\n", f"a\n7\n{ROOT}", f"\n7\n{ROOT}\n", f"a\n07\n{ROOT}\n", f"a\n-7\n{ROOT}\n", f"a\n+7\n{ROOT}\n",
        f"a\n7 \n{ROOT}\n", f"a\n\u0667\n{ROOT}\n", f"a\n{2**63}\n{ROOT}\n", f"a\n\n{ROOT}\n", "a\n7\nBwc=\n",
        f"a\n7\n{ROOT[:-2]}d=\n", f"a\n0\n{ROOT}\n", f"a\n7\n{ROOT}\n\n", f"a\n7\n{ROOT}\nx\n\ny\n",
        f"a\n1_0\n{ROOT}\n",
    ],
)  # fmt: skip
def test_a_malformed_checkpoint_body_is_refused(body: str) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint.parse(body.encode())


def test_a_checkpoint_is_read_and_written_alike() -> None:
    for checkpoint in (
        Checkpoint("a b+c", 2**63 - 1, b"\x07" * 32, ("one", "two é")),
        Checkpoint("a", 0, EMPTY_ROOT),
    ):
        assert Checkpoint.parse(checkpoint.body) == checkpoint
