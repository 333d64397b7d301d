"""The parts of a server that its routes work with. A domain says in its `parts` what it uses, and is given no more.

What there is, is opened once per process (`server.services`) and found by its type.
"""

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Request

from evidence.store.journal.journal import SqlJournal

Part = TypeVar("Part")


class Parts:
    """Values by their type, one of each."""

    def __init__(self, *values: object) -> None:
        self._by_type = {type(value): value for value in values}
        if len(self._by_type) != len(values):
            raise TypeError("two parts of one type: nobody could tell which of them is meant")

    @property
    def kinds(self) -> frozenset[type]:
        """What is here."""
        return frozenset(self._by_type)

    def get(self, kind: type[Part]) -> Part:
        """Return the part of this type; KeyError when there is none."""
        found = self._by_type[kind]
        if not isinstance(found, kind):
            raise TypeError("a part is kept under its own type")
        return found


def part_of(request: Request, kind: type[Part]) -> Part:
    """Return a part of the server that answers `request`."""
    parts: Parts = request.app.state.parts
    return parts.get(kind)


@dataclass(frozen=True, slots=True)
class Given(Generic[Part]):
    """A dependency that gives a route the part of this type."""

    kind: type[Part]

    async def __call__(self, request: Request) -> Part:
        """Return it; async, because FastAPI wakes a thread for every dependency that is not."""
        return part_of(request, self.kind)


JournalGiven = Annotated[SqlJournal, Depends(Given(SqlJournal))]
