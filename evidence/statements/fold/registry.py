"""The registry of folds: which function adds which act to a standing, demanded by the catalogue and checked by type."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar, cast

from evidence.statements import catalogue
from evidence.statements.bodies import Body
from evidence.statements.standing import Standing
from evidence.statements.statement import Said, Statement, Told

B = TypeVar("B", bound=Body)
F = TypeVar("F")
AtStart = Callable[[Standing, Statement], None]
WithCase = Callable[[Standing, Told[Body]], None]
SaysAtStart = Callable[[Standing, Said[B]], None]
TellsCase = Callable[[Standing, Told[B]], None]

_AT_START: Final[dict[str, AtStart]] = {}
_WITH_CASE: Final[dict[str, WithCase]] = {}


def at_start(body: type[B], *names: str) -> Callable[[SaysAtStart[B]], SaysAtStart[B]]:
    """Register what acts with this body say about the organisation, or about a case that every process has to know."""

    def register(fold: SaysAtStart[B]) -> SaysAtStart[B]:
        _AT_START.update(_each(body, names, _AT_START, lambda standing, one: fold(standing, Said.of(one, body))))
        return fold

    return register


def with_case(body: type[B], *names: str) -> Callable[[TellsCase[B]], TellsCase[B]]:
    """Register what acts with this body say about their case alone: added when somebody asks about the case."""

    def register(fold: TellsCase[B]) -> TellsCase[B]:
        def folded(standing: Standing, told: Told[Body]) -> None:
            if not isinstance(told.body, body):
                raise TypeError(f"{told.type} has no body of type {body.__name__}")
            fold(standing, cast("Told[B]", told))

        _WITH_CASE.update(_each(body, names, _WITH_CASE, folded))
        return fold

    return register


def _each(body: type[B], names: Collection[str], known: Collection[str], fold: F) -> dict[str, F]:
    """Return a fold by the names of its acts: all with this body, or those that are named."""
    for name in (wanted := names or catalogue.where(body=body)):
        if name in known or catalogue.ACTS[name].body is not body:
            raise TypeError(f"{name} has a fold, or another body than {body.__name__}")
    return dict.fromkeys(wanted, fold)


def complete() -> tuple[Mapping[str, AtStart], Mapping[str, WithCase]]:
    """Return the folds at the start and with a case, when the catalogue says the same of each; TypeError otherwise."""
    for found, said in ((_AT_START, catalogue.ALWAYS_READ), (_WITH_CASE, catalogue.READ_WITH_CASE)):
        if found.keys() != said:
            raise TypeError(f"acts that are read and not folded, or the reverse: {found.keys() ^ said}")
    return _AT_START, _WITH_CASE
