"""Bringing the tables of a database to those of this Getuige (Alembic), all steps in one transaction or none.

State rules:
- SQLite, the embedded default, is migrated when it is opened: one process does it while the others wait.
- PostgreSQL is migrated by `getuige migrate`, because whoever runs it wants to choose the moment, and make a backup.
- A database that a newer Getuige made is never touched, and never served: this one does not know what it means. Nor is
  one whose tables bear our names and are not ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from evidence.store.database.engine import reading, writing
from evidence.store.database.schema import metadata
from evidence.store.errors import StoreError

NEWEST: Final = "0001"
"""The step that this Getuige's tables are at. A test compares it with the steps."""

_ONE_AT_A_TIME: Final = 0x67657475_69676501
"""Key of the advisory lock under which one process migrates ("getuige", 1); it is freed with the transaction."""


class UnmigratedError(StoreError):
    """The tables are older than this Getuige; the text says how to mend it."""


class NewerDatabaseError(StoreError):
    """The tables were made by a newer Getuige."""


class ForeignDatabaseError(StoreError):
    """Tables of these names are there, and Getuige did not make them."""


@dataclass(frozen=True)
class Step:
    """One migration: its number, and what it does in a sentence."""

    number: str
    summary: str


@dataclass(frozen=True)
class Plan:
    """Where a database is (None: it is empty), what is to be done, and the SQL that does it."""

    current: str | None
    steps: tuple[Step, ...]
    sql: str


def ensure(engine: Engine) -> None:
    """Migrate a SQLite file; of any other database demand that it was migrated. Errors as of `engine.open_engine`."""
    with reading(engine) as connection:
        current = _current(connection)
    if current == NEWEST:
        return
    _demand_known(current)
    if engine.dialect.name == "sqlite":
        migrate(engine)
        return
    seen = f"at step {current}" if current else "empty"
    raise UnmigratedError(f"the database is {seen}, and this Getuige needs step {NEWEST}: run `getuige migrate`")


def plan(engine: Engine) -> Plan:
    """Return what `migrate` would do; changes nothing. Errors as there."""
    with reading(engine) as connection:
        current = _current(connection)
    _demand_known(current)
    from evidence.store.database import steps  # noqa: PLC0415 - as in `migrate`

    following = steps.after(current)
    return Plan(current, following, steps.sql(engine.dialect.name, current, NEWEST) if following else "")


def migrate(engine: Engine) -> Plan:
    """Bring a database to the newest step; return what was done.

    NewerDatabaseError or ForeignDatabaseError, and nothing is changed, when a newer Getuige made it, or something else.
    """
    from evidence.store.database import steps  # noqa: PLC0415 - Alembic, which no start of a migrated database needs

    with _alone(engine) as connection:
        current = _current(connection)
        _demand_known(current)
        steps.upgrade(connection, NEWEST)
    return Plan(current, steps.after(current), "")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction beside which nobody else migrates."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        yield connection


def _current(connection: Connection) -> str | None:
    """Return the step that a database is at, None when it is empty."""
    there = set(inspect(connection).get_table_names())
    if "alembic_version" in there:
        number = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return None if number is None else str(number)
    if foreign := sorted(there & metadata.tables.keys()):
        raise ForeignDatabaseError(
            f"the database has a table {foreign[0]} that Getuige did not make: give it a database of its own"
        )
    return None


def _demand_known(current: str | None) -> None:
    from evidence.store.database import steps  # noqa: PLC0415 - as in `migrate`

    if current is not None and current not in {step.number for step in steps.after(None)}:
        raise NewerDatabaseError(
            f"the database is at step {current}, which this Getuige does not know: a newer one made it"
        )
