"""A replica of what the journal adds up to: the organisation always, a case when somebody asks.

State rules:
- A replica stands at a size: everything it says is of the events below it, and of nothing behind it.
- What it did not read it does not guess (`unread.Unread`): its owner reads that from the database, and asks again.
- A case that was read stays up to date with every event that is taken in, until it is let go.
- Nothing is let go while a question waits for something else to be read, so that every question comes to its end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from evidence import ids
from evidence.statements import catalogue, fold
from evidence.statements.bodies import Body
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement, Told
from evidence.statements.tombstone import Tombstone
from evidence.statements.unread import (
    Unread,
    UnreadAuthorError,
    UnreadCaseError,
    UnreadNameError,
    UnreadReaderError,
)
from evidence.store.journal import rows

MAX_HELD: Final = 20_000
"""Events of cases that one copy keeps in memory between two questions: some 40 MB, and hundreds of cases."""


@dataclass(frozen=True)
class Page:
    """What the events with an index < `below` say about one case."""

    case: ids.CaseId
    below: int
    history: Sequence[Told[Body] | Tombstone]


def read_page(connection: Connection, case: ids.CaseId, below: int) -> Page:
    """Read a case: some 40 ms for a thousand events, so nobody should be kept waiting for it."""
    return Page(case, below, rows.of_case(connection, case, 0, below))


class Replica:
    """One copy, used by one thread at a time."""

    def __init__(self, max_held: int = MAX_HELD) -> None:
        self.standing = Standing.partly()
        self.size = 0
        self._max_held = max_held

    def begin(self, history: Iterable[Statement | Tombstone], size: int) -> None:
        """Take in what everybody has to know (`rows.always_read`) of a journal of `size` events."""
        for each in history:
            if isinstance(each, Statement):
                fold.pass_over(self.standing, each)
        self._reach(size, whole=False)

    def catch_up(self, connection: Connection, size: int) -> None:
        """Take in what was appended since, up to `size`."""
        if size <= self.size:
            return
        if self.size == 0:
            self.begin(rows.always_read(connection, size), size)
            return
        news = rows.news(connection, self.size, size, self.standing.reach.has)
        whole = all([each is not None and self._take(each) for each in news])  # noqa: C419 - take every one
        self._reach(size, whole=whole)

    def add(self, statements: Sequence[Statement]) -> None:
        """Take in the next events."""
        whole = all([self._take(each) for each in statements])  # noqa: C419 - take every one
        self._reach(self.size + len(statements), whole=whole)

    def look_up(self, connection: Connection, statements: Iterable[Statement]) -> None:
        """Look at once where the names are that statements are about to bring: nowhere, for nearly all of them."""
        names = {(catalogue.BRINGS[one.type], name) for one in statements if (name := rows.subject_of(one)) is not None}
        if names:
            found = rows.homes(connection, [name for _, name in names], self.size)
            self.standing.reach.nowhere |= names - found.keys()

    def unread(self, cases: Iterable[ids.CaseId | None]) -> list[ids.CaseId]:
        """Return those of these cases that exist and were not read."""
        known, reach = self.standing.cases, self.standing.reach
        return [case for case in dict.fromkeys(cases) if case is not None and case in known and not reach.has(case)]

    def resolve(self, connection: Connection, missing: Unread) -> list[ids.CaseId]:
        """Find out what a question missed; return the cases that have to be read for it, none when it is known now."""
        reach = self.standing.reach
        match missing:
            case UnreadCaseError(case=case):
                cases = {case}
            case UnreadNameError(kind=kind, name=name):
                found = rows.homes(connection, [name], self.size)
                cases = {case for (of, _), case in found.items() if of == kind}
                if all(map(reach.has, cases)):
                    reach.nowhere.add((kind, name))
            case UnreadReaderError(reader=reader):
                cases = rows.granted_in(connection, reader, self.size)
                self.standing.readers[reader] = cases
            case UnreadAuthorError(author=author):
                cases = rows.announced_in(connection, author, self.size)
                if all(map(reach.has, cases)):
                    reach.authors.add(author)
            case _:
                raise missing
        return [case for case in cases if not reach.has(case)]

    def adopt(self, connection: Connection, page: Page) -> None:
        """Take in a case that was read, and what was appended about it since."""
        if self.standing.reach.has(page.case):
            return
        since = rows.of_case(connection, page.case, page.below, self.size) if page.below < self.size else []
        fold.read_case(self.standing, page.case, [*page.history, *since])

    def let_go(self) -> None:
        """Let go of the cases that nobody asked about for longest, when more is held than should be."""
        reach = self.standing.reach
        while reach.held > self._max_held and len(reach.cases) > 1:
            self.standing.forget(next(iter(reach.cases)))

    def _take(self, each: Statement | Tombstone) -> bool:
        """Take in the next event; say whether all of it was."""
        if isinstance(each, Tombstone):
            fold.bury(self.standing, each)
            return True
        whole = (case := fold.touches(each)) is None or self.standing.reach.has(case)
        if whole:
            fold.apply(self.standing, each)
        else:
            fold.pass_over(self.standing, each)
        return whole

    def _reach(self, size: int, *, whole: bool) -> None:
        self.size = self.standing.events = size
        if not whole:
            self.standing.doubt()
