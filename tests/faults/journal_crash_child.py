"""Runs a journal's writer that is killed with SIGKILL at one of its steps.

Called by `test_journal_crash.py` with the folder, a file of statements (base64, one a line), the number of the
step, 0 for a run to the end, and whether a group is handed over `together` or each statement `alone`.
A step is either side of each SQL statement and of each commit, seen by SQLAlchemy,
so that the code under test knows nothing of it. What was acknowledged is written to the file `acknowledged`; a run to
the end prints the names of the steps.
"""

import os
import signal
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import event

from evidence.statements import statement
from evidence.statements.event import Recorded
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from evidence.store.ports import Offered

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


def answers(journal: SqlJournal, group: list[bytes], how: str) -> Iterator[Recorded]:
    """Append a group, and yield each event as its writer answers."""
    if how == "alone":
        for future in [journal.append(one) for one in group]:
            yield future.result(20)
        return
    for outcome in journal.append_all([Offered(statement.parse(one)) for one in group]).result(20):
        if isinstance(outcome, Exception):
            raise outcome
        yield outcome


def main(folder: Path, statements: Path, last: int, how: str) -> None:
    """Append every statement in groups; die at step `last`."""
    step = Steps(last)
    engine = open_engine(f"sqlite:///{folder / 'getuige.db'}")

    def before(_connection: Any, _cursor: Any, sql: str, *_more: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        step(f"before {sql.split(maxsplit=1)[0]}")

    def after(_connection: Any, _cursor: Any, sql: str, *_more: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        step(f"after {sql.split(maxsplit=1)[0]}")

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "commit", lambda _connection: step("before COMMIT"))
    event.listen(engine.pool, "reset", lambda *_: step("after COMMIT"))
    journal = SqlJournal(engine)
    journal.start()
    waiting = [b64decode(line) for line in statements.read_text().splitlines()]
    step.armed = True
    with (folder / "acknowledged").open("ab", buffering=0) as acknowledged:
        for begin in range(0, len(waiting), BATCH):
            for recorded in answers(journal, waiting[begin : begin + BATCH], how):
                acknowledged.write(f"{recorded.index} {recorded.salt.hex()}\n".encode())
                step("after an answer")
    step.armed = False
    journal.close()
    engine.dispose()
    print("\n".join(step.names))  # noqa: T201 - the result


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
