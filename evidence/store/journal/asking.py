"""Questions to what the journal adds up to: answered from a replica that keeps up with all processes."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Engine

from evidence import ids
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone
from evidence.statements.unread import Unread
from evidence.store.database.engine import snapshot
from evidence.store.journal import rows
from evidence.store.journal.replica import Page, Replica, read_page
from evidence.store.journal.size_probe import Glance

Answer = TypeVar("Answer")


class _ToReadError(Exception):
    """A question needs cases that were not read."""

    def __init__(self, cases: list[ids.CaseId]) -> None:
        super().__init__(f"{len(cases)} cases have to be read first")
        self.cases = cases


class Asked:
    """The replica that answers, one question at a time."""

    def __init__(self, engine: Engine, held: int) -> None:
        self._engine = engine
        self._asked = Replica(held)
        self._asking = threading.Lock()
        self._glance = Glance(engine)

    def begin(self, history: Sequence[Statement | Tombstone], size: int) -> None:
        """Take what the journal says about the organisation up to `size`, unless something was asked before."""
        with self._asking:
            if self._asked.size == 0:
                self._asked.begin(history, size)

    def add(self, size: int, accepted: Sequence[Statement]) -> None:
        """Take what this process wrote behind `size`; what other processes wrote before it is read when asked."""
        with self._asking:
            if self._asked.size == size:
                self._asked.add(accepted)

    def close(self) -> None:
        """Let go of the connection that looks at the size."""
        with self._asking:
            self._glance.close()

    @property
    def answers_at_once(self) -> bool:
        """Whether `ask` waits for no network: then an event loop may ask it without another thread."""
        return self._glance.is_local

    def ask(self, question: Callable[[Standing], Answer]) -> Answer:
        """Answer a question from all that is durable, other processes' events included.

        A question about a case that nobody asked about lately is asked again after that case was read, so it must not
        change anything. Nobody else waits for the reading.
        """
        pages: list[Page] = []
        while True:
            with self._asking:
                self._keep_up(pages)
                try:
                    return self._answer(question)
                except _ToReadError as missing:
                    cases, below = missing.cases, self._asked.size
            with snapshot(self._engine) as connection:
                pages.extend(read_page(connection, case, below) for case in cases)

    def _keep_up(self, pages: list[Page]) -> None:
        """Take in what was appended, and then the cases that were read meanwhile."""
        size = self._glance.size()
        if pages or size is None or size > self._asked.size:
            with snapshot(self._engine) as connection:
                self._asked.catch_up(connection, rows.size_of(connection))
                for page in pages:
                    self._asked.adopt(connection, page)

    def _answer(self, question: Callable[[Standing], Answer]) -> Answer:
        """Answer a question from what was read; _ToReadError when cases have to be read first."""
        while True:
            try:
                answer = question(self._asked.standing)
            except Unread as missing:
                with snapshot(self._engine) as connection:
                    if cases := self._asked.resolve(connection, missing):
                        raise _ToReadError(cases) from missing
            else:
                self._asked.let_go()
                return answer
