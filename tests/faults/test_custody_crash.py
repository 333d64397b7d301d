"""Kill -9 at any point of integrating leaves every signed head consistent, and nothing answered is lost.

After each kill the log goes on, in other batches than the killed run had.
"""

import subprocess
import sys
from pathlib import Path

from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.growth import audit
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, NoteSigner
from evidence.custody.log.tiles import FolderTiles, TileId
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.faults.custody_crash_child import LEAVES, LOG_SEED, WITNESS_SEED
from tests.support import rfc6962
from tests.support.heads import SqliteHeadStore
from tests.support.waiting import patience

ROOT = Path(__file__).parents[2]
SIGNER = NoteSigner("log.example", KeyType.ED25519, LOG_SEED)
COSIGNER = NoteSigner("w.example", KeyType.COSIGNATURE_V1, WITNESS_SEED)
POLICY = Policy.parse(f"log {SIGNER.vkey}\nwitness W {COSIGNER.vkey}\nquorum W\n")
TRUE_ROOTS = {size: rfc6962.mth(LEAVES[:size]) for size in (0, 3, 300, 301, 700)}


def test_a_kill_at_any_point_leaves_all_signed_heads_consistent(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-m", "tests.faults.custody_crash_child", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=patience(150),
    )
    points = child.stdout.split("\n")
    for expected in ("before signing", "after signing", "before the swap", "after the swap", "after a witness"):
        assert points.count(expected) == 3
    assert sum(point.startswith("os.link") for point in points) >= 9
    assert sum(point.startswith("os.rename") for point in points) == 6
    for number in range(1, len(points) + 1):
        check_and_continue(tmp_path / str(number))


def check_and_continue(folder: Path) -> None:
    log, heads = folder / "log", SqliteHeadStore(folder / "heads.db")
    for body in signed_bodies(folder):
        head = Checkpoint.parse(body)
        assert head.root == TRUE_ROOTS[head.size]
    answered = (folder / "answered").read_text().split() if (folder / "answered").exists() else ["0"]
    row = heads.load()
    size = 0 if row is None else row.size
    assert size >= int(answered[-1])
    audit(FolderTiles(log), size, TRUE_ROOTS[size])
    if (log / "checkpoint").exists():
        verified = POLICY.verify((log / "checkpoint").read_bytes())
        assert int(answered[-1]) <= verified.size <= size
        audit(FolderTiles(log), verified.size, verified.root)
    for path in log.rglob("*"):
        if path.is_file() and not path.name.startswith(".") and path.name != "checkpoint":
            TileId.parse(str(path.relative_to(log)))

    witness = Witness(COSIGNER, FileWitnessState(folder / "witness"), [SIGNER.verifier])
    integrator = Integrator(log, SIGNER, heads, [witness])
    recovered = integrator.recover()
    assert (0 if recovered is None else POLICY.verify(recovered.to_bytes()).size) == size
    for end in (min(size + 7, 700), 700):
        size = integrator.integrate(LEAVES[size:end], start=size).checkpoint.size
    final = SignedCheckpoint.parse((log / "checkpoint").read_bytes()).checkpoint
    assert (final.size, final.root) == (700, TRUE_ROOTS[700])
    audit(FolderTiles(log), 700, final.root)


def signed_bodies(folder: Path) -> list[bytes]:
    """Return the bodies that the killed run signed; each ends in an empty line."""
    record = folder / "signed"
    return [body + b"\n" for body in record.read_bytes().split(b"\n\n")[:-1]] if record.exists() else []
