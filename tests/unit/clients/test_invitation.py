"""An invitation says the same after a QR code, fits one, and nothing else passes for one."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import ids, keys
from server.clients.errors import ClientError
from server.clients.invitation import MAX_TEXT_CHARACTERS, Invitation, InvitationError

INVITATION = Invitation(
    "http://localhost:8480",
    ids.CaseId("0a" * 16),
    ids.Sha256("c5" * 32),
    12,
    keys.Identity.generate().sign_public,
    "5f" * 32,
    keys.Identity.generate().sign_seed,
)


def test_what_was_shown_is_what_was_scanned() -> None:
    assert Invitation.parse(f" {INVITATION.text()}\n") == INVITATION


def test_the_one_time_key_signs_and_is_not_printed_with_the_invitation() -> None:
    assert INVITATION.key.sign_seed == INVITATION.seed
    assert INVITATION.seed.hex() not in repr(INVITATION)
    assert repr(INVITATION.seed) not in repr(INVITATION)


def test_the_qr_code_fits_a_terminal_of_80_columns() -> None:
    code = INVITATION.terminal_qr()
    assert 20 < max(len(line) for line in code.splitlines()) <= 80


def test_a_longer_address_still_fits() -> None:
    longer = dataclasses.replace(INVITATION, url="https://getuige.een-lange-naam-van-een-organisatie.example:8443")
    assert len(longer.text()) < MAX_TEXT_CHARACTERS
    assert Invitation.parse(longer.text()) == longer


@given(st.text())
def test_no_other_text_is_an_invitation(text: str) -> None:
    with pytest.raises(InvitationError):
        Invitation.parse(text)


@given(st.integers(min_value=0, max_value=len(INVITATION.text()) - 1), st.characters())
def test_a_damaged_invitation_is_refused_or_says_something_else(index: int, other: str) -> None:
    text = INVITATION.text()
    damaged = text[:index] + other + text[index + 1 :]
    try:
        found = Invitation.parse(damaged)
    except ClientError:
        return
    assert found != INVITATION or damaged.strip() == text or other in "uU+ "


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "localhost", ""])
def test_only_http_addresses_are_followed(url: str) -> None:
    with pytest.raises(InvitationError):
        Invitation.parse(dataclasses.replace(INVITATION, url=url).text())
