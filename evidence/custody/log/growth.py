"""Growing the tree: from its right edge and new entries to the tiles that must be written. Pure.

The right edge is all that an appender needs: per level the hashes of the one partial tile, and the entries of the
partial bundle. Everything to the left of it is full and never changes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evidence.custody.errors import CorruptLogError, ProofError, ResourceNotFoundError, TileError
from evidence.custody.log import merkle
from evidence.custody.log.tiles import TILE_WIDTH, TileId, TileReader, TileSource, encode_entries, tiles_at


@dataclass(frozen=True)
class RightEdge:
    """The partial tiles of a tree of `size` leaves: `levels[L]` holds 0–255 hashes of level L."""

    size: int = 0
    levels: tuple[tuple[bytes, ...], ...] = ()
    entries: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The root of the whole tree: levels below fold into the last, incomplete subtree of the one above."""
        rest: tuple[bytes, ...] = ()
        for hashes in self.levels:
            row = hashes + rest
            rest = (merkle.fold(row),) if row else ()
        return merkle.fold(rest)


@dataclass(frozen=True)
class Growth:
    """The edge after an append, and every resource that the longer tree needs and the shorter one had not."""

    edge: RightEdge
    resources: dict[TileId, bytes]


def grow(edge: RightEdge, entries: Iterable[bytes]) -> Growth:
    """Append entries to the tree.

    Args:
        edge: the right edge of the tree so far.
        entries: the new entries, each at most 65,535 bytes.

    Returns:
        The new edge, and the tiles and bundles to write (each full one, and one partial one per level that changed).

    Raises:
        TileError: an entry is too long for a bundle.
    """
    resources: dict[TileId, bytes] = {}
    levels = [list(hashes) for hashes in edge.levels]
    bundle = list(edge.entries)
    size = edge.size
    for entry in entries:
        bundle.append(entry)
        if len(bundle) == TILE_WIDTH:
            resources[TileId(None, size // TILE_WIDTH)] = encode_entries(bundle)
            bundle.clear()
        _push(levels, merkle.leaf_hash(entry), size, resources)
        size += 1
    for level, hashes in enumerate(levels):
        full, width = tiles_at(size, level)
        if hashes and (full, width) != tiles_at(edge.size, level):
            resources[TileId(level, full, width)] = b"".join(hashes)
    if bundle and size != edge.size:
        resources[TileId(None, size // TILE_WIDTH, len(bundle))] = encode_entries(bundle)
    return Growth(RightEdge(size, tuple(tuple(hashes) for hashes in levels), tuple(bundle)), resources)


def load_edge(source: TileSource, size: int, root: bytes) -> RightEdge:
    """Read the right edge of the tree of `size` leaves back from its tiles, and check it against the signed root.

    Raises:
        CorruptLogError: a tile is missing or cut, or the tiles do not lead to `root`.
    """
    reader = TileReader(source, size)
    levels: list[tuple[bytes, ...]] = []
    entries: tuple[bytes, ...] = ()
    try:
        while size >> (8 * len(levels)):
            level = len(levels)
            full, width = tiles_at(size, level)
            levels.append(reader.hashes(level, full) if width else ())
        if levels and levels[0]:
            entries = reader.entries(size // TILE_WIDTH)
    except (ResourceNotFoundError, TileError, ProofError) as error:
        raise CorruptLogError(f"the log of {size} leaves cannot be read: {error}") from error
    edge = RightEdge(size, tuple(levels), entries)
    if entries and tuple(map(merkle.leaf_hash, entries)) != levels[0]:
        raise CorruptLogError("the last entry bundle does not hash to its tile")
    if edge.root != root:
        raise CorruptLogError(f"the tiles of {size} leaves do not lead to the signed root")
    return edge


def audit(source: TileSource, size: int, root: bytes, progress: Callable[[int], None] = lambda _entries: None) -> None:
    """Recompute the whole tree from the entries and compare every tile of it with what the log serves.

    Args:
        source: where the log's files are read.
        size: of the tree that is checked.
        root: its signed root.
        progress: told after each bundle how many entries were checked so far.

    Raises:
        CorruptLogError: an entry, a tile or the root differs, or a resource is missing.
        StorageError: the source cannot be read.
    """
    reader = TileReader(source, size)
    edge = RightEdge()
    for index in range(-(-size // TILE_WIDTH)):
        try:
            grown = grow(edge, reader.entries(index))
            for tile, data in grown.resources.items():
                # Each bundle ends on a tile border or at the end of the tree, so its full tiles are final;
                # partial ones on the way are not part of this tree.
                final = tile.width == TILE_WIDTH or tiles_at(size, tile.level) == (tile.index, tile.width)
                if tile.level is not None and final and b"".join(reader.hashes(tile.level, tile.index)) != data:
                    raise CorruptLogError(f"{tile.path} does not follow from the entries")
        except (ResourceNotFoundError, TileError) as error:
            raise CorruptLogError(f"the log of {size} leaves cannot be read: {error}") from error
        edge = grown.edge
        progress(edge.size)
    if edge.root != root:
        raise CorruptLogError(f"the entries of {size} leaves do not lead to the signed root")


def _push(levels: list[list[bytes]], node: bytes, position: int, resources: dict[TileId, bytes]) -> None:
    """Add a hash at level 0; a tile that fills up is emitted and its root pushed one level up."""
    for level in range(len(levels) + 1):
        if level == len(levels):
            levels.append([])
        hashes = levels[level]
        hashes.append(node)
        if len(hashes) < TILE_WIDTH:
            return
        resources[TileId(level, position >> (8 * (level + 1)))] = b"".join(hashes)
        node = merkle.fold(hashes)
        hashes.clear()
