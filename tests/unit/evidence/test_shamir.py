"""Shares of a secret: any that are enough give it back, fewer fit every secret, and the field is the one of AES."""

import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import shamir
from evidence.errors import FormatError
from evidence.shamir import Share

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "rescue.md"
SECRETS = st.binary(min_size=1, max_size=40)


@given(SECRETS, st.integers(2, 5), st.integers(0, 3), st.randoms())
def test_any_that_are_enough_give_the_secret_back(secret: bytes, needed: int, more: int, dice: random.Random) -> None:
    shares = list(shamir.split(secret, needed, needed + more))
    dice.shuffle(shares)
    assert shamir.combine(shares[:needed]) == secret
    assert shamir.combine(shares) == secret


@given(SECRETS, st.integers(1, 255))
def test_one_share_of_two_fits_every_secret(other: bytes, number: int) -> None:
    """For each secret there is one polynomial through a given share: so the share says nothing about it."""
    known = Share(number, bytes(range(len(other))))
    point = 1 if number != 1 else 2
    slope = bytes(_divided(a ^ b, number) for a, b in zip(known.value, other, strict=True))
    second = Share(point, bytes(_times(point, byte) ^ at_0 for byte, at_0 in zip(slope, other, strict=True)))
    assert shamir.combine([known, second]) == other


def test_a_wrong_share_gives_another_secret_and_nobody_is_told() -> None:
    one, two, three = shamir.split(bytes(32), 2, 3)
    assert shamir.combine([one, Share(two.number, three.value)]) != bytes(32)
    assert shamir.combine([one, Share(two.number, bytes([two.value[0] ^ 1]) + two.value[1:])])[1:] == bytes(31)


def test_randomness_is_asked_for_once_for_each_term_and_is_all_there_is() -> None:
    asked: list[int] = []

    def ones(size: int) -> bytes:
        asked.append(size)
        return b"\x01" * size

    shares = shamir.split(b"\x00\x02", 3, 4, ones)
    assert asked == [2, 2]
    assert shares[0].value == b"\x00\x02"  # 1 + 1 is nothing
    assert shares[1].value == b"\x06\x04"  # 4 + 2
    assert len({one.value for one in shamir.split(bytes(32), 2, 255)}) == 255


def test_the_field_is_the_one_of_aes() -> None:
    """FIPS 197, section 4.2: {57} times {83} is {c1}, {57} times {13} is {fe}; and inverses are inverses."""
    assert (shamir._times(0x57, 0x83), shamir._times(0x57, 0x13)) == (0xC1, 0xFE)
    assert all(shamir._times(one, shamir._inverse(one)) == 1 for one in range(1, 256))
    assert all(shamir._times(a, b) == _times(a, b) for a, b in itertools.product(range(256), repeat=2))


def test_the_example_of_the_format_page_comes_out() -> None:
    rows = dict(re.findall(r"^(seed|r|share \d) +([0-9a-f]{64})$", PAGE.read_text(), re.MULTILINE))
    seed, slope, *values = map(bytes.fromhex, rows.values())
    shares = shamir.split(seed, 2, 3, lambda _size: slope)
    assert [one.value for one in shares] == values
    assert all(shamir.combine(pair) == seed for pair in itertools.combinations(shares, 2))


@pytest.mark.parametrize(("secret", "needed", "count"), [(b"", 2, 3), (b"x", 1, 3), (b"x", 3, 2), (b"x", 2, 256)])
def test_what_cannot_be_split(secret: bytes, needed: int, count: int) -> None:
    with pytest.raises(FormatError, match="split"):
        shamir.split(secret, needed, count)


def _odd() -> Iterator[list[Share]]:
    one, two = Share(1, b"ab"), Share(2, b"cd")
    yield from ([], [one], [one, one], [one, Share(2, b"c")], [one, Share(0, b"cd")], [two, Share(256, b"cd")])


@pytest.mark.parametrize("shares", list(_odd()))
def test_what_cannot_be_of_one_secret(shares: list[Share]) -> None:
    with pytest.raises(FormatError, match="shares of one secret"):
        shamir.combine(shares)


def test_a_share_shows_nothing_of_itself() -> None:
    assert "ab" not in repr(Share(1, b"ab"))


def _times(one: int, other: int) -> int:
    """Multiply as schoolchildren do it in this field, beside the code under test."""
    product = 0
    while other:
        product ^= one if other & 1 else 0
        one = one << 1 ^ (0x11B if one & 0x80 else 0)
        other >>= 1
    return product


def _divided(one: int, by: int) -> int:
    return next(found for found in range(256) if _times(found, by) == one)
