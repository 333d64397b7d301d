"""`verify.sh` follows the root into the next log, and refuses what the old key signs beyond the end."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.format import layout
from evidence.bundle.format.rotations import Handover
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.rotating import RotatedOrganisation, pin, rotation_over
from tests.support.stolen_log_key import encoded, rotated, sealed_and_granted, unpack
from tests.support.verify_sh import run

pytestmark = [pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash")]


@pytest.fixture(name="book")
def make_book(tmp_path: Path) -> RotatedOrganisation:
    return RotatedOrganisation(tmp_path / "book")


def test_a_bundle_over_both_logs_holds(book: RotatedOrganisation, tmp_path: Path) -> None:
    folder = rotated(book, tmp_path)
    for known in (False, True):
        if known:
            assert book.rotation is not None
            pin(book.trust, book.rotation)
        code, said = run(folder, book.trust)
        assert (code, "FAIL" in said) == (0, False), said
        assert "goes on, signed by the root" in said
        assert "note  a head" not in said


def test_a_bundle_of_before_holds_and_says_who_answers(book: RotatedOrganisation, tmp_path: Path) -> None:
    item = sealed_and_granted(book)
    book.stamp()
    folder = unpack(book.export(item), tmp_path / "out")
    book.seal(incident())
    pin(book.trust, book.rotate())
    code, said = run(folder, book.trust)
    assert code == 0, said
    assert said.count("only the witnesses answer") == 2


def test_what_the_trust_folder_says_in_another_spelling_cannot_be_read_and_accuses_nobody(
    book: RotatedOrganisation, tmp_path: Path
) -> None:
    folder = rotated(book, tmp_path)
    assert book.rotation is not None
    pin(book.trust, book.rotation)
    path = book.trust / trust.ROTATIONS
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1))
    code, said = run(folder, book.trust)
    assert (code, "spelling that is not read here" in said) == (2, True), said
    assert trust.load(book.trust, folder).rotations


def signs_on(book: RotatedOrganisation, folder: Path) -> Path:
    book.seal(incident())
    pin(book.trust, rotation_over(book.integrate().checkpoint, book.following, book.root))
    return unpack(book.export(sealed_and_granted(book)), folder / "out")


def link_to_nowhere(book: RotatedOrganisation, folder: Path) -> Path:
    found = rotated(book, folder)
    file = found / layout.ROTATIONS
    honest = Handover.parse(file.read_bytes())
    false = tuple(dataclasses.replace(one, proof=(ids.Sha256("0" * 64), *one.proof[1:])) for one in honest.links)
    file.write_bytes(dataclasses.replace(honest, links=false).to_bytes())
    regenerate(found)
    return found


def unsigned(book: RotatedOrganisation, folder: Path) -> Path:
    found = rotated(book, folder)
    file = found / layout.ROTATIONS
    honest = Handover.parse(file.read_bytes())
    end = book.line.eras[0].final
    assert end is not None
    forged = encoded(rotation_over(end, book.following, keys.Identity.generate()))
    ending = dataclasses.replace(honest.rotations[0], statement=forged)
    file.write_bytes(dataclasses.replace(honest, rotations=(ending,)).to_bytes())
    regenerate(found)
    return found


def held_back(book: RotatedOrganisation, folder: Path) -> Path:
    found = rotated(book, folder)
    (found / layout.ROTATIONS).unlink()
    policy = book.trust / trust.POLICY
    policy.write_text(f"log {book.log.vkey}\nlog {book.following.vkey}\n" + policy.read_text().split("\n", 1)[1])
    regenerate(found)
    return found


@pytest.mark.parametrize(
    ("attack", "says"),
    [
        (signs_on, "FAIL  log getuige.example/log ended with"),
        pytest.param(link_to_nowhere, "FAIL  checkpoint of", marks=pytest.mark.faults),
        pytest.param(unsigned, "FAIL  the root did not sign", marks=pytest.mark.faults),
        pytest.param(held_back, "FAIL  the policy names a log", marks=pytest.mark.faults),
    ],
)
def test_what_a_thief_shows_fails(
    book: RotatedOrganisation, tmp_path: Path, attack: Callable[[RotatedOrganisation, Path], Path], says: str
) -> None:
    code, said = run(attack(book, tmp_path), book.trust)
    assert code == 1, said
    assert says in said
