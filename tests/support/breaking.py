"""Our own code that breaks over chosen statements: a fault in the registry of rules, or in that of folds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from evidence.statements import fold
from evidence.statements.rules import authority
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement

SEAMS: Final[dict[str, Callable[[str], tuple[Any, str]]]] = {
    "rule": lambda kind: (authority._RULES, kind),
    "fold": lambda kind: (fold._AT_START if kind in fold._AT_START else fold._WITH_CASE, kind),
}
"""Where a statement is judged, and where it is recorded, by its type."""


@contextmanager
def breaking(seam: str, kind: str, breaks: Callable[[Statement], bool]) -> Iterator[None]:
    """Break over every statement of this type that `breaks`, in this process."""
    table, name = SEAMS[seam](kind)
    right = table[name]

    def broken(standing: Standing, statement: Statement, *more: object) -> None:
        if breaks(statement):
            raise ZeroDivisionError("as nobody foresaw")
        right(standing, statement, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(table, name, broken)
        yield
