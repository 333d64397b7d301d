"""Proves that an erasure reaches the rows of a PostgreSQL too, and says what it cannot know about that one's files."""

from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.statements import bodies, event
from evidence.store.journal import verifying
from evidence.store.journal.journal import SqlJournal
from tests.support.erasing_world import found_in, needles, sweeping, told
from tests.support.postgres_world import Opening, PostgresServer
from tests.support.server_world import running_world, settings_in

pytestmark = pytest.mark.need("initdb", "postgres")


def test_the_table_is_written_anew_and_the_rest_is_said(
    postgres: PostgresServer, url: str, opened: Opening, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path / "data", database_url=url)
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        going, staying = needles(story, story.going), needles(story, story.staying)
        with sweeping(settings) as sweeper:  # beside the server that serves
            assert sweeper.sweep() == 1
            assert sweeper.sweep() == 0
        where = f"/api/v1/items/{story.going.body.item}/container"
        assert story.case.vault.http.get(where).status_code == 410
        story.case.sealed(story.phone, "En verder.")
    assert not found_in(settings.data, going)
    engine = opened(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        table = connection.scalar(text("SELECT pg_relation_filepath('events')"))
        file = (postgres.folder / "data" / str(table)).read_bytes()
    assert not any(one in file for one in going)
    assert any(one in file for one in staying)
    assert verifying.verify(engine, ()).faults == []
    last = next(
        parsed.body
        for one in SqlJournal(engine).read(limit=1000, case=story.case.case)
        if isinstance((parsed := event.parse(one.event).statement).body, bodies.EraseFinish)
    )
    assert isinstance(last, bodies.EraseFinish)
    assert "database-files" in [one.where for one in last.remains]
