"""A PostgreSQL that lets nobody in, or is not there, is told in its own words, and its password in none."""

import pytest
from sqlalchemy import make_url

from evidence.store.database.engine import open_engine, time_of
from evidence.store.errors import UnreadyError


def test_a_database_that_is_not_there(empty: str) -> None:
    with pytest.raises(UnreadyError, match="does not exist") as caught:
        open_engine(make_url(empty).set(database="nowhere", password="hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_user_that_is_not_known(empty: str) -> None:
    with pytest.raises(UnreadyError, match="nobody-here"):
        open_engine(make_url(empty).set(username="nobody-here"))


def test_the_time_of_the_database(url: str) -> None:
    engine = open_engine(url)
    try:
        assert time_of(engine).utcoffset() is not None
    finally:
        engine.dispose()
