"""One PostgreSQL for these tests; each test makes databases of its own in it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import URL, Engine

from evidence.store.database import migrating
from evidence.store.database.engine import connect, open_engine
from tests.support.postgres_world import Opening, PostgresServer, postgres_server
from tests.support.programs import need


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    need("postgres")
    with postgres_server() as server:
        yield server


@pytest.fixture
def empty(postgres: PostgresServer) -> str:
    """Address of a new, empty database."""
    return postgres.database()


@pytest.fixture
def url(empty: str) -> str:
    """Address of a migrated database."""
    engine = connect(empty)
    migrating.migrate(engine)
    engine.dispose()
    return empty


@pytest.fixture
def opened() -> Iterator[Opening]:
    """Open databases; their connections are closed at the end of the test."""
    with ExitStack() as stack:

        def open_(url: str | URL) -> Engine:
            engine = open_engine(url)
            stack.callback(engine.dispose)
            return engine

        yield open_
