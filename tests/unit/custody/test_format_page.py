"""The test vectors on the format page are what the code makes, and verify as the page says."""

import re
from datetime import UTC, datetime
from pathlib import Path

from evidence.custody.log.integrator import Integrator
from evidence.custody.log.leaf import leaf_entry
from evidence.custody.log.note import KeyType, NoteSigner
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.log.tlogproof import build_proof, verify
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support.heads import MemoryHeadStore

PAGE = (Path(__file__).parents[3] / "docs" / "formats" / "custody-log.md").read_text(encoding="utf-8")
COSIGNED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def block(name: str) -> str:
    found = re.search(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_vectors_of_the_page_come_out(tmp_path: Path) -> None:
    log = NoteSigner("getuige.example/log", KeyType.ED25519, bytes(32))
    cosigner = NoteSigner("witness.example/one", KeyType.COSIGNATURE_V1, b"\x01" * 32)
    entries = [leaf_entry(bytes([n]) * 32, f"event {n}".encode()) for n in range(3)]
    made = {
        "log vkey": log.vkey,
        "log skey": log.skey,
        "witness vkey": cosigner.vkey,
        "witness skey": cosigner.skey,
    } | {f"entry {n}": entry.hex() for n, entry in enumerate(entries)}
    assert dict(re.split(r"  +", line) for line in block("vectors").splitlines()) == made

    witness = Witness(cosigner, FileWitnessState(tmp_path / "state"), [log.verifier])
    integrator = Integrator(tmp_path / "log", log, MemoryHeadStore(), [witness], clock=lambda: COSIGNED_AT)
    head = integrator.integrate(entries)
    proof = build_proof(FolderTiles(tmp_path / "log"), 1, head, extra=b"\x01" * 32)
    assert proof.to_bytes().decode() == block("proof")


def test_the_proof_of_the_page_verifies() -> None:
    keys = dict(re.split(r"  +", line) for line in block("vectors").splitlines())
    policy = Policy.parse(f"log {keys['log vkey']}\nwitness W {keys['witness vkey']}\nquorum W\n")
    verified = verify(block("proof").encode(), leaf_entry(b"\x01" * 32, b"event 1"), policy)
    assert (verified.index, verified.checkpoint.size, verified.extra) == (1, 3, b"\x01" * 32)
    assert [one.at for one in verified.checkpoint.cosigned] == [COSIGNED_AT]
