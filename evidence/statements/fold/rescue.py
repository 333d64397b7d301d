"""Folds of acts about rescue keys."""

from evidence.statements import bodies
from evidence.statements.facts import Rescued
from evidence.statements.fold.registry import with_case
from evidence.statements.standing import Belongings, Standing
from evidence.statements.statement import Said


@with_case(bodies.RescueShare)
def _rescue_share(standing: Standing, said: Said[bodies.RescueShare]) -> None:
    own, body = standing.belongings.setdefault(said.case, Belongings()), said.body
    own.shares[body.rescue] = (*own.shares.get(body.rescue, ()), body)


@with_case(bodies.RescueUse)
def _rescue_use(standing: Standing, said: Said[bodies.RescueUse]) -> None:
    own, body = standing.belongings.setdefault(said.case, Belongings()), said.body
    if body.agrees is None:
        own.requests[said.statement.id] = (said.by, body)
    else:
        asked_by, _ = own.requests[body.agrees]
        own.rescued[body.rescue] = Rescued(asked_by, said.by, body.reason, body.until)
