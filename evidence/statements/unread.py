"""`Unread`: the answer of a journal that was read in part about the rest, never a guess.

State rules:
- A `Reach` is whole, or it lists the cases that were read. Everything about the organisation is always read.
- Asking for a name (of an item, a grant, an alarm, an export, a proposal) that is of no case that was read raises
  `Unread`, unless somebody looked for it in the whole journal and it was nowhere. So does asking for a case.
- Whoever catches `Unread` reads what it names and asks again, from the beginning. Questions and rules stay pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeVar, cast

from evidence import ids
from evidence.statements.catalogue import NAMES, Name

K = TypeVar("K", bound=str)
V = TypeVar("V")
_ABSENT: Final[Any] = object()


class Unread(Exception):  # noqa: N818 - not an error: a question that comes too early
    """The answer depends on something that was not read yet."""


class UnreadCaseError(Unread):
    """A case was not read."""

    def __init__(self, case: ids.CaseId) -> None:
        super().__init__("a case was not read yet")
        self.case = case


class UnreadNameError(Unread):
    """Nobody looked yet in which case a name is."""

    def __init__(self, kind: Name, name: str) -> None:
        super().__init__(f"nobody looked yet in which case this {kind} is")
        self.kind, self.name = kind, name


class UnreadReaderError(Unread):
    """Nobody looked yet in which cases something was granted to a reader."""

    def __init__(self, reader: ids.KeyId) -> None:
        super().__init__("nobody looked yet what was granted to this reader")
        self.reader = reader


class UnreadAuthorError(Unread):
    """Nobody looked yet in which cases a key has announced items that are not sealed."""

    def __init__(self, author: ids.KeyId) -> None:
        super().__init__("nobody looked yet what this key has announced")
        self.author = author


@dataclass
class _Read:
    """A case that was read: how many of its events are in memory, and the names that they brought."""

    events: int = 0
    names: list[tuple[Name, str]] = field(default_factory=list)


@dataclass
class Reach:
    """How far a standing reaches. The default is whole: every event was read."""

    whole: bool = True
    cases: dict[ids.CaseId, _Read] = field(default_factory=dict)
    """Those that were read, longest untouched first."""
    homes: dict[Name, dict[str, ids.CaseId]] = field(default_factory=lambda: {kind: {} for kind in NAMES})
    """In which of those a name is."""
    nowhere: set[tuple[Name, str]] = field(default_factory=set)
    """Names that were looked for in the whole journal, as long as it is."""
    authors: set[ids.KeyId] = field(default_factory=set)
    """Keys of which all cases with announced items were read, as long as the journal is."""
    held: int = 0
    """Events of cases in memory."""

    def has(self, case: ids.CaseId) -> bool:
        """Whether all of a case was read."""
        return self.whole or case in self.cases

    def demand(self, case: ids.CaseId) -> None:
        """Raise Unread unless a case was read; it counts as touched."""
        if self.whole:
            return
        read = self.cases.pop(case, None)
        if read is None:
            raise UnreadCaseError(case)
        self.cases[case] = read

    def demand_name(self, kind: Name, name: str) -> None:
        """Raise Unread unless it is known in which case a name is, or that it is in none."""
        if not (self.whole or name in self.homes[kind] or (kind, name) in self.nowhere):
            raise UnreadNameError(kind, name)

    def begin(self, case: ids.CaseId) -> None:
        """From here on all of a case is known: it is new, or its events follow."""
        if not self.whole:
            self.cases[case] = _Read()

    def count(self, case: ids.CaseId) -> None:
        """Count one more event of a case in memory."""
        if not self.whole:
            self.cases[case].events += 1
            self.held += 1

    def keep(self, kind: Name, name: str, case: ids.CaseId) -> None:
        """Note that a name is of a case."""
        if not self.whole and name not in self.homes[kind]:
            self.homes[kind][name] = case
            self.cases[case].names.append((kind, name))

    def forget(self, case: ids.CaseId) -> list[tuple[Name, str]]:
        """Let go of a case; return the names that went with it."""
        read = self.cases.pop(case)
        self.held -= read.events
        for kind, name in read.names:
            del self.homes[kind][name]
        self.doubt()
        return read.names

    def doubt(self) -> None:
        """What was nowhere may be somewhere now."""
        self.nowhere.clear()
        self.authors.clear()


class Part(dict[K, V]):
    """Facts by name. Asking for a name that may be in what was not read raises Unread, and so does counting them."""

    def __init__(self, reach: Reach, look: Callable[[K], None]) -> None:
        super().__init__()
        self._reach, self._look = reach, look

    def __missing__(self, name: K) -> NoReturn:
        self._look(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        self._look(cast("K", name))
        return False

    def get(self, name: K, default: Any = None) -> Any:  # noqa: ANN401 - as in dict
        """Return the fact of a name, or `default` when it has none."""
        found = super().get(name, _ABSENT)
        if found is _ABSENT:
            self._look(name)
            return default
        return found

    def __iter__(self) -> Iterator[K]:
        self._demand_whole()
        return super().__iter__()

    def __len__(self) -> int:
        self._demand_whole()
        return super().__len__()

    def keys(self) -> Any:  # noqa: ANN401 - as in dict
        """Return the names, when everything was read."""
        self._demand_whole()
        return super().keys()

    def values(self) -> Any:  # noqa: ANN401 - as in dict
        """Return the facts, when everything was read."""
        self._demand_whole()
        return super().values()

    def items(self) -> Any:  # noqa: ANN401 - as in dict
        """Return names and facts, when everything was read."""
        self._demand_whole()
        return super().items()

    def holds(self, name: K) -> bool:
        """Whether a name has a fact among what was read."""
        return super().__contains__(name)

    def read(self) -> list[tuple[K, V]]:
        """Return names and facts of what was read, whatever else there is."""
        return list(super().items())

    def _demand_whole(self) -> None:
        if not self._reach.whole:
            raise TypeError("a journal that was read in part does not know all names")
