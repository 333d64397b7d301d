"""A share of a rescue key opens for one colleague, in one place; two give the key that her list names, or nothing.

THREATS.md: "rescue key: one share", "a wrong share".
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from evidence import canonical, ids, keys
from evidence.envelope import rescue_shares, wraps
from evidence.envelope.rescue_shares import ShareError
from evidence.shamir import Share

CASE, OTHER_CASE = (ids.CaseId(ids.new_id()) for _ in range(2))
RESCUE, COLLEAGUE, STRANGER = (keys.Identity.generate() for _ in range(3))
SHARES = rescue_shares.split(RESCUE, 2, 3)
SEALED = rescue_shares.seal(SHARES[1], CASE, RESCUE.opening_kid, COLLEAGUE.xwing_public)
RAW = canonical.unb64(SEALED)
CHANGED = ids.Base64(canonical.b64(RAW[:-1] + bytes([RAW[-1] ^ 1])))


def test_a_share_comes_out_as_it_was_sealed_and_two_give_the_key() -> None:
    found = rescue_shares.unseal(SEALED, 2, CASE, RESCUE.opening_kid, COLLEAGUE)
    assert found == SHARES[1]
    for pair in ((SHARES[0], found), (found, SHARES[2]), SHARES[::2]):
        assert rescue_shares.combine(pair, RESCUE.xwing_public).xwing_seed == RESCUE.xwing_seed
    item = ids.ItemId(ids.new_id())
    wrap = wraps.wrap(bytes(32), CASE, item, RESCUE.xwing_public)
    key = rescue_shares.combine(SHARES[:2], RESCUE.xwing_public)
    assert wraps.unwrap(wrap, CASE, item, key) == bytes(32)


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda: rescue_shares.unseal(SEALED, 1, CASE, RESCUE.opening_kid, COLLEAGUE),
        lambda: rescue_shares.unseal(SEALED, 2, OTHER_CASE, RESCUE.opening_kid, COLLEAGUE),
        lambda: rescue_shares.unseal(SEALED, 2, CASE, STRANGER.opening_kid, COLLEAGUE),
        lambda: rescue_shares.unseal(SEALED, 2, CASE, RESCUE.opening_kid, STRANGER),
        lambda: rescue_shares.unseal(ids.Base64("AAAA"), 2, CASE, RESCUE.opening_kid, COLLEAGUE),
        lambda: rescue_shares.unseal(CHANGED, 2, CASE, RESCUE.opening_kid, COLLEAGUE),
    ],
)
def test_a_share_opens_nowhere_else(elsewhere: Callable[[], Share]) -> None:
    with pytest.raises(ShareError, match="does not open that share"):
        elsewhere()


def test_a_share_is_no_wrap_of_an_item_and_a_wrap_no_share() -> None:
    with pytest.raises(wraps.WrapError):
        wraps.unwrap(SEALED, CASE, RESCUE.opening_kid, COLLEAGUE)
    wrap = wraps.wrap(SHARES[1].value, CASE, RESCUE.opening_kid, COLLEAGUE.xwing_public)
    with pytest.raises(ShareError):
        rescue_shares.unseal(wrap, 2, CASE, RESCUE.opening_kid, COLLEAGUE)


@pytest.mark.parametrize(
    "shares",
    [
        SHARES[:1],
        (),
        (SHARES[0], SHARES[0]),
        (SHARES[0], replace(SHARES[1], value=SHARES[2].value)),
        (SHARES[0], replace(SHARES[1], value=b"")),
        (SHARES[0], rescue_shares.split(RESCUE, 2, 2)[1]),
        tuple(replace(one, value=one.value[1:]) for one in SHARES[:2]),
    ],
)
def test_one_share_or_a_wrong_one_gives_nothing(shares: tuple[Share, ...]) -> None:
    with pytest.raises(ShareError):
        rescue_shares.combine(shares, RESCUE.xwing_public)
