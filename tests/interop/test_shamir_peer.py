"""Shares that another implementation made are combined here, and ours there: npm's `shamir-secret-sharing`.

A share there is the bytes of ours, and then the point. Its points are chosen at random, ours are counted from 1.
"""

import json
import random
import subprocess
from typing import Any

import pytest

from evidence import shamir
from evidence.shamir import Share
from tests.support.foreign_clients import FOREIGN
from tests.support.programs import need
from tests.support.waiting import patience

pytestmark = pytest.mark.need("node")

SIZES = ((2, 2), (2, 3), (2, 8), (3, 5), (5, 5), (2, 255))
"""Needed, and made."""


def ask(*questions: dict[str, Any]) -> list[Any]:
    """Return what the peer answers to each question."""
    asked = "".join(json.dumps(one) + "\n" for one in questions)
    command = [str(need("node")), "shamir.mjs"]
    ended = subprocess.run(
        command, input=asked, capture_output=True, text=True, cwd=FOREIGN, timeout=patience(60), check=False
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def theirs(share: str) -> Share:
    raw = bytes.fromhex(share)
    return Share(raw[-1], raw[:-1])


def test_what_it_split_is_combined_here() -> None:
    dice = random.Random(2)
    secrets = [dice.randbytes(size) for size in (32, 1, 33) for _ in SIZES]
    questions = [
        {"secret": secret.hex(), "needed": needed, "count": count}
        for secret, (needed, count) in zip(secrets, SIZES * 3, strict=True)
    ]
    for secret, (needed, count), made in zip(secrets, SIZES * 3, ask(*questions), strict=True):
        shares = [theirs(one) for one in made]
        assert len(shares) == count
        assert shamir.combine(dice.sample(shares, needed)) == secret
        assert shamir.combine(shares[:needed]) == secret


def test_what_is_split_here_it_combines() -> None:
    dice = random.Random(3)
    secrets = [dice.randbytes(32) for _ in SIZES]
    questions = []
    for secret, (needed, count) in zip(secrets, SIZES, strict=True):
        shares = dice.sample(shamir.split(secret, needed, count), needed)
        questions.append({"shares": [(one.value + bytes([one.number])).hex() for one in shares]})
    assert [bytes.fromhex(one) for one in ask(*questions)] == secrets


def test_a_wrong_share_gives_both_the_same_wrong_secret() -> None:
    one, two = shamir.split(bytes(range(32)), 2, 2)
    wrong = Share(two.number, bytes(32))
    (found,) = ask({"shares": [(each.value + bytes([each.number])).hex() for each in (one, wrong)]})
    assert bytes.fromhex(found) == shamir.combine([one, wrong]) != bytes(range(32))
