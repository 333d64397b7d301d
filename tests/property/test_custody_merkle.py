"""The Merkle tree agrees with a slow transcription of RFC 6962 for every tree and every proof, true or false."""

from hypothesis import given
from hypothesis import strategies as st

from evidence.custody.errors import ProofError
from evidence.custody.log import merkle
from evidence.custody.log.growth import RightEdge, grow
from evidence.custody.log.tiles import TileReader
from tests.support import rfc6962


class Grown(dict[str, bytes]):
    """A log in memory, appended in the given batches."""

    def __init__(self, batches: list[list[bytes]]) -> None:
        super().__init__()
        edge = RightEdge()
        for batch in batches:
            grown = grow(edge, batch)
            for tile, data in grown.resources.items():
                assert self.setdefault(tile.path, data) == data, "an immutable resource changed"
            edge = grown.edge
        self.edge = edge

    def read(self, path: str) -> bytes:
        return self[path]


SMALL = [str(number).encode() for number in range(40)]
SMALL_LOG = Grown([SMALL])


def test_every_proof_of_every_small_tree_is_the_transcription_s() -> None:
    for size in range(41):
        entries = SMALL[:size]
        reader = TileReader(Grown([entries]), size)
        root = rfc6962.mth(entries)
        assert reader.root() == root
        for index in range(size):
            proof = reader.prove_inclusion(index)
            assert list(proof) == rfc6962.path(index, entries)
            merkle.verify_inclusion(merkle.leaf_hash(entries[index]), index, size, proof, root)
        for old in range(size + 1):
            proof = reader.prove_consistency(old)
            assert list(proof) == rfc6962.proof(old, entries)
            merkle.verify_consistency(old, rfc6962.mth(entries[:old]), size, root, proof)


@given(st.lists(st.lists(st.binary(max_size=4), max_size=600), max_size=3), st.data())
def test_a_log_grown_in_any_batches_has_the_tree_of_its_entries(
    batches: list[list[bytes]], data: st.DataObject
) -> None:
    entries = [entry for batch in batches for entry in batch]
    log = Grown(batches)
    assert (log.edge.size, log.edge.root) == (len(entries), rfc6962.mth(entries))
    reader = TileReader(log, len(entries))
    assert reader.root() == log.edge.root
    if entries:
        index = data.draw(st.integers(0, len(entries) - 1))
        assert list(reader.prove_inclusion(index)) == rfc6962.path(index, entries)
        assert reader.entry(index) == entries[index]
        old = data.draw(st.integers(0, len(entries)))
        assert list(reader.prove_consistency(old)) == rfc6962.proof(old, entries)


HASHES = st.sampled_from([merkle.leaf_hash(entry) for entry in SMALL[:6]] + [rfc6962.mth(SMALL[:n]) for n in range(9)])


@given(st.integers(0, 12), st.integers(0, 12), st.lists(HASHES, max_size=6), HASHES, HASHES)
def test_inclusion_is_accepted_exactly_when_the_transcription_accepts_it(
    index: int, size: int, proof: list[bytes], leaf: bytes, root: bytes
) -> None:
    # The true root of this proof half of the time, else hardly any random proof would be accepted.
    computed = rfc6962.root_from_path(leaf, index, size, proof) if index < size else None
    for target in (root, computed or root):
        try:
            merkle.verify_inclusion(leaf, index, size, proof, target)
            accepted = True
        except ProofError:
            accepted = False
        assert accepted == (computed == target)


@given(st.integers(1, 12), st.integers(1, 12), st.lists(HASHES, max_size=6), HASHES, HASHES)
def test_consistency_is_accepted_exactly_when_the_transcription_accepts_it(
    old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes
) -> None:
    computed = rfc6962.roots_from_proof(old, new, old_root, proof) if old <= new else None
    for targets in ((old_root, new_root), computed or (old_root, new_root)):
        # A complete old tree begins the proof itself, so another old root changes what the proof leads to.
        expected = rfc6962.roots_from_proof(old, new, targets[0], proof) if old <= new else None
        try:
            merkle.verify_consistency(old, targets[0], new, targets[1], proof)
            accepted = True
        except ProofError:
            accepted = False
        assert accepted == (expected == targets)


@given(st.integers(1, 40), st.data())
def test_a_damaged_true_proof_is_never_accepted(size: int, data: st.DataObject) -> None:
    reader, entries = TileReader(Grown([SMALL[:size]]), size), SMALL[:size]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, old_root = rfc6962.mth(entries), rfc6962.mth(entries[:old])
    leaf = merkle.leaf_hash(entries[index])

    def accepted(path: list[bytes], between: list[bytes]) -> list[bool]:
        def includes() -> None:
            merkle.verify_inclusion(leaf, index, size, path, root)

        def extends() -> None:
            merkle.verify_consistency(old, old_root, size, root, between)

        results = []
        for check in (includes, extends):
            try:
                check()
                results.append(True)
            except ProofError:
                results.append(False)
        return results

    def damage(proof: list[bytes]) -> list[bytes]:
        kind = data.draw(st.sampled_from(["flip", "drop", "add", "cut"]))
        position = data.draw(st.integers(0, max(0, len(proof) - 1)))
        if kind == "add" or not proof:
            return [*proof[:position], data.draw(HASHES), *proof[position:]]
        changed = {
            "flip": [bytes([proof[position][0] ^ 1]) + proof[position][1:]],
            "drop": [],
            "cut": [proof[position][:31]],
        }[kind]
        return [*proof[:position], *changed, *proof[position + 1 :]]

    path, between = list(reader.prove_inclusion(index)), list(reader.prove_consistency(old))
    assert accepted(path, between) == [True, True]
    assert accepted(damage(path), damage(between)) == [False, False]
