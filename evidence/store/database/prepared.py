"""Prepared SQL: written once in Core, compiled once for each kind of database, executed by the driver itself.

Core's way to the driver costs some 160 µs a question, the driver's own 5. The writer of the journal asks five for each
of its commits, and whoever posts a statement waits for them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import ClauseElement, ColumnElement, Connection, bindparam
from sqlalchemy.exc import DBAPIError

_STYLES: Final = {"sqlite": "named", "postgresql": "pyformat"}
"""The spelling in which each driver takes parameters by name."""

_SIZES: Final = (1, 8, 64, 512)
"""Lengths of lists in questions, so that few are compiled. Any SQLite takes 999 parameters."""

Values = Mapping[str, object]


class Prepared:
    """One statement of SQL; its parameters are `bindparam`s, and the columns of an insert (all, or those named)."""

    def __init__(self, clause: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._clause = clause
        self._columns = columns
        self._compiled: dict[str, tuple[str, Values]] = {}

    def rows(self, connection: Connection, values: Values | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a question."""
        sql, fixed = self._for(connection)
        with _cursor(connection, sql) as cursor:
            cursor.execute(sql, {**fixed, **(values or {})})
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def run(self, connection: Connection, values: Values) -> int:
        """Change something; return how many rows were changed."""
        sql, fixed = self._for(connection)
        with _cursor(connection, sql) as cursor:
            cursor.execute(sql, {**fixed, **values})
            return int(cursor.rowcount)

    def run_each(self, connection: Connection, several: Sequence[Values]) -> None:
        """Change something once for each of `several`."""
        sql, fixed = self._for(connection)
        with _cursor(connection, sql) as cursor:
            cursor.executemany(sql, [{**fixed, **values} for values in several])

    def _for(self, connection: Connection) -> tuple[str, Values]:
        name = connection.dialect.name
        found = self._compiled.get(name)
        if found is None:
            kind: Any = type(connection.dialect)
            compiled = self._clause.compile(dialect=kind(paramstyle=_STYLES[name]), column_keys=self._columns)
            fixed = {one: value for one, value in compiled.params.items() if value is not None}
            found = self._compiled[name] = (str(compiled), fixed)
        return found


class PreparedAmong:
    """A question about any of several values of one column, prepared for a few lengths of the list."""

    def __init__(self, column: ColumnElement[str], question: Callable[[ColumnElement[bool]], ClauseElement]) -> None:
        self._by_size = {
            size: Prepared(question(column.in_([bindparam(f"one_{number}") for number in range(size)])))
            for size in _SIZES
        }

    def rows(self, connection: Connection, values: Sequence[str], more: Values | None = None) -> list[tuple[Any, ...]]:
        """Return the rows for all of `values`, asked in as few questions as fit."""
        found: list[tuple[Any, ...]] = []
        for first in range(0, len(values), _SIZES[-1]):
            some = values[first : first + _SIZES[-1]]
            size = next(size for size in _SIZES if size >= len(some))
            # The last one fills the list: a value that is named twice is found once.
            listed = {f"one_{number}": some[min(number, len(some) - 1)] for number in range(size)}
            found += self._by_size[size].rows(connection, {**listed, **(more or {})})
        return found


@contextmanager
def _cursor(connection: Connection, sql: str) -> Iterator[Any]:  # a cursor of a driver has no public type
    """Yield a cursor in the connection's transaction; what the driver raises is raised as Core raises it."""
    if not connection.in_transaction():
        connection.begin()  # as Core does with the first question
    driver, dialect = connection.connection, connection.dialect
    cursor = driver.cursor()
    try:
        yield cursor
    except dialect.loaded_dbapi.Error as error:
        lost = dialect.is_disconnect(error, driver.dbapi_connection, cursor)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        ) from error
    finally:
        cursor.close()
