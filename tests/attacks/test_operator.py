"""The operator, who holds the server, its keys and the log's key, rewrites history; each attempt is found by name."""

import dataclasses
import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.report import Report
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.custody.errors import ForkError, StaleSizeError
from evidence.custody.log import tlogproof
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.tiles import FolderTiles
from evidence.envelope import container, opening
from evidence.statements import bodies, dsse, statement
from evidence.statements import event as events
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules import authority
from tests.support import published
from tests.support.forging import regenerate
from tests.support.heads import MemoryHeadStore
from tests.support.incidents import incident
from tests.support.organisation import Organisation


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path / "book")


def failed(path: Path, book: Organisation) -> set[str]:
    report: Report = verify(path, trust.load(book.trust, path))
    return {claim.code for claim in report.failed}


def unpack(bundle: Path, into: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(into)
    (folder,) = into.iterdir()
    return folder


def test_history_rewritten_with_the_log_key_lacks_its_witness(book: Organisation, tmp_path: Path) -> None:
    items = [book.seal(incident()), book.seal(incident())]
    book.grant(*items)
    folder = unpack(book.export(*items), tmp_path / "out")
    last = max(folder.joinpath(layout.EVENTS).iterdir())
    index = int(last.stem)
    honest = book.journal[index]
    moved = last.read_bytes().replace(honest.received_at.encode(), b"2020-01-01T00:00:00.000Z")
    forged = [*book.journal]
    salted = events.record(events.parse(moved).statement, index, ids.Time("2020-01-01T00:00:00.000Z"))
    forged[index] = salted
    fork = Integrator(tmp_path / "fork", book.log, MemoryHeadStore())
    head = fork.integrate([one.leaf for one in forged], 0)
    tiles = FolderTiles(tmp_path / "fork")
    for one in forged:
        proof = folder / layout.proof(one.index)
        if proof.exists():
            proof.write_bytes(tlogproof.build_proof(tiles, one.index, head).to_bytes())
    last.write_bytes(salted.event)
    salts = folder / layout.SALTS
    salts.write_bytes(salts.read_bytes().replace(honest.salt.hex().encode(), salted.salt.hex().encode()))
    regenerate(folder)
    assert {"event-not-logged", "export-manifest-differs"} <= failed(folder, book)


def test_the_witness_cosigns_no_second_history_and_no_rollback(book: Organisation, tmp_path: Path) -> None:
    book.seal(incident())
    book.integrate()
    fork = Integrator(tmp_path / "fork", book.log, MemoryHeadStore(), [book.witness])
    with pytest.raises((ForkError, StaleSizeError)):
        fork.integrate([hashlib.sha256(bytes([n])).digest() + b"\x01" for n in range(len(book.journal))], 0)


def test_the_tail_cut_off_is_not_what_was_exported(book: Organisation, tmp_path: Path) -> None:
    items = [book.seal(incident()) for _ in range(3)]
    book.grant(*items)
    folder = unpack(book.export(*items), tmp_path / "out")
    for path in sorted(folder.joinpath(layout.EVENTS).iterdir())[-2:]:
        path.unlink()
    regenerate(folder)
    assert "export-manifest-differs" in failed(folder, book)


def test_an_item_of_an_unknown_device_is_not_authentic(book: Organisation, tmp_path: Path) -> None:
    item = book.seal(incident())
    granted = book.grant(item)
    stranger = keys.Identity.generate()
    body = dataclasses.replace(book.sealed(item), item=ids.ItemId(ids.new_id()))
    made = statement.sign(stranger, "item.seal", body, case=book.case)
    with pytest.raises(NotAllowedError) as refusal:
        book.accept(made)
    assert refusal.value.reason == "unknown-key"
    recorded = events.record(made, len(book.journal), ids.now())  # an operator who writes it all the same
    book.journal.append(recorded)
    path = book.container(body.container.sha256)
    assert path.exists()
    with rules_skipped():
        folder = unpack(book.export(item, body.item), tmp_path / "not-granted")
        assert {"event-not-authentic", "export-not-granted"} <= failed(folder, book)
        key = opening.content_key(container.parse_prefix(path.read_bytes()), book.vault)
        given = published.given(key, book.case, body.item, book.investigator)
        second = dataclasses.replace(granted, grant=ids.GrantId(ids.new_id()), items=(given,))
        book.act(book.vault, "grant", second, case=book.case)
        folder = unpack(book.export(item, body.item), tmp_path / "granted")
    assert {"event-not-authentic", "item-differs"} <= failed(folder, book)


@contextmanager
def rules_skipped() -> Iterator[None]:
    """The operator lets the journal take what its rules refuse."""
    real = authority.check
    try:
        authority.check = lambda *_: None
        yield
    finally:
        authority.check = real


def test_a_reader_key_that_the_server_swapped_gets_no_grant(book: Organisation) -> None:
    item = book.seal(incident())
    operator = keys.Identity.generate()
    with pytest.raises(NotAllowedError) as refusal:
        book.grant(item, reader=keys.Identity(book.investigator.sign_seed, operator.xwing_seed))
    assert refusal.value.reason == "reader"
    certificate = published.certificate(operator, "investigator", "R. Rechercheur")
    with pytest.raises(NotAllowedError):
        book.act(book.server, "key.publish", certificate)


@pytest.mark.parametrize("suite", [0, 2, "1", None])
def test_another_suite_than_the_pinned_one_is_refused(book: Organisation, suite: object) -> None:
    from evidence import canonical  # noqa: PLC0415 - next to its use
    from evidence.errors import FormatError  # noqa: PLC0415

    made = statement.sign(book.root, "team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "x"))
    members = canonical.decode(made.envelope.body)
    members["suite"] = suite
    forged = dsse.sign(dsse.STATEMENT_TYPE, canonical.encode(members), book.root)
    with pytest.raises(FormatError):
        statement.from_envelope(forged)


def test_a_replayed_statement_is_no_second_act(book: Organisation) -> None:
    book.seal(incident())
    seal = events.parse(book.journal[-1].event).statement
    with pytest.raises(NotAllowedError):
        book.accept(seal)
