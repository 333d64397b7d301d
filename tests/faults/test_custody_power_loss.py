"""What a power cut would leave: everything that a head, a published checkpoint or a cosignature stands on is fsynced.

SIGKILL keeps the page cache, so it cannot show a missing fsync. Here each real `os.fsync` is also noted down: a file
counts as durable when it was fsynced after its last write, and its name when its folder was fsynced after the naming.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.custody.log.integrator import Head, Integrator
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.log.tiles import TileId, tiles_at
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support.heads import MemoryHeadStore
from tests.support.power import Disk

LOG = generate_key("log.example")


class WatchedHeads(MemoryHeadStore):
    """Looks at the disk at the moment of the swap."""

    def __init__(self, disk: Disk, log: Path) -> None:
        super().__init__()
        self.disk, self.log = disk, log
        self.checked = 0

    def swap(self, expected: Head | None, new: Head) -> bool:
        for level in (None, 0, 1, 2):
            full, width = tiles_at(new.size, level)
            tiles = [TileId(level, index) for index in range(full)]
            tiles += [TileId(level, full, width)] if width else []
            for tile in tiles:
                assert self.disk.survives(self.log / tile.path), f"{tile.path} is not durable at size {new.size}"
                self.checked += 1
        return super().swap(expected, new)


class WatchedWitness(Witness):
    """Looks at the disk at the moment that the cosignature leaves."""

    def watch(self, disk: Disk, folder: Path) -> None:
        self.disk, self.folder = disk, folder

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:
        line = super().add_checkpoint(old_size, proof, note_bytes, now)
        (memory,) = (path for path in self.folder.iterdir() if not path.name.startswith("."))
        assert memory.read_bytes() == note_bytes + line.encode()
        assert self.disk.survives(memory)
        return line


def test_nothing_is_signed_in_published_or_cosigned_before_it_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, log = Disk(tmp_path, monkeypatch), tmp_path / "log"
    heads = WatchedHeads(disk, log)
    witness = WatchedWitness(
        generate_key("w.example", KeyType.COSIGNATURE_V1), FileWitnessState(tmp_path / "state"), [LOG.verifier]
    )
    witness.watch(disk, tmp_path / "state")
    integrator = Integrator(log, LOG, heads, [witness], clock=lambda: datetime.now(UTC))
    size = 0
    for count in (1, 2, 300, 1, 256 * 3, 5):
        integrator.integrate([b"%d" % number for number in range(size, size + count)])
        size += count
        assert disk.survives(log / "checkpoint")
    assert heads.checked > 30


def test_what_a_killed_run_had_staged_is_made_durable_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = [b"%d" % number for number in range(300)]
    Integrator(tmp_path / "log", LOG, MemoryHeadStore()).integrate(leaves)
    (tmp_path / "log" / "checkpoint").unlink()

    disk = Disk(tmp_path, monkeypatch)
    seen: list[Path] = []

    class Heads(MemoryHeadStore):
        def swap(self, expected: Head | None, new: Head) -> bool:
            seen.extend(path for path in (tmp_path / "log" / "tile").rglob("*") if path.is_file())
            # The bytes were fsynced before they got their names; the names themselves may not have been.
            for path in seen:
                for name in (path, *path.parents[: len(path.relative_to(tmp_path / "log").parts) - 1]):
                    assert name.name in disk.names[name.parent.stat().st_ino]
            return super().swap(expected, new)

    Integrator(tmp_path / "log", LOG, Heads()).integrate(leaves)
    assert len(seen) == 5
