"""An audit of logs whose key was rotated: their ends are those that the root signed, and nothing came after them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from evidence.custody.log.auditing import Claim, Finding, Verdict, audit
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, NoteSigner, generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.succession.lineage import Lineage
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support import rfc6962
from tests.support.heads import MemoryHeadStore

OLD, NEW = generate_key("log.example"), generate_key("log.example/2")
WITNESS = generate_key("w.example", KeyType.COSIGNATURE_V1)
POLICY = Policy.parse(f"log {OLD.vkey}\nwitness W {WITNESS.vkey}\nquorum W\n")
LEAVES = [b"leaf %d" % number for number in range(40)]
END = Checkpoint(OLD.name, 20, rfc6962.mth(LEAVES[:20]))
LINE = Lineage.founded(OLD.verifier).succeeded(END, NEW.verifier)


def found(folder: Path, entries: Sequence[bytes], key: NoteSigner) -> Finding:
    """Return what an audit says of the handover of a log with these entries, cosigned by a witness of its own."""
    witness = Witness(WITNESS, FileWitnessState(folder / "witness"), [key.verifier])
    Integrator(folder / "log", key, MemoryHeadStore(), [witness]).integrate(entries)
    report = audit(FolderTiles(folder / "log"), POLICY, lambda _: None, line=LINE)
    assert [one.verdict for one in report.findings[:3]] == [Verdict.HOLDS, Verdict.FIRST_LOOK, Verdict.HOLDS]
    assert report.findings[3].claim is Claim.HANDOVER
    assert report.passed == (report.findings[3].verdict in {Verdict.HOLDS, Verdict.ENDED})
    return report.findings[3]


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        (LEAVES[:20], Verdict.ENDED),
        (LEAVES[:21], Verdict.RETIRED),
        (LEAVES[:19], Verdict.ROLL_BACK),
        ([b"another", *LEAVES[1:20]], Verdict.SPLIT_VIEW),
    ],
)
def test_a_log_that_ended(tmp_path: Path, entries: list[bytes], verdict: Verdict) -> None:
    assert found(tmp_path, entries, OLD).verdict is verdict


def test_a_log_that_took_over(tmp_path: Path) -> None:
    opening = LINE.current.opening
    assert found(tmp_path / "a", [*opening, *LEAVES[20:]], NEW).verdict is Verdict.HOLDS
    assert found(tmp_path / "b", LEAVES[20:], NEW).verdict is Verdict.LOOSE


def test_without_rotations_nothing_more_is_asked(tmp_path: Path) -> None:
    Integrator(tmp_path, OLD, MemoryHeadStore()).integrate(LEAVES)
    policy = Policy.parse(f"log {OLD.vkey}\nquorum none\n")
    for line in (None, Lineage.founded(OLD.verifier)):
        report = audit(FolderTiles(tmp_path), policy, lambda _: None, line=line)
        assert [one.claim for one in report.findings] == [Claim.HEAD, Claim.GROWTH, Claim.TREE]
