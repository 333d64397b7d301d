"""A bundle proves itself: build, verify, open, verify again; and each tampering gets exactly its verdict."""

import shutil
import zipfile
from pathlib import Path

import pytest

from evidence import canonical, ids, keys
from evidence.bundle.checking import cli, trust
from evidence.bundle.checking.report import EXIT_UNREADABLE, Report, Verdict
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.envelope import sealing, wraps
from evidence.envelope.meta import Media
from evidence.statements import bodies, statement
from evidence.statements import event as events
from tests.support import published
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation

PHOTO = b"\xff\xd8 not a real photograph, but real bytes " * 4000


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Organisation, Path, list[ids.ItemId]]:
    book = Organisation(tmp_path_factory.mktemp("book"))
    photo = Media(kind="photo", source="victim", recorded=ids.now(), title="Zijn auto")
    items = [book.seal(incident()), book.seal(photo, sealing.Content.of_bytes(PHOTO, "auto 1.jpg", "image/jpeg"))]
    secret = book.seal(incident("Niet voor de politie"))
    items.append(book.seal(incident("Weer")))
    book.grant(*items)
    assert secret not in items
    return book, book.export(*items), items


@pytest.fixture
def unpacked(story: tuple[Organisation, Path, list[ids.ItemId]], tmp_path: Path) -> Path:
    with zipfile.ZipFile(story[1]) as archive:
        archive.extractall(tmp_path)
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    return folder


def check(path: Path, book: Organisation) -> Report:
    return verify(path, trust.load(book.trust, path))


def codes(report: Report, verdict: Verdict) -> set[str]:
    return {claim.code for claim in report.claims if claim.verdict is verdict}


def test_a_sealed_bundle_proves_every_claim(story: tuple[Organisation, Path, list[ids.ItemId]]) -> None:
    book, path, items = story
    report = check(path, book)
    assert report.failed == ()
    assert report.exit_code == 0
    assert codes(report, Verdict.PROVEN) == {
        *("bag-whole", "events-logged", "events-signed", "time", "export", "item-unchanged"),
        "sequence-whole",  # of her vault, which gave nothing else
    }
    assert {claim.about for claim in report.claims if claim.code == "item-unchanged"} == set(items)
    assert "sequence-gap" in codes(report, Verdict.NOTE)  # the item that was not granted shows as a gap
    for language in ("nl", "en"):
        assert all(claim.text(language) for claim in report.claims)


def test_what_her_vault_said_and_is_not_here_shows_as_a_gap(tmp_path: Path) -> None:
    book = Organisation(tmp_path / "book")
    item = book.seal(incident())
    taken_back = book.grant(item, reader=book.caseworker)
    book.act(book.vault, "revoke", bodies.Revoke(taken_back.grant), case=book.case)
    book.grant(item)
    report = check(book.export(item), book)
    assert report.failed == ()
    vault = book.vault.kid[:8]
    gaps = [claim for claim in report.claims if claim.code == "sequence-gap"]
    assert [(claim.about, claim.values["missing"]) for claim in gaps] == [(vault, "0–1")]
    assert gaps[0].text("nl").startswith(f"kluis {vault}: ")


def test_a_folder_verifies_as_the_zip_does(story: tuple[Organisation, Path, list[ids.ItemId]], unpacked: Path) -> None:
    assert check(unpacked, story[0]).failed == ()


def test_opening_gives_the_originals_and_a_bag_that_proves_them(
    story: tuple[Organisation, Path, list[ids.ItemId]], tmp_path: Path
) -> None:
    book, path, items = story
    target = tmp_path / "opened"
    opened.open_bundle(path, book.investigator, target)
    (original,) = (target / "data/originals").iterdir()
    assert original.read_bytes() == PHOTO
    assert original.name.endswith("-auto 1.jpg")
    report = check(target, book)
    assert report.failed == ()
    assert {claim.about for claim in report.claims if claim.code == "original-proven"} == set(items)
    everything = b"".join(file.read_bytes() for file in target.rglob("*") if file.is_file())
    assert b"Niet voor de politie" not in everything
    assert b"Hij stond voor de deur" in everything


def test_only_the_reader_opens_it(story: tuple[Organisation, Path, list[ids.ItemId]], tmp_path: Path) -> None:
    with pytest.raises(wraps.WrapError):
        opened.open_bundle(story[1], keys.Identity.generate(), tmp_path / "opened")
    assert not (tmp_path / "opened").exists()


def test_an_original_swapped_after_opening_is_found(
    story: tuple[Organisation, Path, list[ids.ItemId]], tmp_path: Path
) -> None:
    book, path, _ = story
    target = tmp_path / "opened"
    opened.open_bundle(path, book.investigator, target)
    (original,) = (target / "data/originals").iterdir()
    original.write_bytes(PHOTO.replace(b"not", b"hot"))
    assert {"bag-file-differs", "original-differs"} <= {claim.code for claim in check(target, book).failed}
    regenerate(target)
    assert {claim.code for claim in check(target, book).failed} == {"original-differs", "derived-differs"}


def test_anchors_from_inside_the_bundle_are_refused(
    story: tuple[Organisation, Path, list[ids.ItemId]], unpacked: Path
) -> None:
    shutil.copytree(story[0].trust, unpacked / "trust")
    with pytest.raises(trust.TrustError, match="inside the evidence"):
        trust.load(unpacked / "trust", unpacked)


def test_another_organisation_does_not_vouch_for_it(
    story: tuple[Organisation, Path, list[ids.ItemId]], tmp_path: Path
) -> None:
    other = Organisation(tmp_path)
    failed = {claim.code for claim in check(story[1], other).failed}
    assert {"event-not-logged", "event-not-authentic"} <= failed


def test_a_receipt_is_checked_against_the_root_and_not_against_itself(
    story: tuple[Organisation, Path, list[ids.ItemId]], tmp_path: Path
) -> None:
    book = story[0]
    path = tmp_path / "receipt.json"
    write_receipt(path, book, book.journal[-1])
    assert check(path, book).failed == ()
    stranger = keys.Identity.generate()
    write_receipt(path, book, book.journal[-1], stranger, stranger)
    assert [claim.code for claim in check(path, book).failed] == ["receipt-bad"]


def test_an_item_is_checked_with_its_receipt(
    story: tuple[Organisation, Path, list[ids.ItemId]], tmp_path: Path
) -> None:
    book, _, (first, second, *_) = story
    item = tmp_path / f"{first}.getuige"
    shutil.copyfile(book.container(book.sealed(first).container.sha256), item)
    (recorded,) = [one for one in book.journal if getattr(events.parse(one.event).statement.body, "item", "") == first]
    receipt = item.with_suffix(".json")
    write_receipt(receipt, book, recorded)
    report = check(item, book)
    assert (report.exit_code, codes(report, Verdict.PROVEN)) == (0, set())
    assert codes(report, Verdict.NOTE) >= {
        "receipt-promised",
        "item-received",
        "signer-unchecked",
    }  # it is not the whole proof, and says so
    other = book.sealed(second)
    for damage in (item.read_bytes()[:-1], book.container(other.container.sha256).read_bytes(), b""):
        item.write_bytes(damage)
        assert [claim.code for claim in check(item, book).failed] == ["item-differs"]
    write_receipt(receipt, book, book.journal[-1])
    assert [claim.code for claim in check(item, book).failed] == ["item-differs"]
    receipt.unlink()
    with pytest.raises(OSError, match="json"):
        check(item, book)


def write_receipt(
    path: Path,
    book: Organisation,
    recorded: events.Recorded,
    server: keys.Identity | None = None,
    root: keys.Identity | None = None,
) -> None:
    """Write the receipt of an event as a phone keeps it, by the server and root of the book or by others."""
    server = server or book.server
    certificate = published.certificate(server, "server", "Getuige")
    members = {
        "receipt": events.issue(server, book.log.name, recorded).to_json(),
        "event": canonical.b64(recorded.event),
        "salt": recorded.salt.hex(),
        "server_key": statement.sign(root or book.root, "key.publish", certificate).envelope.to_json(),
    }
    path.write_bytes(canonical.encode(members))


def test_a_number_of_5000_digits_in_the_salts_is_unreadable_and_no_traceback(
    story: tuple[Organisation, Path, list[ids.ItemId]], unpacked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    salts = unpacked / layout.SALTS
    salts.write_bytes(salts.read_bytes().replace(b'{"', b'{"' + b"1" * 5000 + b'":"00","', 1))
    assert cli.main([str(unpacked), "--trust", str(story[0].trust)]) == EXIT_UNREADABLE
    assert "not listed by event number" in capsys.readouterr().err
