"""Proves that migrations lead to the tables of the code, up and down with data, and that nobody serves other tables."""

import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from evidence import keys
from evidence.statements import catalogue
from evidence.store.database import migrating, steps
from evidence.store.database.engine import WRITE, connect, open_engine
from evidence.store.database.migrating import ForeignDatabaseError, NewerDatabaseError, UnmigratedError
from evidence.store.database.schema import metadata
from evidence.store.journal.journal import SqlJournal
from server.cli import commands, main
from server.founding import found
from server.settings import Settings
from tests.support.journal_history import founding
from tests.support.postgres_world import Opening
from tests.support.waiting import patience


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.need("initdb", "postgres"))])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'getuige.db'}"
    return str(request.getfixturevalue("empty"))


@pytest.fixture
def engine(anywhere: str) -> "Engine":
    return connect(anywhere)


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def step_of(engine: Engine) -> str | None:
    return migrating.plan(engine).current


def events_of(engine: Engine) -> list[tuple[int, bytes]]:
    with engine.connect() as connection:
        return [(row.idx, row.event) for row in connection.execute(text("SELECT idx, event FROM events ORDER BY idx"))]


def append_founding(engine: Engine) -> list[tuple[int, bytes]]:
    journal = SqlJournal(engine)
    journal.start()
    for statement in founding():
        journal.append(statement.envelope.to_bytes()).result(patience(5))
    journal.close()
    return events_of(engine)


def unmake(engine: Engine) -> None:
    """Take every step back."""
    with engine.execution_options(**WRITE).begin() as connection:
        command.downgrade(steps.config(connection=connection), "base")


def test_the_steps_lead_to_the_tables_of_the_code(engine: Engine) -> None:
    before = migrating.plan(engine)
    assert before.current is None
    assert before.steps[-1].number == migrating.NEWEST
    assert "CREATE TABLE events" in before.sql
    assert inspect(engine).get_table_names() == []  # looking changed nothing
    assert migrating.migrate(engine).steps == before.steps
    assert differences(engine) == []
    assert migrating.migrate(engine).steps == ()
    engine.dispose()


def test_constraints_of_the_code_hold_in_the_migrated_tables(engine: Engine) -> None:
    """Alembic's comparison sees no check constraints: compare them by name."""
    migrating.migrate(engine)
    for table in metadata.sorted_tables:
        made = {one["name"] for one in inspect(engine).get_check_constraints(table.name)}
        assert {
            str(one.name) for one in table.constraints if str(one.name or "").startswith(("index", "one", "named"))
        } <= made
    engine.dispose()


def test_down_and_up_again(engine: Engine) -> None:
    migrating.migrate(engine)
    stored = append_founding(engine)
    assert len(stored) == len(founding())
    unmake(engine)
    assert (step_of(engine), set(inspect(engine).get_table_names()) - {"alembic_version"}) == (None, set())
    migrating.migrate(engine)
    assert (step_of(engine), events_of(engine), differences(engine)) == (migrating.NEWEST, [], [])
    assert append_founding(engine)
    engine.dispose()


def test_no_event_that_brings_a_name_is_written_without_it(engine: Engine) -> None:
    migrating.migrate(engine)
    old = (
        "INSERT INTO events (idx, statement, type, signer, received_at, event, salt, leaf)"
        " VALUES (0, 's', :type, 'k', 't', :data, :data, :data)"
    )
    for kind in catalogue.BRINGS:
        with pytest.raises(IntegrityError), engine.execution_options(**WRITE).begin() as connection:
            connection.execute(text(old), {"type": kind, "data": b"x"})
    with engine.execution_options(**WRITE).begin() as connection:
        connection.execute(text(old), {"type": "read", "data": b"x"})
    engine.dispose()


def test_tables_that_getuige_did_not_make_are_neither_served_nor_touched(engine: Engine, anywhere: str) -> None:
    """One of our names is enough: whatever else makes such a table, the two must not meet."""
    for table in metadata.tables:
        with engine.execution_options(**WRITE).begin() as connection:
            connection.execute(text(f"CREATE TABLE {table} (x INTEGER)"))
        for attempt in (
            lambda: open_engine(anywhere),
            lambda: migrating.migrate(engine),
            lambda: migrating.plan(engine),
        ):
            with pytest.raises(ForeignDatabaseError, match=f"table {table} that Getuige did not make"):
                attempt()
        assert inspect(engine).get_table_names() == [table]
        with engine.execution_options(**WRITE).begin() as connection:
            connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()


def test_a_newer_database_is_neither_served_nor_touched(engine: Engine, anywhere: str) -> None:
    migrating.migrate(engine)
    with engine.execution_options(**WRITE).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (lambda: open_engine(anywhere), lambda: migrating.migrate(engine), lambda: migrating.plan(engine)):
        with pytest.raises(NewerDatabaseError, match="9999"):
            attempt()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_a_step_that_fails_leaves_the_database_as_it_was(engine: Engine) -> None:
    with engine.execution_options(**WRITE).begin() as connection:  # in the way of an index of the last table
        connection.execute(text("CREATE TABLE theirs (x INTEGER)"))
        connection.execute(text("CREATE INDEX copies_due ON theirs (x)"))
    with pytest.raises(Exception, match="already exists"):
        migrating.migrate(engine)
    assert inspect(engine).get_table_names() == ["theirs"]
    engine.dispose()


def test_processes_that_open_a_new_file_together_migrate_it_once(tmp_path: Path) -> None:
    url, failed = f"sqlite:///{tmp_path / 'getuige.db'}", []

    def open_() -> None:
        try:
            open_engine(url).dispose()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
            failed.append(error)

    threads = [threading.Thread(target=open_) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.need("initdb", "postgres")
def test_postgresql_is_served_only_after_getuige_migrate(empty: str, opened: Opening, tmp_path: Path) -> None:
    with pytest.raises(UnmigratedError, match="getuige migrate"):
        open_engine(empty)
    env = {"GETUIGE_DATABASE_URL": empty, "GETUIGE_DATA": str(tmp_path)}
    dry = CliRunner().invoke(commands, ["migrate", "--dry-run"], env=env)
    assert dry.exit_code == 0, dry.output
    assert "CREATE TABLE events" in dry.output
    with pytest.raises(UnmigratedError):
        open_engine(empty)
    done = CliRunner().invoke(commands, ["migrate"], env=env)
    assert (done.exit_code, migrating.NEWEST in done.output) == (0, True), done.output
    assert opened(empty).dialect.name == "postgresql"
    again = CliRunner().invoke(commands, ["migrate"], env=env)
    assert (again.exit_code, again.output.count("\n")) == (0, 1)


@pytest.mark.need("initdb", "postgres")
def test_serve_says_in_words_that_the_database_waits_for_a_migration(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found(Settings(data=tmp_path / "data", database_url=url), keys.Identity.generate(), "Filomena")
    engine = connect(url)
    unmake(engine)
    engine.dispose()
    monkeypatch.setenv("GETUIGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GETUIGE_DATABASE_URL", url)
    monkeypatch.setattr("sys.argv", ["getuige", "serve"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"the database is empty, and this Getuige needs step {migrating.NEWEST}: run `getuige migrate`" in said
