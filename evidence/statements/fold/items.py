"""Folds of acts about items."""

from evidence.statements import bodies
from evidence.statements.facts import Begun, Sealed
from evidence.statements.fold.registry import with_case
from evidence.statements.standing import Standing
from evidence.statements.statement import Told


@with_case(bodies.ItemOpen)
def _item_open(standing: Standing, told: Told[bodies.ItemOpen]) -> None:
    body = told.body
    standing.open_item(body.item, Begun(told.case, told.by, body, standing.belongings[told.case].list_number))


@with_case(bodies.ItemSeal)
def _item_seal(standing: Standing, told: Told[bodies.ItemSeal]) -> None:
    body = told.body
    standing.opened.pop(body.item, None)
    standing.add_item(body.item, Sealed(told.case, told.by, body, standing.belongings[told.case].list_number))
