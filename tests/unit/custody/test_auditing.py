"""An audit of a whole log names what is wrong with it: the head, a roll-back, a split view, or its files."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.custody.errors import ResourceNotFoundError
from evidence.custody.log.auditing import Claim, Report, Verdict, audit
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, Note, generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support import rfc6962
from tests.support.heads import MemoryHeadStore

LOG = generate_key("log.example")
WITNESS = generate_key("w.example", KeyType.COSIGNATURE_V1)
POLICY = Policy.parse(f"log {LOG.vkey}\nwitness W {WITNESS.vkey}\nquorum W\n")
LEAVES = [b"leaf %d" % number for number in range(700)]
FORK = [*LEAVES[:5], b"another leaf", *LEAVES[6:]]


def log_of(folder: Path, leaves: list[bytes]) -> FolderTiles:
    """Make a log; a witness of its own cosigns, so that even a fork has a quorum."""
    witness = Witness(WITNESS, FileWitnessState(folder / "witness"), [LOG.verifier])
    integrator = Integrator(folder / "log", LOG, MemoryHeadStore(), [witness], clock=lambda: datetime.now(UTC))
    integrator.integrate(leaves)
    return FolderTiles(folder / "log")


def head(leaves: list[bytes]) -> Checkpoint:
    return Checkpoint(LOG.name, len(leaves), rfc6962.mth(leaves))


def verdicts(report: Report) -> tuple[Verdict, ...]:
    assert [finding.claim for finding in report.findings] == [Claim.HEAD, Claim.GROWTH, Claim.TREE]
    return tuple(finding.verdict for finding in report.findings)


@pytest.fixture(name="source", scope="module")
def make_source(tmp_path_factory: pytest.TempPathFactory) -> FolderTiles:
    return log_of(tmp_path_factory.mktemp("log"), LEAVES)


def test_the_first_look(source: FolderTiles) -> None:
    seen: list[int] = []
    report = audit(source, POLICY, lambda _: None, seen.append)
    assert verdicts(report) == (Verdict.HOLDS, Verdict.FIRST_LOOK, Verdict.HOLDS)
    assert report.passed
    assert report.head == head(LEAVES)
    assert [one.witness for one in report.cosigned] == ["W"]
    assert seen == [256, 512, 700]


@pytest.mark.parametrize("size", [0, 1, 3, 255, 256, 257, 512, 699, 700])
def test_growth_from_any_earlier_head(source: FolderTiles, size: int) -> None:
    origins: list[str] = []

    def known(origin: str) -> Checkpoint:
        origins.append(origin)
        return head(LEAVES[:size])

    assert verdicts(audit(source, POLICY, known)) == (Verdict.HOLDS, Verdict.HOLDS, Verdict.HOLDS)
    assert origins == [LOG.name]


@pytest.mark.parametrize("size", [6, 256, 300, 512, 700])
def test_a_split_view_is_named(source: FolderTiles, size: int) -> None:
    report = audit(source, POLICY, lambda _: head(FORK[:size]))
    assert verdicts(report) == (Verdict.HOLDS, Verdict.SPLIT_VIEW, Verdict.HOLDS)
    assert not report.passed


def test_a_roll_back_is_named(source: FolderTiles) -> None:
    report = audit(source, POLICY, lambda _: head([*LEAVES, b"one more"]))
    assert verdicts(report) == (Verdict.HOLDS, Verdict.ROLL_BACK, Verdict.HOLDS)
    assert "701" in report.findings[1].detail


def damaged(source: FolderTiles, folder: Path, path: str, *, remove: bool = False) -> FolderTiles:
    shutil.copytree(source.folder, folder / "copy")
    victim = folder / "copy" / path
    data = bytearray(victim.read_bytes())
    victim.unlink()
    if not remove:
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
    return FolderTiles(folder / "copy")


@pytest.mark.parametrize("remove", [True, False])
@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/188"],
)
def test_a_damaged_or_missing_file_is_never_passed(
    source: FolderTiles,
    tmp_path: Path,
    path: str,
    remove: bool,  # noqa: FBT001 - a column of the table
) -> None:
    report = audit(damaged(source, tmp_path, path, remove=remove), POLICY, lambda _: head(LEAVES[:300]))
    assert verdicts(report)[2] is Verdict.CORRUPT
    # Damage is not taken for a lie of the log.
    assert verdicts(report)[1] in {Verdict.HOLDS, Verdict.CORRUPT}


def with_checkpoint(source: FolderTiles, folder: Path, note: bytes) -> FolderTiles:
    shutil.copytree(source.folder, folder / "copy")
    (folder / "copy" / "checkpoint").write_bytes(note)
    return FolderTiles(folder / "copy")


def test_a_head_that_the_policy_refuses(source: FolderTiles, tmp_path: Path) -> None:
    signed = SignedCheckpoint.parse(source.read("checkpoint"))
    stripped = Note(signed.note.text, signed.note.signatures[:1]).to_bytes()
    report = audit(with_checkpoint(source, tmp_path, stripped), POLICY, lambda _: None)
    assert verdicts(report) == (Verdict.NOT_BELIEVED, Verdict.NOT_CHECKED, Verdict.NOT_CHECKED)
    assert "0 of 1" in report.findings[0].detail
    assert report.head == head(LEAVES)


def test_a_head_that_is_none(source: FolderTiles, tmp_path: Path) -> None:
    report = audit(with_checkpoint(source, tmp_path, b"<html>"), POLICY, lambda _: None)
    assert verdicts(report)[0] is Verdict.NOT_BELIEVED
    assert report.head is None


def test_no_log_at_all(tmp_path: Path) -> None:
    with pytest.raises(ResourceNotFoundError):
        audit(FolderTiles(tmp_path), POLICY, lambda _: None)


def test_an_empty_log(tmp_path: Path) -> None:
    assert audit(log_of(tmp_path, []), POLICY, lambda _: head([])).passed
