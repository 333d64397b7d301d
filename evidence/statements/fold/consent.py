"""Folds of acts of consent."""

from evidence.statements import bodies
from evidence.statements.fold.registry import with_case
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@with_case(bodies.Disclose)
def _disclose(standing: Standing, said: Said[bodies.Disclose]) -> None:
    name = said.body.disclosure
    standing.reach.keep("disclosure", name, said.case)
    standing.disclosures[name] = said.case


@with_case(bodies.Grant)
def _grant(standing: Standing, said: Said[bodies.Grant]) -> None:
    standing.add_grant(said.case, said.body)


@with_case(bodies.Revoke)
def _revoke(standing: Standing, said: Said[bodies.Revoke]) -> None:
    standing.end_grant(said.body.grant)


@with_case(bodies.Export)
def _export(standing: Standing, said: Said[bodies.Export]) -> None:
    body = said.body
    standing.reach.keep("export", body.export, said.case)
    standing.exports[body.export] = body
