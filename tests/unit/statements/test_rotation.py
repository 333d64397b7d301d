"""A rotation of the log's key is the root's word, stands right behind the head that it names, and is given once."""

from pathlib import Path

import pytest

from evidence import keys
from evidence.custody.errors import SuccessionError
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.note import NoteVerifier, generate_key
from evidence.statements import bodies, rotation, statement
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules import authority
from tests.support.incidents import incident
from tests.support.rotating import RotatedOrganisation, rotation_over

KEYS = [generate_key(f"log.example/{number}") for number in range(4)]


def ending(number: int, size: int, following: int) -> bodies.LogRotate:
    head = Checkpoint(KEYS[number].name, size, bytes([size]) * 32)
    return bodies.LogRotate(rotation.head_of(head), KEYS[following].vkey)


def line(*rotations: bodies.LogRotate) -> list[str]:
    return [era.origin for era in rotation.follow(KEYS[0].verifier, rotations).eras]


def test_rotations_make_a_line_in_any_order() -> None:
    first, second = ending(0, 5, 1), ending(1, 3, 2)
    names = [key.name for key in KEYS]
    assert line() == names[:1]
    assert line(first) == names[:2]
    assert line(first, second) == line(second, first, second) == names[:3]


@pytest.mark.parametrize(
    "rotations",
    [
        [ending(0, 5, 1), ending(0, 6, 1)],
        [ending(0, 5, 1), ending(0, 5, 2)],
        [ending(1, 5, 2)],
        [ending(0, 5, 1), ending(3, 5, 2)],
        [ending(0, 5, 0)],
        [ending(0, 5, 1), ending(1, 5, 0)],
    ],
)
def test_rotations_that_make_no_line(rotations: list[bodies.LogRotate]) -> None:
    with pytest.raises(SuccessionError):
        line(*rotations)


def test_only_the_root_s_signature_counts(tmp_path: Path) -> None:
    book = RotatedOrganisation(tmp_path)
    final = book.integrate().checkpoint
    honest = rotation_over(final, book.following, book.root)
    assert rotation.signed_by_root(honest, book.root.sign_public).log_vkey == book.following.vkey
    for by in (keys.Identity.generate(), book.server, book.caseworker):
        with pytest.raises(SuccessionError, match="root did not sign"):
            rotation.signed_by_root(rotation_over(final, book.following, by), book.root.sign_public)
    other = statement.sign(book.root, "team.open", bodies.TeamOpen(book.team, "x"))
    with pytest.raises(SuccessionError, match="is no rotation"):
        rotation.signed_by_root(other, book.root.sign_public)


def test_the_journal_takes_it_right_behind_its_head_and_once(tmp_path: Path) -> None:
    book = RotatedOrganisation(tmp_path)
    book.seal(incident())
    early = book.integrate().checkpoint
    book.seal(incident())
    late = book.integrate().checkpoint
    beyond = Checkpoint(late.origin, late.size + 1, late.root)
    for final in (early, beyond):
        with pytest.raises(NotAllowedError) as refusal:
            book.accept(rotation_over(final, book.following, book.root))
        assert refusal.value.reason == "rotation"
    for by in (book.server, book.caseworker, book.vault):
        with pytest.raises(NotAllowedError):
            book.accept(rotation_over(late, book.following, by))
    book.rotate()
    again = rotation_over(late, generate_key("log.example/again"), book.root)
    with pytest.raises(NotAllowedError):
        authority.check(book.standing, again, book.clock())
    assert NoteVerifier.parse(book.standing.rotations[0].log_vkey) == book.following.verifier
