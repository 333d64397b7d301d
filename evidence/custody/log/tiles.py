"""Tiles and entry bundles: their paths, bytes and sources (c2sp.org/tlog-tiles), and proofs computed from them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from evidence.custody.errors import ProofError, ResourceNotFoundError, TileError
from evidence.custody.log import merkle
from evidence.errors import StorageError

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256
"""c2sp.org/tlog-tiles: a full tile is 256 hashes wide, a subtree of height 8."""

MAX_TILE_LEVEL: Final = 63
MAX_ENTRY_BYTES: Final = 0xFFFF
"""Entries are prefixed by a uint16."""

MAX_PATH_ELEMENTS: Final = 7
"""21 digits hold the index of every tile of a tree of 2**63 leaves."""

MAX_RESOURCE_BYTES: Final = TILE_WIDTH * (MAX_ENTRY_BYTES + 2)
"""The longest possible entry bundle; nothing in a log is longer."""

CHECKPOINT_PATH: Final = "checkpoint"

_PATH: Final = re.compile(
    r"tile/(?P<level>0|[1-9][0-9]?|entries)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, order=True)
class TileId:
    """The name of one tile (`level` 0–63) or entry bundle (`level` None); `width` 256 means full."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= MAX_TILE_LEVEL:
            raise TileError(f"tile level {self.level} is not 0–{MAX_TILE_LEVEL}")
        if not 0 <= self.index < 1000**MAX_PATH_ELEMENTS:
            raise TileError(f"tile index {self.index} cannot be written as a path")
        if not 1 <= self.width <= TILE_WIDTH:
            raise TileError(f"tile width {self.width} is not 1–{TILE_WIDTH}")

    @property
    def path(self) -> str:
        """The resource's path below the log's prefix, for example `tile/0/x001/x234/067.p/3`."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        kind = "entries" if self.level is None else str(self.level)
        return f"tile/{kind}/{number}" + ("" if self.width == TILE_WIDTH else f".p/{self.width}")

    @classmethod
    def parse(cls, path: str) -> "TileId":
        """Return the tile that `path` names; only the one canonical spelling is accepted.

        Raises:
            TileError: this is not the path of a tile or entry bundle.
        """
        match = _PATH.fullmatch(path)
        if match is None or path.count("/") > MAX_PATH_ELEMENTS + 3:
            raise TileError("not the path of a tile or entry bundle")
        level = None if match["level"] == "entries" else int(match["level"])
        width = TILE_WIDTH if match["width"] is None else int(match["width"])
        tile = cls(level, int(match["index"].replace("x", "").replace("/", "")), width)
        if tile.path != path:
            raise TileError("the path of a tile has one spelling, and this is another")
        return tile


class TileSource(Protocol):
    """Something that holds the public files of a log: a folder, a web server, a bundle."""

    def read(self, path: str) -> bytes:
        """Return the bytes of `checkpoint` or of a tile path; `ResourceNotFoundError` when there is none."""


@dataclass(frozen=True)
class FolderTiles:
    """A log in a folder, laid out exactly as it is served."""

    folder: Path

    def read(self, path: str) -> bytes:
        """Return the bytes of one resource.

        Raises:
            TileError: the path is neither `checkpoint` nor a tile path (so `..` never reaches the disk).
            ResourceNotFoundError: the log has no such resource.
            StorageError: the disk refused, or the file is longer than any resource can be.
        """
        if path != CHECKPOINT_PATH:
            TileId.parse(path)
        try:
            with (self.folder / path).open("rb") as file:
                data = file.read(MAX_RESOURCE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ResourceNotFoundError(f"the log has no {path}") from None
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror}") from error
        if len(data) > MAX_RESOURCE_BYTES:
            raise StorageError(f"{path} is longer than any resource of a log")
        return data


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """Return an entry bundle: each entry after its big-endian uint16 length.

    Raises:
        TileError: an entry is longer than 65,535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise TileError(f"an entry of {len(entry)} bytes is longer than {MAX_ENTRY_BYTES}")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_entries(bundle: bytes, width: int) -> tuple[bytes, ...]:
    """Return the `width` entries of a bundle.

    Raises:
        TileError: the bundle holds fewer or more, or is cut.
    """
    entries: list[bytes] = []
    offset = 0
    while offset < len(bundle):
        start = offset + 2
        end = start + int.from_bytes(bundle[offset:start], "big")
        if start > len(bundle) or end > len(bundle):
            raise TileError("the entry bundle is cut")
        entries.append(bundle[start:end])
        offset = end
    if len(entries) != width:
        raise TileError(f"the entry bundle holds {len(entries)} entries instead of {width}")
    return tuple(entries)


def decode_hashes(tile: bytes, width: int) -> tuple[bytes, ...]:
    """Return the `width` hashes of a tile.

    Raises:
        TileError: the tile has another length.
    """
    if len(tile) != width * merkle.HASH_BYTES:
        raise TileError(f"the tile has {len(tile)} bytes instead of {width * merkle.HASH_BYTES}")
    return tuple(tile[i : i + merkle.HASH_BYTES] for i in range(0, len(tile), merkle.HASH_BYTES))


def tiles_at(size: int, level: int | None) -> tuple[int, int]:
    """Return how many full tiles the level has in a tree of `size`, and the width of its partial one (0: none)."""
    return divmod(size >> (TILE_HEIGHT * (level or 0)), TILE_WIDTH)


class TileReader:
    """Reads the tree of `size` leaves from a source; tiles are fetched once and kept for the reader's life.

    It checks shapes, not truth: a proof is worth something only once it was verified against a signed root.
    """

    def __init__(self, source: TileSource, size: int) -> None:
        if not 0 <= size <= merkle.MAX_TREE_SIZE:
            raise ProofError(f"{size} is no tree size")
        self._source = source
        self._size = size
        self._rows: dict[tuple[int, int], list[Sequence[bytes]]] = {}

    def nodes(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree (`merkle.Nodes`)."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, offset = divmod(index << height, TILE_WIDTH)
        rows = self._tile_rows(tile_level, tile_index)
        row = rows[height] if height < len(rows) else ()
        if offset >> height >= len(row):
            raise ProofError(f"the tree of {self._size} leaves has no complete node {index} at level {level}")
        return row[offset >> height]

    def root(self) -> bytes:
        """Return the root that the tiles lead to."""
        return merkle.root_hash(self._size, self.nodes)

    def prove_inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the inclusion proof of leaf `index` in this tree."""
        return merkle.inclusion_proof(index, self._size, self.nodes)

    def prove_consistency(self, old_size: int) -> tuple[bytes, ...]:
        """Return the proof that this tree extends its first `old_size` leaves."""
        return merkle.consistency_proof(old_size, self._size, self.nodes)

    def hashes(self, level: int, index: int) -> tuple[bytes, ...]:
        """Return the hashes of one tile, as wide as this tree has it."""
        return decode_hashes(*self._fetch(level, index, merkle.HASH_BYTES))

    def entries(self, index: int) -> tuple[bytes, ...]:
        """Return the entries of one bundle, as many as this tree has in it."""
        data, width = self._fetch(None, index, None)
        return decode_entries(data, width)

    def entry(self, index: int) -> bytes:
        """Return one entry of the log."""
        if not 0 <= index < self._size:
            raise ProofError(f"a tree of {self._size} leaves has no leaf {index}")
        return self.entries(index // TILE_WIDTH)[index % TILE_WIDTH]

    def _tile_rows(self, level: int, index: int) -> list[Sequence[bytes]]:
        """Return the tile's hashes and the complete nodes above them within the tile, lowest first."""
        rows = self._rows.get((level, index))
        if rows is None:
            rows = [self.hashes(level, index)]
            while len(rows[-1]) > 1 and len(rows) < TILE_HEIGHT:
                below = rows[-1]
                rows.append([merkle.node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
            self._rows[level, index] = rows
        return rows

    def _fetch(self, level: int | None, index: int, hash_bytes: int | None) -> tuple[bytes, int]:
        full, partial = tiles_at(self._size, level)
        width = TILE_WIDTH if index < full else partial if index == full else 0
        if width == 0 or index < 0:
            raise ProofError(f"the tree of {self._size} leaves has no tile {index} at this level")
        try:
            return self._source.read(TileId(level, index, width).path), width
        except ResourceNotFoundError:
            if width == TILE_WIDTH:
                raise
        # A log may drop a partial tile once the full one exists; its beginning says the same (tlog-tiles).
        whole = self._source.read(TileId(level, index).path)
        if hash_bytes is not None:
            return whole[: width * hash_bytes], width
        return encode_entries(decode_entries(whole, TILE_WIDTH)[:width]), width
