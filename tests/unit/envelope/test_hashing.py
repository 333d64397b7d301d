"""Hashing beside other work gives the SHA-256 of hashing in line and ends its thread; sealing in runs keeps bytes."""

import hashlib
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.envelope import cobblestone
from evidence.envelope.hashing import MAX_WAITING, MIN_PIECE_BYTES, SideHash
from tests.support.sizes import examples


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "side-hash"]


@settings(max_examples=examples(40))
@given(st.lists(st.integers(0, 2 * MIN_PIECE_BYTES), max_size=3 * MAX_WAITING))
def test_the_same_hash_as_in_line(sizes: list[int]) -> None:
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    with SideHash() as side:
        for piece in pieces:
            side.update(piece)
        assert side.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert threads() == []


def test_small_pieces_need_no_thread() -> None:
    with SideHash() as side:
        side.update(bytes(MIN_PIECE_BYTES - 1))
        assert threads() == []


def test_an_error_ends_the_thread_too() -> None:
    def fail() -> None:
        with SideHash() as side:
            side.update(bytes(MIN_PIECE_BYTES))
            assert len(threads()) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert threads() == []


CHUNK, RUN = cobblestone.CHUNK_BYTES, cobblestone.CHUNK_BYTES * cobblestone.RUN_CHUNKS


@settings(max_examples=examples(60))
@given(st.lists(st.sampled_from([0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, RUN, RUN + CHUNK, 2 * RUN + 7]), max_size=6))
def test_how_plaintext_is_cut_changes_no_byte(sizes: list[int]) -> None:
    """Runs of chunks are an implementation's matter: opened by the library, the message is the same one."""
    key, salt = bytes(32), bytes(24)
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    plain = b"".join(pieces)
    sealed = b"".join(cobblestone.seal(key, b"context", salt, pieces))
    assert sealed == b"".join(cobblestone.seal(key, b"context", salt, [plain]))
    assert len(sealed) == cobblestone.ciphertext_size(len(plain))
    assert cobblestone.open_all(key, b"context", sealed) == plain
