"""The registry of folds: which function adds which act to a standing, demanded by the catalogue and checked by type."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

from evidence.statements import catalogue
from evidence.statements.bodies import Body
from evidence.statements.standing import Standing
from evidence.statements.statement import Said, Statement

B = TypeVar("B", bound=Body)
Fold = Callable[[Standing, Statement], None]
TypedFold = Callable[[Standing, Said[B]], None]
Register = Callable[[TypedFold[B]], TypedFold[B]]

_AT_START: Final[dict[str, Fold]] = {}
_WITH_CASE: Final[dict[str, Fold]] = {}


def at_start(body: type[B], *names: str) -> Register[B]:
    """Register what acts with this body say about the organisation, or about a case that every process has to know."""
    return lambda fold: _register(_AT_START, body, names, fold)


def with_case(body: type[B], *names: str) -> Register[B]:
    """Register what acts with this body say about their case alone: added when somebody asks about the case."""
    return lambda fold: _register(_WITH_CASE, body, names, fold)


def _register(into: dict[str, Fold], body: type[B], names: Collection[str], fold: TypedFold[B]) -> TypedFold[B]:
    def folded(standing: Standing, statement: Statement) -> None:
        fold(standing, Said.of(statement, body))

    for name in names or catalogue.where(body=body):
        if name in into or catalogue.ACTS[name].body is not body:
            raise TypeError(f"{name} has a fold, or another body than {body.__name__}")
        into[name] = folded
    return fold


def complete() -> tuple[Mapping[str, Fold], Mapping[str, Fold]]:
    """Return the folds at the start and with a case, when the catalogue says the same of each; TypeError otherwise."""
    for found, said in ((_AT_START, catalogue.ALWAYS_READ), (_WITH_CASE, catalogue.READ_WITH_CASE)):
        if found.keys() != said:
            raise TypeError(f"acts that are read and not folded, or the reverse: {found.keys() ^ said}")
    return _AT_START, _WITH_CASE
