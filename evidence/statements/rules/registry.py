"""The registry of rules: which function judges which act, demanded by the catalogue and checked by type."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from evidence import ids
from evidence.statements import catalogue
from evidence.statements.bodies import Body
from evidence.statements.standing import Standing
from evidence.statements.statement import Said, Statement

B = TypeVar("B", bound=Body)
Rule = Callable[[Standing, Statement, ids.Time], None]
TypedRule = Callable[[Standing, Said[B], ids.Time], None]

_RULES: Final[dict[str, Rule]] = {}


def rule(body: type[B], *names: str) -> Callable[[TypedRule[B]], TypedRule[B]]:
    """Register a function as the rule of the acts with this body; `names` when it judges some of those only."""

    def register(judge: TypedRule[B]) -> TypedRule[B]:
        def judged(standing: Standing, statement: Statement, now: ids.Time) -> None:
            judge(standing, Said.of(statement, body), now)

        for name in names or catalogue.where(body=body):
            if name in _RULES or catalogue.ACTS[name].body is not body:
                raise TypeError(f"{name} has a rule, or another body than {body.__name__}")
            _RULES[name] = judged
        return judge

    return register


def complete() -> Mapping[str, Rule]:
    """Return the rules by type, when every act has one whose row in the catalogue says so; TypeError otherwise."""
    if _RULES.keys() != frozenset(catalogue.where(rule=True)):
        raise TypeError(f"acts without a rule, or rules of no act: {_RULES.keys() ^ set(catalogue.where(rule=True))}")
    return _RULES
