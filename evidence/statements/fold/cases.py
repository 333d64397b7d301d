"""Folds of acts about a case as a whole."""

from evidence.statements import bodies
from evidence.statements.facts import Case
from evidence.statements.fold.registry import at_start
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@at_start(bodies.CaseOpen)
def _case_open(standing: Standing, said: Said[bodies.CaseOpen]) -> None:
    case = Case(said.body, said.at)
    name = said.case
    standing.cases[name] = case
    standing.case_of_vault[case.vault_kid] = name


@at_start(bodies.CaseRetain)
def _case_retain(standing: Standing, said: Said[bodies.CaseRetain]) -> None:
    standing.retained[said.case] = said.body
