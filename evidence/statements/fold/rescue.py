"""Folds of acts about rescue keys."""

from evidence.statements import bodies
from evidence.statements.facts import Rescued
from evidence.statements.fold.registry import with_case
from evidence.statements.standing import Standing
from evidence.statements.statement import Told


@with_case(bodies.RescueShare)
def _rescue_share(standing: Standing, told: Told[bodies.RescueShare]) -> None:
    own, body = standing.belongings[told.case], told.body
    own.shares[body.rescue] = (*own.shares.get(body.rescue, ()), body)


@with_case(bodies.RescueUse)
def _rescue_use(standing: Standing, told: Told[bodies.RescueUse]) -> None:
    own, body = standing.belongings[told.case], told.body
    if body.agrees is None:
        own.requests[told.id] = (told.by, body)
    else:
        asked_by, _ = own.requests[body.agrees]
        own.rescued[body.rescue] = Rescued(asked_by, told.by, body.reason, body.until)
