"""A reader ahead on a long line: while one file is looked at, the next ones are already on their way.

An audit reads bundles and lowest tiles in order, two small files per 256 entries; asked for one by one, the line's
delay would be most of its time.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from evidence.custody.errors import CustodyError, TileError
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.tiles import CHECKPOINT_PATH, TileId, TileSource, tiles_at

WORKERS: Final = 8
"""Connections at once: enough to hide a delay, few enough to be a polite guest."""

AHEAD: Final = 8
"""Files of a kind that are asked for early: 140 kB of leaves and hashes in memory. A hostile log whose files are as
long as can be makes that 270 MB, and no more."""


class ReadAhead:
    """A source of tiles that reads another one early. Use it as a context, from one thread."""

    def __init__(self, source: TileSource) -> None:
        self._source = source
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="read-ahead")
        self._coming: dict[str, Future[bytes]] = {}
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def read(self, path: str) -> bytes:
        """Return the bytes of one resource; see `tiles.TileSource`."""
        if path == CHECKPOINT_PATH:
            data = self._source.read(path)
            self._size = _size_of(data)
            return data
        self._ask_ahead(path)
        coming = self._coming.pop(path, None)
        return self._source.read(path) if coming is None else coming.result()

    def _ask_ahead(self, path: str) -> None:
        try:
            tile = TileId.parse(path)
        except TileError:
            return
        if tile.level:
            return  # one in 256: not worth it
        full, width = tiles_at(self._size, tile.level)
        for index in range(tile.index, min(tile.index + AHEAD, full)):
            self._ask(TileId(tile.level, index))
        if width and full < tile.index + AHEAD:
            self._ask(TileId(tile.level, full, width))

    def _ask(self, tile: TileId) -> None:
        if tile.path not in self._coming:
            self._coming[tile.path] = self._pool.submit(self._source.read, tile.path)


def _size_of(note: bytes) -> int:
    """Return the size in a checkpoint, to know which files there are; 0 when it is none. Nothing is verified."""
    try:
        return SignedCheckpoint.parse(note).checkpoint.size
    except CustodyError:
        return 0
