"""A new log begins with a commitment to the end of the old one, and both are the policy's."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.custody.errors import PolicyError, ProofError, QuorumError, UnknownLogError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, NoteSigner, generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.log.tlogproof import build_proof
from evidence.custody.succession import succession
from evidence.custody.succession.succession import Succession, succession_entry
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support import rfc6962
from tests.support.heads import MemoryHeadStore

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
OLD, NEW = generate_key("getuige.example/log"), generate_key("getuige.example/log/2")
WITNESS = generate_key("w.example", KeyType.COSIGNATURE_V1)
POLICY = Policy.parse(f"log {OLD.vkey}\nlog {NEW.vkey}\nwitness W {WITNESS.vkey}\nquorum W\n")
LEAVES = [b"\x01" + bytes([number]) * 32 for number in range(40)]
FORK = [*LEAVES[:5], b"\x01" + bytes(32), *LEAVES[6:]]
FINAL = 20


def head(leaves: Sequence[bytes], key: NoteSigner = OLD) -> bytes:
    """Return a head that the key signed and the witness cosigned: the thief has fooled a quorum, too."""
    signed = SignedCheckpoint.sign(Checkpoint(key.name, len(leaves), rfc6962.mth(list(leaves))), key)
    return signed.with_signatures([WITNESS.cosign(signed.checkpoint.body, NOW)]).to_bytes()


def first_entry_proof(folder: Path, entries: list[bytes], key: NoteSigner = NEW, index: int = 0) -> bytes:
    witness = Witness(WITNESS, FileWitnessState(folder / "w"), [key.verifier])
    signed = Integrator(folder / "log", key, MemoryHeadStore(), [witness], clock=lambda: NOW).integrate(entries)
    return build_proof(FolderTiles(folder / "log"), index, signed).to_bytes()


@pytest.fixture(name="rotation")
def make_rotation(tmp_path: Path) -> Succession:
    final = SignedCheckpoint.parse(head(LEAVES[:FINAL])).checkpoint
    entries = [succession_entry(final), *LEAVES[FINAL:30]]
    return succession.prove(head(LEAVES[:FINAL]), first_entry_proof(tmp_path, entries), POLICY)


def test_the_new_log_begins_with_the_end_of_the_old_one(rotation: Succession) -> None:
    assert (rotation.final.size, rotation.successor) == (FINAL, NEW.name)


def test_the_entry_is_what_the_format_page_says() -> None:
    """The hash there was made with printf and sha256sum, from the head of the page's test vectors."""
    page = (Path(__file__).parents[3] / "docs" / "formats" / "custody-log.md").read_text(encoding="utf-8")
    text = page.partition("## Test vectors")[2].partition("c2sp.org/tlog-proof@v1")[2].partition("\n\n")[2]
    final = SignedCheckpoint.parse(text.partition("\n```")[0].encode() + b"\n").checkpoint
    assert (final.origin, final.size) == ("getuige.example/log", 3)
    assert f"`{succession_entry(final).hex()}`" in page


def test_a_successor_that_commits_to_another_end_is_none(tmp_path: Path) -> None:
    other = SignedCheckpoint.parse(head(FORK[:FINAL])).checkpoint
    proof = first_entry_proof(tmp_path, [succession_entry(other), *LEAVES])
    with pytest.raises(ProofError, match="not in the log"):
        succession.prove(head(LEAVES[:FINAL]), proof, POLICY)


def test_only_the_first_entry_counts(tmp_path: Path) -> None:
    final = SignedCheckpoint.parse(head(LEAVES[:FINAL])).checkpoint
    proof = first_entry_proof(tmp_path, [LEAVES[0], succession_entry(final)], index=1)
    with pytest.raises(ProofError, match="first entry"):
        succession.prove(head(LEAVES[:FINAL]), proof, POLICY)


def test_a_thief_cannot_name_a_successor(tmp_path: Path) -> None:
    thief = generate_key("thief.example/log")
    final = SignedCheckpoint.parse(head(LEAVES[:FINAL])).checkpoint
    with pytest.raises(UnknownLogError):
        succession.prove(
            head(LEAVES[:FINAL]), first_entry_proof(tmp_path / "a", [succession_entry(final)], thief), POLICY
        )
    with pytest.raises(ProofError, match="name of its own"):
        succession.prove(
            head(LEAVES[:FINAL]), first_entry_proof(tmp_path / "b", [succession_entry(final)], OLD), POLICY
        )
    with pytest.raises(PolicyError, match="twice"):
        Policy.parse(f"log {OLD.vkey}\nlog {NoteSigner('other', KeyType.ED25519, OLD.seed).vkey}\nquorum none\n")


def test_a_final_head_without_its_quorum_ends_nothing(tmp_path: Path) -> None:
    signed = SignedCheckpoint.sign(Checkpoint(OLD.name, FINAL, rfc6962.mth(LEAVES[:FINAL])), OLD)
    proof = first_entry_proof(tmp_path, [succession_entry(signed.checkpoint)])
    with pytest.raises(QuorumError):
        succession.prove(signed.to_bytes(), proof, POLICY)
