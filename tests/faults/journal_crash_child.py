"""Runs a journal's writer that is killed with SIGKILL at one of its steps.

Called by `test_journal_crash.py` with the folder, a file of statements (base64, one a line), the number of the
step, 0 for a run to the end, and how a group is handed over: `together`, each statement `alone`, or each by a task of
its own in one turn of an event `loop`. A line that begins with ! is a statement that the database refuses, so that the
writer has to find it among its neighbours, by writing each alone.
A step is either side of each SQL statement and of each commit, seen by the driver's own connection, so that the code
under test knows nothing of it. What was acknowledged is written to the file `acknowledged`; a run to the end prints the
names of the steps.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import event

from evidence.statements import statement
from evidence.statements.errors import NotAllowedError
from evidence.statements.event import Recorded
from evidence.statements.statement import Statement
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from evidence.store.ports import Offered, Outcome

BATCH = 3
"""Statements that wait together, so that the writer takes them in groups."""


class Steps:
    """Counts steps from when it is armed, and dies at the chosen one."""

    def __init__(self, last: int) -> None:
        self.names: list[str] = []
        self.armed = False
        self._last = last

    def __call__(self, name: str) -> None:
        if not self.armed:
            return
        self.names.append(name)
        if len(self.names) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def stepping(step: Steps) -> type[sqlite3.Connection]:
    """Return a connection of the driver that tells each of its steps."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *more: Any) -> "Cursor":  # noqa: ANN401 - the driver's own
            return self._stepped(super().execute, sql, *more)

        def executemany(self, sql: str, *more: Any) -> "Cursor":  # noqa: ANN401 - the driver's own
            return self._stepped(super().executemany, sql, *more)

        def _stepped(self, execute: Callable[..., Any], sql: str, *more: Any) -> "Cursor":  # noqa: ANN401 - as above
            step(f"before {sql.split(maxsplit=1)[0]}")
            execute(sql, *more)
            step(f"after {sql.split(maxsplit=1)[0]}")
            return self

    class Stepping(sqlite3.Connection):
        def cursor(self, _factory: Any = None) -> Any:  # noqa: ANN401 - the driver's own
            return super().cursor(Cursor)

        def commit(self) -> None:
            step("before COMMIT")
            super().commit()
            step("after COMMIT")

    return Stepping


def answers(journal: SqlJournal, group: Sequence[Statement], how: str) -> Iterator[Recorded | Exception]:
    """Append a group, and yield what becomes of each as its writer answers."""
    if how == "together":
        yield from journal.append_all([Offered(one) for one in group]).result(20)
    elif how == "alone":
        for future in [journal.append(one.envelope.to_bytes()) for one in group]:
            yield future.exception(20) or future.result()  # type: ignore[misc]
    else:
        for outcomes in asyncio.run(in_one_turn(journal, group)):
            yield from outcomes


async def in_one_turn(journal: SqlJournal, group: Sequence[Statement]) -> list[Sequence[Outcome]]:
    """Append each by a task of its own, all in one turn of the loop."""

    async def append(one: Statement) -> Sequence[Outcome]:
        return await journal.append_soon([Offered(one)])

    return await asyncio.gather(*map(append, group))


def main(folder: Path, statements: Path, last: int, how: str) -> None:
    """Append every statement in groups; die at step `last`."""
    step = Steps(last)
    engine = open_engine(f"sqlite:///{folder / 'getuige.db'}")
    lines = statements.read_text().splitlines()
    waiting = [statement.parse(b64decode(line.removeprefix("!"))) for line in lines]
    poison = {one.id for one, line in zip(waiting, lines, strict=True) if line.startswith("!")}
    with engine.begin() as connection:
        listed = ",".join(f"'{name}'" for name in sorted(poison))
        connection.exec_driver_sql(
            "CREATE TRIGGER IF NOT EXISTS poison BEFORE INSERT ON events "
            f"WHEN NEW.statement IN ({listed}) BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
    engine.dispose()
    event.listen(engine, "do_connect", lambda _dialect, _record, _words, named: named.update(factory=stepping(step)))
    journal = SqlJournal(engine)
    journal.start()
    step.armed = True
    with (folder / "acknowledged").open("ab", buffering=0) as acknowledged:
        for begin in range(0, len(waiting), BATCH):
            group = waiting[begin : begin + BATCH]
            for one, outcome in zip(group, answers(journal, group, how), strict=True):
                if isinstance(outcome, Exception):
                    assert one.id in poison, outcome
                    assert isinstance(outcome, NotAllowedError)
                else:
                    acknowledged.write(f"{outcome.index} {outcome.salt.hex()}\n".encode())
                step("after an answer")
    step.armed = False
    journal.close()
    engine.dispose()
    print("\n".join(step.names))  # noqa: T201 - the result


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
