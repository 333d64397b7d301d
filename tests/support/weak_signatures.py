"""Ed25519 signatures about which libraries differ, over any message: the twelve of `tests/cases/crypto/ed25519.json`.

Plain arithmetic of RFC 8032, section 6, made for clarity; nothing here is fit for a real key.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

Point = tuple[int, int, int, int]

CASES: Final[list[dict[str, Any]]] = json.loads((Path(__file__).parents[1] / "cases/crypto/ed25519.json").read_bytes())

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, P - 2, P) % P
ROOT: Final = pow(2, (P - 1) // 4, P)
NEUTRAL: Final = (0, 1, 1, 0)


def add(left: Point, right: Point) -> Point:
    a, b = (left[1] - left[0]) * (right[1] - right[0]) % P, (left[1] + left[0]) * (right[1] + right[0]) % P
    c, d = 2 * left[3] * right[3] * D % P, 2 * left[2] * right[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    total = NEUTRAL
    while number:
        total = add(total, point) if number & 1 else total
        point, number = add(point, point), number >> 1
    return total


def decode(encoded: bytes) -> Point:
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    assert (x * x - square) % P == 0, "no point"
    x = x if x & 1 == sign else -x % P
    return x, y, 1, x * y % P


def encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE: Final = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
ORDER_8: Final = decode(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
TORSION: Final = tuple(times(number, ORDER_8) for number in range(8))
IDENTITY: Final = encode(NEUTRAL)
ODD_IDENTITY: Final = bytes.fromhex("ee" + "ff" * 30 + "7f")
SIGNED_IDENTITY: Final = bytes.fromhex("01" + "00" * 30 + "80")

SECRET: Final = int.from_bytes(hashlib.sha512(b"a key for the twelve").digest(), "little") % L
GOOD_KEY: Final = encode(times(SECRET, BASE))
MIXED_KEY: Final = encode(add(times(SECRET, BASE), ORDER_8))
SMALL_KEY: Final = encode(ORDER_8)


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def _made(r: bytes, s: int) -> bytes:
    return r + s.to_bytes(32, "little")


def _nonces(key: bytes, message: bytes, *, eighth: bool) -> Iterator[tuple[int, bytes, int]]:
    """Yield nonce, R and k, until somebody has what he wants; `eighth` for k that a point of order 8 cannot feel."""
    for nonce in count(2):
        r = encode(times(nonce, BASE))
        k = challenge(r, key, message)
        if (k % 8 == 0) is eighth:
            yield nonce, r, k


def _good(message: bytes) -> bytes:
    nonce, r, k = next(_nonces(GOOD_KEY, message, eighth=False))
    return _made(r, (nonce + k * SECRET) % L)


def _plus_l(message: bytes) -> bytes:
    good = _good(message)
    return _made(good[:32], int.from_bytes(good[32:], "little") + L)


def _small(message: bytes) -> bytes:
    """S = 0 and an R of small order, one for which the equation holds where there is one."""
    for r in map(encode, TORSION):
        if add(decode(r), times(challenge(r, SMALL_KEY, message) % 8, ORDER_8))[0] == 0:
            return _made(r, 0)
    return _made(IDENTITY, 0)


def _no_nonce(message: bytes) -> bytes:
    return _made(IDENTITY, challenge(IDENTITY, GOOD_KEY, message) * SECRET % L)


def _small_key_large_r(message: bytes) -> bytes:
    nonce, r, _ = next(_nonces(SMALL_KEY, message, eighth=True))
    return _made(r, nonce)


def _mixed(message: bytes, *, eighth: bool) -> bytes:
    nonce, r, k = next(_nonces(MIXED_KEY, message, eighth=eighth))
    return _made(r, (nonce + k * SECRET) % L)


def _torsion_in_r(message: bytes) -> bytes:
    r = encode(add(times(5, BASE), ORDER_8))
    return _made(r, (5 + challenge(r, GOOD_KEY, message) * SECRET) % L)


def _odd_r(message: bytes) -> bytes:
    return _made(ODD_IDENTITY, challenge(ODD_IDENTITY, GOOD_KEY, message) * SECRET % L)


@dataclass(frozen=True)
class Signer:
    """A key (32 bytes), how it signs, and whether anybody may believe it; named as in the file of cases."""

    name: str
    key: bytes
    sign: Callable[[bytes], bytes]
    expect: bool


SIGNERS: Final = tuple(
    Signer(case["name"], key, sign, case["expect"])
    for case, key, sign in zip(
        CASES,
        (GOOD_KEY, GOOD_KEY, IDENTITY, ODD_IDENTITY, SIGNED_IDENTITY, SMALL_KEY, SMALL_KEY, GOOD_KEY, MIXED_KEY,
         MIXED_KEY, GOOD_KEY, GOOD_KEY),
        (_good, _plus_l, *[lambda _: _made(IDENTITY, 0)] * 3, _small, _small_key_large_r, _no_nonce,
         lambda message: _mixed(message, eighth=True), lambda message: _mixed(message, eighth=False), _torsion_in_r,
         _odd_r),
        strict=True,
    )
)  # fmt: skip
"""The twelve, over whatever message."""
