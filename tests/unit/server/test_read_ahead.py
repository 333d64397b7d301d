"""Reading ahead changes when a log's files are asked for, and nothing else: each once, none that is not there."""

from collections import Counter
from pathlib import Path

import pytest

from evidence.custody.errors import CorruptLogError, ResourceNotFoundError
from evidence.custody.log.growth import audit
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import generate_key
from evidence.custody.log.tiles import CHECKPOINT_PATH, FolderTiles, TileId
from server.audit.read_ahead import ReadAhead
from tests.support import rfc6962
from tests.support.heads import MemoryHeadStore

LEAVES = [b"leaf %d" % number for number in range(256 * 13 + 7)]


class Counting:
    """A source that remembers what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.source = FolderTiles(folder)
        self.asked: Counter[str] = Counter()

    def read(self, path: str) -> bytes:
        self.asked[path] += 1
        return self.source.read(path)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 256 * 8, 256 * 13 + 7])
def test_every_file_is_read_once(tmp_path: Path, size: int) -> None:
    Integrator(tmp_path, generate_key("log.example"), MemoryHeadStore()).integrate(LEAVES[:size])
    source = Counting(tmp_path)
    with ReadAhead(source) as ahead:
        ahead.read(CHECKPOINT_PATH)
        audit(ahead, size, rfc6962.mth(LEAVES[:size]))
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} - {".lock"}
    assert source.asked == Counter(there)


def test_a_file_that_is_missing_is_missed(tmp_path: Path) -> None:
    Integrator(tmp_path, generate_key("log.example"), MemoryHeadStore()).integrate(LEAVES)
    (tmp_path / TileId(None, 9).path).unlink()
    with ReadAhead(FolderTiles(tmp_path)) as ahead:
        ahead.read(CHECKPOINT_PATH)
        with pytest.raises(CorruptLogError):
            audit(ahead, len(LEAVES), rfc6962.mth(LEAVES))
        with pytest.raises(ResourceNotFoundError):
            ahead.read(TileId(None, 9).path)
