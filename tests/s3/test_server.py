"""Proves on a whole server that S3 costs no phone anything, and that readers do not notice where an item lies."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from typer.testing import CliRunner, Result

from evidence import ids, keys
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import Place, S3Blobs
from evidence.store.database.engine import open_engine
from server.cli import build_app
from server.keeping.background import Background
from server.keeping.backup import make
from server.keeping.figures import StorageFigures
from server.keeping.local_copies import LocalCopies, Policy
from server.keeping.restore import restore
from server.keeping.scrub_state import NOTE, Round, Rounds
from server.services import open_services
from server.settings import Settings
from tests.support.s3_world import S3Server
from tests.support.server_process import variables
from tests.support.server_world import CaseOfHers, Person, SealedItem, World, problem, running, settings_in
from tests.support.tcp_proxy import TcpProxy, proxied
from tests.support.waiting import until


@pytest.fixture
def proxy(server: S3Server) -> Iterator[TcpProxy]:
    with proxied(server.ports["s3"]) as between:
        yield between


@pytest.fixture
def settings(server: S3Server, place: Place, proxy: TcpProxy, tmp_path: Path) -> Settings:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    through = replace(place, endpoint=proxy.endpoint)
    return settings_in(tmp_path / "data", **server.settings(through, tmp_path))


@pytest.fixture
def copies(settings: Settings) -> Iterator[SqlCopies]:
    settings.data.mkdir()
    engine = open_engine(settings.database_url)
    yield SqlCopies(engine)
    engine.dispose()


def local_of(settings: Settings) -> DirectoryBlobs:
    return DirectoryBlobs(settings.data / "blobs")


def drop_all(settings: Settings, copies: SqlCopies, place: Place) -> None:
    """Make as if all copies are long here, and drop them."""
    for copy in copies.stored_after(-1, 100):
        copies.note_local(copy.sha256, ids.Time("2026-01-01T00:00:00.000Z"))
    kept = LocalCopies(local_of(settings), copies, S3Blobs(place), StorageFigures(CollectorRegistry()))
    assert kept.drop_due(Policy(after=timedelta(days=1)), lambda: 0.0, lambda: False) > 0


def getuige(settings: Settings, *arguments: str) -> Result:
    done = CliRunner().invoke(build_app(), list(arguments), env=variables(settings))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def two_items(case: CaseOfHers, phone: Person) -> list[SealedItem]:
    return [case.sealed(phone, content=os.urandom(30_000 + number)) for number in range(2)]


def test_s3_away_costs_no_phone_anything_and_everything_arrives_once_when_it_is_back(
    settings: Settings, copies: SqlCopies, server: S3Server, place: Place, proxy: TcpProxy
) -> None:
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        case = world.open_case()
        phone = case.phone()
        items = two_items(case, phone)
        until(lambda: copies.totals().stored == 2, "copies arrive while all is well")
        proxy.mode = "stall"
        items += two_items(case, phone)
        proxy.mode = "500"
        items += two_items(case, phone)  # two uploads and two receipts, while S3 takes nothing
        assert httpx.get(f"{settings.public_url}/health/ready").json()["ready"]
        until(lambda: copies.backlog().failing > 0, "the failure is written down")
        assert getuige(settings, "storage", "status").exit_code == 0
        proxy.mode = "pass"
        until(lambda: copies.totals().stored == 6, "everything arrives when S3 is back")
        assert [name for name, _ in server.versions(place)] == sorted(item.body.container.sha256 for item in items)
    said = getuige(settings, "storage", "status")
    assert (said.exit_code, "6 items" in said.output, "waiting   0 items" in said.output) == (0, True, True), (
        said.output
    )


def test_readers_do_not_notice_where_an_item_lies_and_hear_in_words_when_it_cannot_be_had(
    settings: Settings, copies: SqlCopies, place: Place, proxy: TcpProxy
) -> None:
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        case = world.open_case()
        phone = case.phone()
        item, _ = two_items(case, phone)
        until(lambda: copies.totals().stored == 2, "copies arrive")
        drop_all(settings, copies, place)
        assert local_of(settings).size(item.body.container.sha256) is None
        where = f"/api/v1/items/{item.body.item}/container"
        reader = case.vault.http
        assert reader.get(where).content == item.container
        part = reader.get(where, headers={"range": "bytes=1000-20999"})
        assert (part.status_code, part.content) == (206, item.container[1000:21000])
        assert part.headers["content-range"] == f"bytes 1000-20999/{len(item.container)}"
        proxy.mode = "500"
        timeline = reader.get(f"/api/v1/cases/{case.case}/timeline")
        assert timeline.status_code == 200, timeline.text  # needs the beginnings only, which stay here
        away = reader.get(where)
        assert (away.status_code, problem(away)) == (503, "blob-away")
        assert "veilig opgeslagen" in away.json()["detail"]
        assert away.headers["retry-after"]
        assert phone.post(phone.sign("item.seal", item.body)).status_code in {200, 409}  # she may ask again
        proxy.mode = "pass"
        assert reader.get(where).content == item.container


@pytest.fixture
def dropped(settings: Settings, copies: SqlCopies, place: Place) -> tuple[keys.Identity, list[SealedItem]]:
    """A founded data folder with two items that are only in S3, and a log that has a head."""
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        case = world.open_case()
        items = two_items(case, case.phone())
        until(lambda: copies.totals().stored == 2, "copies arrive")
        until((settings.data / "log" / "checkpoint").exists, "a head is published")
    drop_all(settings, copies, place)
    return root, items


def test_backup_and_restore_fetch_from_s3_or_leave_there_and_name_what_cannot_be_had(
    settings: Settings, dropped: tuple[keys.Identity, list[SealedItem]], proxy: TcpProxy, tmp_path: Path
) -> None:
    _, items = dropped
    names = [item.body.container.sha256 for item in items]
    whole = make(settings, tmp_path / "whole")
    assert (whole.missing, whole.left_in_s3) == ((), 0)
    assert sorted(DirectoryBlobs(tmp_path / "whole" / "blobs").names()) == sorted(names)
    left = make(settings, tmp_path / "left", with_secrets=True, leave_s3=True)
    assert (left.missing, left.left_in_s3) == ((), 2)

    fetched = settings.model_copy(update={"data": tmp_path / "fetched", "database_url": _sqlite(tmp_path / "fetched")})
    assert restore(fetched, tmp_path / "left", fetch=True).missing == ()
    assert sorted(local_of(fetched).names()) == sorted(names)

    stays = settings.model_copy(update={"data": tmp_path / "stays", "database_url": _sqlite(tmp_path / "stays")})
    done = restore(stays, tmp_path / "left")
    assert (done.missing, done.left_in_s3) == ((), 2)
    assert getuige(stays, "scrub").exit_code == 0

    local_of(settings).put(items[0].container)
    local_of(settings).local_path(names[0]).write_bytes(b"rot")
    assert make(settings, tmp_path / "healed").missing == ()
    assert DirectoryBlobs(tmp_path / "healed" / "blobs").local_path(names[0]).read_bytes() == items[0].container

    proxy.mode = "500"
    nowhere = settings.model_copy(update={"data": tmp_path / "no", "database_url": _sqlite(tmp_path / "no")})
    assert [one.sha256 for one in restore(nowhere, tmp_path / "left").missing] == sorted(names, key=names.index)
    assert len(make(settings, tmp_path / "second").missing) == 2


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'getuige.db'}"


def test_the_background_scrub_mends_counts_and_writes_down(
    settings: Settings, dropped: tuple[keys.Identity, list[SealedItem]]
) -> None:
    _, items = dropped
    registry = CollectorRegistry()
    with open_services(settings) as services:
        background = Background(services.storage, StorageFigures(registry))
        services.blobs.fetch(items[0].body.container.sha256)
        services.blobs.local.local_path(items[0].body.container.sha256).write_bytes(b"rot")
        name = items[0].body.container.sha256
        rounds = Rounds(settings.data / NOTE)
        rounds.save(Round(next_folder=int(name[:2], 16) + 1))  # a restart cut a round short, behind this item
        background.scrub_once()
        assert services.blobs.local.local_path(name).read_bytes() == b"rot"
        assert rounds.load().finished_at is not None
        assert not rounds.load().is_due(ids.now(), timedelta(days=7))
        background.scrub_once()
        assert services.blobs.local.local_path(name).read_bytes() == items[0].container
    figures = generate_latest(registry).decode()
    assert 'getuige_storage_mended_items_total{kind="rotten"} 1.0' in figures
    assert "getuige_storage_scrub_findings 0.0" in figures
    assert "never" not in getuige(settings, "storage", "status").output


def test_items_that_were_sealed_before_s3_was_set_up_are_shipped_too(
    server: S3Server, place: Place, copies: SqlCopies, settings: Settings
) -> None:
    alone = settings.model_copy(update={"s3_bucket": None})
    with running(alone) as root:
        world = World(alone, Person(alone.public_url, identity=root))
        case = world.open_case()
        two_items(case, case.phone())
    engine = open_engine(settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM blob_copies WHERE idx % 2 = 0")  # from before there was an outbox
    engine.dispose()
    with running(settings, root):
        until(lambda: copies.totals().stored == 2, "copies arrive")
    assert len(server.versions(place)) == 2
