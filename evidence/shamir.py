"""Shamir's sharing of a secret: any `needed` shares give it back, fewer say nothing about it but its length.

Each byte is the value at 0 of a random polynomial over GF(256), the field of AES; a share is the value of all of them
at one point (A. Shamir, *How to share a secret*, 1979). It is the scheme of HashiCorp Vault and of the npm package
`shamir-secret-sharing`, which a test drives beside this module; there a share is these bytes and then its point.

Nothing here says whether what comes out is what went in: a wrong share gives a wrong secret. Whoever combines compares
with a public key. No table is looked up and no branch taken by a secret byte; Python promises no more than that.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

from evidence.errors import FormatError

MAX_SHARES: Final = 255
"""Points of the field that are not 0, where the secret is."""

_FIELD: Final = 0x11B
"""x⁸ + x⁴ + x³ + x + 1."""


@dataclass(frozen=True)
class Share:
    """The value of the polynomials at point `number`, 1 to 255."""

    number: int
    value: bytes = field(repr=False)


def split(
    secret: bytes, needed: int, count: int, random: Callable[[int], bytes] = secrets.token_bytes
) -> tuple[Share, ...]:
    """Return `count` shares, of which any `needed` give `secret` back. `random` returns so many random bytes.

    FormatError when there is no secret, when fewer than two are needed, or more than there are.
    """
    if not secret or not 1 < needed <= count <= MAX_SHARES:
        message = f"a secret is split into at most {MAX_SHARES} shares, of which two or more are needed"
        raise FormatError(message)
    terms = (secret, *(random(len(secret)) for _ in range(needed - 1)))
    return tuple(Share(number, _at(number, terms)) for number in range(1, count + 1))


def combine(shares: Sequence[Share]) -> bytes:
    """Return the secret that these shares give, right or wrong; FormatError when they cannot be of one secret."""
    numbers = [one.number for one in shares]
    fit = all(1 <= number <= MAX_SHARES for number in numbers) and len({*numbers}) == len(numbers) > 1
    if not fit or len({len(one.value) for one in shares}) != 1:
        message = "shares of one secret have one length, and each a number of its own"
        raise FormatError(message)
    found = bytes(len(shares[0].value))
    for one in shares:
        # Lagrange's polynomial of this share, at 0; in this field minus is plus.
        others = (_times(other, _inverse(other ^ one.number)) for other in numbers if other != one.number)
        found = _plus(found, _scaled(one.value, reduce(_times, others, 1)))
    return found


def _at(point: int, terms: Sequence[bytes]) -> bytes:
    """Return the value of the polynomials at a point, the constant term first (Horner)."""
    return reduce(lambda value, term: _plus(_scaled(value, point), term), reversed(terms[:-1]), terms[-1])


def _plus(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _scaled(value: bytes, by: int) -> bytes:
    return bytes(_times(byte, by) for byte in value)


def _times(one: int, other: int) -> int:
    """Return the product in GF(256): all eight steps, whatever the bits are."""
    product = 0
    for bit in range(8):
        product ^= -(other >> bit & 1) & one << bit
    for bit in range(14, 7, -1):
        product ^= -(product >> bit & 1) & _FIELD << bit - 8
    return product


def _inverse(one: int) -> int:
    """Return the inverse in GF(256): the power 254."""
    found = one
    for _ in range(6):
        found = _times(_times(found, found), one)
    return _times(found, found)
