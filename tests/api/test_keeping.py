"""Proves that a backup of a server at work restores to the same Getuige, names damage, and that rot is found."""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner, Result

from evidence import canonical, ids, keys
from evidence.custody.log.tiles import TileId, tiles_at
from evidence.statements.statement import Statement
from evidence.store.blobs import scrubbing
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database import migrating
from evidence.store.database.engine import connect
from server.cli import build_app, main
from server.keeping import manifest
from server.keeping.backup import make
from server.keeping.manifest import BackupError
from server.keeping.restore import FaultsError, restore
from server.settings import Settings
from tests.support import published
from tests.support.postgres_world import postgres_server
from tests.support.programs import need
from tests.support.server_world import CaseOfHers, Person, SealedItem, World, running, settings_in
from tests.support.waiting import until

ITEMS = 3


@dataclass
class Kept:
    """A server's data folder, a backup that was made while it was written, and what people were told."""

    settings: Settings
    backup: Path
    root: keys.Identity
    caseworker: keys.Identity
    items: list[SealedItem]
    given: list[tuple[Statement, httpx.Response]]


def invitation(case: CaseOfHers) -> Statement:
    expires = ids.Time("2100-01-01T00:00:00.000Z")
    body = published.invitation(case.vault.identity, keys.SigningKey.generate(), expires)
    return case.world.caseworker.sign("device.invite", body, case.case)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Three items, then a backup while invitations are written at full speed, then a second one over the first."""
    folder = tmp_path_factory.mktemp("keeping")
    settings = settings_in(folder / "data")
    given: list[tuple[Statement, httpx.Response]] = []
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        case = world.open_case()
        phone = case.phone()
        items = [case.sealed(phone, content=os.urandom(50_000 + number)) for number in range(ITEMS)]
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set() and len(given) < 1500:
                statement = invitation(case)
                given.append((statement, world.caseworker.post(statement)))

        until((settings.data / "log" / "checkpoint").exists, "a head is published")  # events may be given before it
        writer = threading.Thread(target=write)
        writer.start()
        try:
            until(lambda: len(given) > 20, "statements are written")
            first = make(settings, folder / "backup", with_secrets=True)
            told = len(given)
            until(lambda: len(given) > told + 20, "statements are written")
            made = make(settings, folder / "backup", with_secrets=True)
            before = len(given)
        finally:
            stop.set()
            writer.join()
        given = given[: made.note.events]
    assert first.missing == made.missing == ()
    assert first.note.events < made.note.events
    assert first.copied_bytes > 0 == made.copied_bytes
    assert before >= told + 20
    return Kept(settings, folder / "backup", root, world.caseworker.identity, items, given)


@pytest.fixture
def copy(kept: Kept, tmp_path: Path) -> Path:
    """A copy of the backup, to be damaged."""
    return Path(shutil.copytree(kept.backup, tmp_path / "backup"))


def getuige(*arguments: str | Path, settings: Settings) -> Result:
    env = {"GETUIGE_DATA": str(settings.data), "GETUIGE_DATABASE_URL": settings.database_url}
    done = CliRunner().invoke(build_app(), [str(one) for one in arguments], env=env)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def journal_of(backup: Path) -> Path:
    kept = manifest.read(backup)
    assert kept is not None
    return backup / kept.journal


def change_journal(backup: Path, *statements: str) -> None:
    """Do what an intruder with the backup can: change the journal's copy, and the note so that it fits."""
    path = journal_of(backup)
    database = sqlite3.connect(path)
    for statement in statements:
        assert database.execute(statement).rowcount > 0
    database.commit()
    count = database.execute("SELECT count(*) FROM events").fetchone()[0]
    database.close()
    document = json.loads((backup / manifest.NAME).read_bytes())
    document |= {"journal_sha256": sha256(path.read_bytes()).hexdigest(), "events": count}
    (backup / manifest.NAME).write_bytes(canonical.encode(document))


def test_a_restored_server_is_the_same_server(kept: Kept, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "restored")
    done = getuige("restore", kept.backup, settings=settings)
    assert done.exit_code == 0, done.output
    assert f"{ITEMS} sealed items" in done.output
    with running(settings, kept.root):  # founding completes what is missing: nothing is
        for item in kept.items:
            path = DirectoryBlobs(settings.data / "blobs").local_path(item.body.container.sha256)
            assert path.read_bytes() == item.container
        who = Person(settings.public_url, identity=kept.caseworker)
        same = 0
        for statement, answer in kept.given[:40]:
            again = who.post(statement)
            if again.status_code == 200:
                same += 1
                assert again.json() == answer.json()
        assert same >= 20
        until(lambda: httpx.get(f"{settings.public_url}/health/ready").status_code == 200, "the server is ready")
        size = int(httpx.get(f"{settings.public_url}/log/checkpoint").text.splitlines()[1])
        kept_note = manifest.read(kept.backup)
        assert kept_note is not None
        assert size >= int(kept_note.checkpoint.splitlines()[1])


def test_sessions_stay_behind_and_the_file_carries_no_remains(kept: Kept) -> None:
    database = sqlite3.connect(f"file:{journal_of(kept.backup)}?mode=ro&immutable=1", uri=True)
    assert database.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
    database.close()
    assert sorted(path.name for path in kept.backup.glob("journal*")) == [journal_of(kept.backup).name]


def test_without_secrets_the_operator_hears_what_to_put_back(kept: Kept, copy: Path, tmp_path: Path) -> None:
    shutil.rmtree(copy / "secrets")
    done = getuige("restore", copy, settings=settings_in(tmp_path / "restored"))
    assert done.exit_code == 0
    assert "secrets/server.key" in done.output
    assert "secrets/log.key" in done.output
    settings = settings_in(tmp_path / "again")
    shutil.copytree(kept.settings.data / "secrets", settings.data / "secrets")  # put back first: that is no content
    assert "Put back" not in getuige("restore", copy, settings=settings).output


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bit of the journal": (lambda backup: flip(journal_of(backup), 9000), "SHA-256"),
    "an event is gone": (lambda backup: change_journal(backup, "DELETE FROM events WHERE idx = 9"), "event 9"),
    "the last events are gone": (
        lambda backup: change_journal(backup, "DELETE FROM events WHERE idx > 9", "UPDATE journal_head SET size = 10"),
        "root of the published head",
    ),
    "a salt is another": (
        lambda backup: change_journal(backup, "UPDATE events SET salt = zeroblob(32) WHERE idx = 7"),
        "event 7: its salt",
    ),
    "an event with its leaf is another's": (
        lambda backup: change_journal(
            backup,
            "UPDATE events SET (event, salt, leaf) = "
            "(SELECT event, salt, leaf FROM events WHERE idx = 3) WHERE idx = 4",
        ),
        "event 4: the columns",
    ),
    "a column tells another case": (
        lambda backup: change_journal(backup, "UPDATE events SET case_id = hex(zeroblob(16)) WHERE idx = 8"),
        "event 8: the columns beside it say otherwise: case_id",
    ),
    "the head row is another": (
        lambda backup: change_journal(backup, "UPDATE log_head SET root = zeroblob(32)"),
        "root of the head row",
    ),
    "a tile is another": (lambda backup: flip(newest_tile(backup), 5), "tiles"),
    "a bundle of entries is gone": (lambda backup: shutil.rmtree(backup / "log" / "tile" / "entries"), "tiles"),
    "the checkpoint is not signed": (lambda backup: change_note(backup, checkpoint="x\n1\nAAAA\n"), "not believed"),
    "another organisation's root": (
        lambda backup: (backup / "trust" / "root.pub").write_text(f"{'ab' * 32} Anders\n"),
        "another root",
    ),
}


def newest_tile(backup: Path) -> Path:
    """The partial tile of leaf hashes under the head row; the log may have staged more since."""
    database = sqlite3.connect(journal_of(backup))
    (size,) = database.execute("SELECT size FROM log_head").fetchone()
    database.close()
    return backup / "log" / TileId(0, *tiles_at(size, 0)).path


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def change_note(backup: Path, **members: object) -> None:
    document = json.loads((backup / manifest.NAME).read_bytes())
    (backup / manifest.NAME).write_bytes(canonical.encode(document | members))


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_and_nothing_is_restored(what: str, copy: Path, tmp_path: Path) -> None:
    damage, said = DAMAGE[what]
    damage(copy)
    settings = settings_in(tmp_path / "restored")
    with pytest.raises(FaultsError, match=said):
        restore(settings, copy)
    assert not settings.data.exists()


def test_missing_and_rotten_items_are_named_and_the_rest_comes_back(kept: Kept, copy: Path, tmp_path: Path) -> None:
    blobs = DirectoryBlobs(copy / "blobs")
    gone, rotten, good = (item.body for item in kept.items)
    blobs.local_path(gone.container.sha256).unlink()
    flip(blobs.local_path(rotten.container.sha256), 20_000)
    settings = settings_in(tmp_path / "restored")
    done = getuige("restore", copy, settings=settings)
    assert done.exit_code == 1
    missing = [line for line in done.output.splitlines() if line.startswith("MISSING")]
    assert len(missing) == 2
    assert all(any(one.item in line for line in missing) for one in (gone, rotten))
    restored = DirectoryBlobs(settings.data / "blobs")
    assert list(restored.names()) == [good.container.sha256]


def test_places_that_hold_something_are_refused(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    with pytest.raises(BackupError, match="not empty"):
        restore(settings_in(tmp_path / "full"), kept.backup)
    with pytest.raises(BackupError, match="something else"):
        make(kept.settings, tmp_path / "full")
    with pytest.raises(BackupError, match="inside the data folder"):
        make(kept.settings, kept.settings.data / "backup")
    with pytest.raises(BackupError, match="no finished backup"):
        restore(settings_in(tmp_path / "new"), tmp_path / "full")
    with pytest.raises(BackupError, match="holds a journal already"):
        restore(settings_in(tmp_path / "new", database_url=kept.settings.database_url), kept.backup)


def test_a_backup_of_another_getuige_is_not_written_over(copy: Path, tmp_path: Path) -> None:
    other = settings_in(tmp_path / "other")
    with running(other):
        until((other.data / "log" / "checkpoint").exists, "a head is published")
        with pytest.raises(BackupError, match="other bytes"):
            make(other, copy)
    restore(settings_in(tmp_path / "restored"), copy)  # what was there is as good as before


def test_a_backup_names_what_is_rotten_at_home(kept: Kept, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    restore(settings, kept.backup)
    rotten = kept.items[0].body
    flip(DirectoryBlobs(settings.data / "blobs").local_path(rotten.container.sha256), 100)
    done = getuige("backup", tmp_path / "backup", settings=settings)
    assert done.exit_code == 1
    assert f"item {rotten.item}" in done.output


def test_a_scrub_finds_rot_and_mends_it_from_a_backup(kept: Kept, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    restore(settings, kept.backup)
    well = getuige("scrub", settings=settings)
    assert (well.exit_code, f"{ITEMS} items" in well.output) == (0, True), well.output
    blobs = DirectoryBlobs(settings.data / "blobs")
    rotten, gone = kept.items[0], kept.items[1]
    path = blobs.local_path(rotten.body.container.sha256)
    flip(path, 30_000)
    spoiled = path.read_bytes()
    blobs.local_path(gone.body.container.sha256).unlink()
    blobs.put(b"announced, and not sealed yet")
    found = getuige("scrub", "--pace", "0", settings=settings)
    assert found.exit_code == 1
    assert f"ROTTEN   {rotten.body.container.sha256}" in found.output
    assert f"MISSING  {gone.body.container.sha256}" in found.output
    assert rotten.body.item in found.output
    assert "1 of them not sealed" in found.output
    mended = getuige("scrub", "--mend-from", kept.backup, settings=settings)
    assert (mended.exit_code, mended.output.count("mended")) == (0, 2)
    for item in (rotten, gone):
        assert blobs.local_path(item.body.container.sha256).read_bytes() == item.container
    assert [one.read_bytes() for one in path.parent.glob(".*.rotten-*")] == [spoiled]  # nothing is thrown away
    assert getuige("scrub", settings=settings).exit_code == 0
    assert getuige("scrub", "--backup", kept.backup, settings=settings).exit_code == 0


def test_a_spare_that_is_rotten_too_mends_nothing_and_spoils_nothing(kept: Kept, copy: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    restore(settings, kept.backup)
    name = kept.items[0].body.container.sha256
    path = DirectoryBlobs(settings.data / "blobs").local_path(name)
    flip(path, 30_000)
    flip(DirectoryBlobs(copy / "blobs").local_path(name), 31_000)
    before = path.read_bytes()
    assert getuige("scrub", "--mend-from", copy, settings=settings).exit_code == 1
    assert path.read_bytes() == before


def test_a_scrub_keeps_its_pace() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = scrubbing.Pace(1000, lambda: now[0], sleep)
    for _ in range(10):
        pace.read(500)
        now[0] += 0.1  # the disk itself takes a while
    assert now[0] == pytest.approx(5.1)
    assert len(slept) == 10


def test_the_command_says_faults_without_a_traceback(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flip(journal_of(copy), 9000)
    monkeypatch.setenv("GETUIGE_DATA", str(tmp_path / "restored"))
    monkeypatch.setattr("sys.argv", ["getuige", "restore", str(copy)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert "SHA-256 differs" in capsys.readouterr().err


@pytest.mark.need("initdb", "postgres")
def test_a_backup_moves_a_journal_to_postgresql_and_back(kept: Kept, tmp_path: Path) -> None:
    need("postgres")
    with postgres_server() as server:
        url = server.database()
        moved = settings_in(tmp_path / "moved", database_url=url)
        first = restore(moved, kept.backup)
        engine = connect(url)
        assert migrating.plan(engine).current == migrating.NEWEST
        engine.dispose()
        assert make_url(url).get_backend_name() == "postgresql"
        made = make(moved, tmp_path / "second")
        assert (made.note.events, made.missing) == (first.events, ())
        back = restore(settings_in(tmp_path / "back"), tmp_path / "second")
        assert (back.events, back.blobs) == (first.events, ITEMS)
        with pytest.raises(BackupError, match="holds a journal already"):
            restore(settings_in(tmp_path / "twice", database_url=url), kept.backup)
