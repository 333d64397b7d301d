"""Tiles: paths and bytes are those of c2sp.org/tlog-tiles, and an audit sees every changed byte."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from evidence.custody.errors import (
    CorruptLogError,
    ProofError,
    ResourceNotFoundError,
    TileError,
)
from evidence.custody.log import growth, merkle
from evidence.custody.log.growth import RightEdge, audit, grow, load_edge
from evidence.custody.log.tiles import FolderTiles, TileId, TileReader, decode_entries, decode_hashes, encode_entries


class DictTiles(dict[str, bytes]):
    """A log in memory."""

    def read(self, path: str) -> bytes:
        if path not in self:
            raise ResourceNotFoundError(path)
        return self[path]


def log_of(batches: Iterable[int]) -> tuple[DictTiles, RightEdge]:
    tiles, edge = DictTiles(), RightEdge()
    for count in batches:
        grown = grow(edge, [str(i).encode() for i in range(edge.size, edge.size + count)])
        tiles |= {tile.path: data for tile, data in grown.resources.items()}
        edge = grown.edge
    return tiles, edge


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileId(0, 0), "tile/0/000"),
        (TileId(0, 999), "tile/0/999"),
        (TileId(1, 1000), "tile/1/x001/000"),
        (TileId(0, 1234067), "tile/0/x001/x234/067"),
        (TileId(None, 1234067, 3), "tile/entries/x001/x234/067.p/3"),
        (TileId(63, 5, 255), "tile/63/005.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(tile: TileId, path: str) -> None:
    assert tile.path == path
    assert TileId.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/0", "tile/0/0000", "tile/0/x000/001",
        "tile/0/001/002", "tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/",
        "tile/0/000/", "/tile/0/000", "tile/0/000\n", "tile/0/\u0660\u0660\u0660", "tile/entries/../../head",
        "tile/0/..",
        "tile/0/" + "x001/" * 7 + "000", "tile/Entries/000", "tile/0/000.p/1\x00",
    ],
)  # fmt: skip
def test_no_other_spelling_is_a_path(path: str, tmp_path: Path) -> None:
    with pytest.raises(TileError):
        TileId.parse(path)
    with pytest.raises(TileError):
        FolderTiles(tmp_path).read(path)


def test_a_folder_never_reads_outside_its_log(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "log" / "tile" / "0").mkdir(parents=True)
    for path in ("../secret", "tile/0/../../../secret", str(tmp_path / "secret")):
        with pytest.raises(TileError):
            FolderTiles(tmp_path / "log").read(path)
    with pytest.raises(ResourceNotFoundError):
        FolderTiles(tmp_path / "log").read("tile/0/000")


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    tiles, edge = log_of([70_000])
    names = [TileId.parse(path) for path in tiles]
    count = {
        (level, full): sum(one.level == level and (one.width == 256) == full for one in names)
        for level in (None, 0, 1, 2, 3)
        for full in (True, False)
    }
    assert count == {
        (None, True): 273, (None, False): 1, (0, True): 273, (0, False): 1, (1, True): 1, (1, False): 1,
        (2, True): 0, (2, False): 1, (3, True): 0, (3, False): 0,
    }  # fmt: skip
    assert {(one.level, one.width) for one in names if one.width < 256} == {(None, 112), (0, 112), (1, 17), (2, 1)}
    audit(tiles, edge.size, edge.root)


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above_it() -> None:
    tiles, _ = log_of([256])
    assert set(tiles) == {"tile/0/000", "tile/entries/000", "tile/1/000.p/1"}


@pytest.mark.parametrize("batches", [[1, 254, 1, 1, 300], [256, 256], [255, 2], [65_535, 1, 1], [3]])
def test_the_edge_read_back_from_tiles_is_the_edge(batches: list[int]) -> None:
    tiles, edge = log_of(batches)
    assert load_edge(tiles, edge.size, edge.root) == edge
    assert TileReader(tiles, edge.size).root() == edge.root


def test_earlier_trees_stay_provable_when_their_partial_tiles_are_gone() -> None:
    tiles, _ = log_of([300])
    small = log_of([100])[1]
    assert "tile/0/000.p/100" not in tiles
    reader = TileReader(tiles, 100)
    assert reader.root() == small.root
    assert reader.entries(0) == small.entries
    assert reader.entry(99) == b"99"


def test_what_a_tree_has_not_is_refused() -> None:
    tiles, _ = log_of([300])
    reader = TileReader(tiles, 300)
    for index in (-1, 300):
        with pytest.raises(ProofError):
            reader.prove_inclusion(index)
        with pytest.raises(ProofError):
            reader.entry(index)
    for level, index in ((0, 300), (1, 150), (9, 0), (8, 1), (0, -1), (70, 0)):
        with pytest.raises(ProofError):
            reader.nodes(level, index)
    with pytest.raises(ProofError):
        reader.prove_consistency(301)


def test_bundles_carry_any_entry_up_to_their_limit() -> None:
    entries = (b"", b"x", b"y" * 65_535)
    assert decode_entries(encode_entries(entries), 3) == entries
    with pytest.raises(TileError):
        encode_entries([b"z" * 65_536])
    with pytest.raises(TileError):
        decode_entries(encode_entries(entries), 2)


@pytest.mark.parametrize("bundle", [b"\x00", b"\x00\x05abc", b"\x00\x01a\x00"])
def test_a_cut_bundle_is_no_bundle(bundle: bytes) -> None:
    with pytest.raises(TileError):
        decode_entries(bundle, 1)


def test_a_tile_of_another_length_is_no_tile() -> None:
    with pytest.raises(TileError):
        decode_hashes(b"\x00" * 63, 2)


def test_the_audit_sees_every_changed_resource() -> None:
    tiles, edge = log_of([700])
    final = {path for path in tiles if TileId.parse(path).width in {256, 188, 2}}
    assert len(final) == 7
    for path in final:
        for position in (2, len(tiles[path]) - 1):
            data = bytearray(tiles[path])
            data[position] ^= 1
            with pytest.raises(CorruptLogError):
                audit(DictTiles(tiles | {path: bytes(data)}), edge.size, edge.root)
        with pytest.raises(CorruptLogError):
            audit(DictTiles({key: data for key, data in tiles.items() if key != path}), edge.size, edge.root)
    with pytest.raises(CorruptLogError):
        audit(tiles, edge.size, merkle.EMPTY_ROOT)


def test_the_edge_is_not_read_from_tiles_that_lead_elsewhere() -> None:
    tiles, edge = log_of([300])
    for path in ("tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"):
        data = bytearray(tiles[path])
        data[-1] ^= 1
        with pytest.raises(CorruptLogError):
            load_edge(DictTiles(tiles | {path: bytes(data)}), edge.size, edge.root)
    assert growth.load_edge(DictTiles(), 0, merkle.EMPTY_ROOT) == RightEdge()
