"""Proof files: written as c2sp.org/tlog-proof shows them, verified offline, and refused after any change."""

import base64
from pathlib import Path

import pytest

from evidence.custody.errors import CustodyError, ProofError, ProofFormatError, QuorumError
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.leaf import leaf_entry, new_salt
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.log.tlogproof import MAX_EXTRA_BYTES, TlogProof, build_proof, verify
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support.heads import MemoryHeadStore

SALT = new_salt()
ENTRIES = [leaf_entry(SALT, b"event %d" % number) for number in range(300)]


@pytest.fixture(name="log")
def make_log(tmp_path: Path) -> tuple[FolderTiles, SignedCheckpoint, Policy]:
    signer = generate_key("log.example")
    witness = Witness(
        generate_key("w.example", KeyType.COSIGNATURE_V1), FileWitnessState(tmp_path / "w"), [signer.verifier]
    )
    folder = tmp_path / "log"
    head = Integrator(folder, signer, MemoryHeadStore(), [witness]).integrate(ENTRIES)
    policy = Policy.parse(f"log {signer.vkey}\nwitness W {witness.verifier.vkey}\nquorum W\n")
    return FolderTiles(folder), head, policy


def test_every_leaf_has_a_proof_that_verifies(log: tuple[FolderTiles, SignedCheckpoint, Policy]) -> None:
    tiles, head, policy = log
    for index, entry in enumerate(ENTRIES):
        verified = verify(build_proof(tiles, index, head).to_bytes(), entry, policy)
        assert (verified.index, verified.checkpoint.size, verified.extra) == (index, 300, b"")
        assert [one.witness for one in verified.checkpoint.cosigned] == ["W"]


def test_the_file_looks_as_the_specification_shows(log: tuple[FolderTiles, SignedCheckpoint, Policy]) -> None:
    tiles, head, _ = log
    proof = build_proof(tiles, 299, head, extra=b"salt and pepper")
    lines = [base64.b64encode(item).decode() for item in proof.hashes]
    expected = [
        "c2sp.org/tlog-proof@v1",
        "extra c2FsdCBhbmQgcGVwcGVy",
        "index 299",
        *lines,
        "",
        head.to_bytes().decode(),
    ]
    assert proof.to_bytes().decode() == "\n".join(expected)
    assert TlogProof.parse(proof.to_bytes()) == proof


def test_a_log_of_one_leaf_needs_no_hashes(tmp_path: Path) -> None:
    signer = generate_key("log.example")
    head = Integrator(tmp_path, signer, MemoryHeadStore()).integrate(ENTRIES[:1])
    proof = build_proof(FolderTiles(tmp_path), 0, head).to_bytes()
    assert proof.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example\n1\n")
    assert verify(proof, ENTRIES[0], Policy.parse(f"log {signer.vkey}\nquorum none\n")).index == 0


def test_another_entry_or_index_is_not_proven(log: tuple[FolderTiles, SignedCheckpoint, Policy]) -> None:
    tiles, head, policy = log
    proof = build_proof(tiles, 7, head)
    with pytest.raises(ProofError):
        verify(proof.to_bytes(), ENTRIES[8], policy)
    for index in (6, 8, 299, 300, 2**62):
        with pytest.raises(ProofError):
            verify(TlogProof(index, proof.hashes, proof.checkpoint).to_bytes(), ENTRIES[7], policy)
    for hashes in (proof.hashes[:-1], (*proof.hashes, proof.hashes[0]), proof.hashes[::-1], ()):
        with pytest.raises(ProofError):
            verify(TlogProof(7, hashes, proof.checkpoint).to_bytes(), ENTRIES[7], policy)


def test_no_single_changed_bit_goes_unnoticed(log: tuple[FolderTiles, SignedCheckpoint, Policy]) -> None:
    tiles, head, policy = log
    good = build_proof(tiles, 7, head).to_bytes()
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1
        with pytest.raises(CustodyError):
            verify(bytes(bad), ENTRIES[7], policy)


def test_stripped_witness_lines_fail_the_quorum(log: tuple[FolderTiles, SignedCheckpoint, Policy]) -> None:
    tiles, head, policy = log
    good = build_proof(tiles, 7, head).to_bytes()
    stripped = b"".join(line for line in good.splitlines(keepends=True) if b"w.example" not in line)
    with pytest.raises(QuorumError, match="only 0 of 1 witnesses"):
        verify(stripped, ENTRIES[7], policy)


def test_tiles_that_do_not_lead_to_the_root_give_no_proof(
    log: tuple[FolderTiles, SignedCheckpoint, Policy],
) -> None:
    tiles, head, _ = log
    path = tiles.folder / "tile" / "0" / "000"
    path.write_bytes(bytes(32) + path.read_bytes()[32:])
    with pytest.raises(ProofError):
        build_proof(tiles, 1, head)
    with pytest.raises(ProofError):
        build_proof(tiles, 300, head)


def test_extra_data_has_a_limit(log: tuple[FolderTiles, SignedCheckpoint, Policy]) -> None:
    tiles, head, policy = log
    whole = build_proof(tiles, 7, head, extra=b"x" * MAX_EXTRA_BYTES).to_bytes()
    assert len(verify(whole, ENTRIES[7], policy).extra) == MAX_EXTRA_BYTES
    with pytest.raises(ProofFormatError):
        build_proof(tiles, 7, head, extra=b"x" * (MAX_EXTRA_BYTES + 1))


HASH = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "\n\n", "c2sp.org/tlog-proof@v1\n\nx", "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\r\nindex 0\n\nx", "c2sp.org/tlog-proof@v1\nindex 00\n\nx",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nx", "c2sp.org/tlog-proof@v1\nindex  1\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0", "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\nextra AB==\nindex 0\n\nx", "c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\nx",
        "c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 0\n\nx", "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH} \n\nx", f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH[:-1]}\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 64 + "\nx", "c2sp.org/tlog-proof@v1\nindex 0\né\n\nx",
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused(text: str) -> None:
    with pytest.raises(ProofFormatError):
        TlogProof.parse(text.encode())
