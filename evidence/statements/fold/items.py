"""Folds of acts about items."""

from evidence.statements import bodies
from evidence.statements.facts import Begun, Sealed
from evidence.statements.fold.registry import with_case
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@with_case(bodies.ItemOpen)
def _item_open(standing: Standing, said: Said[bodies.ItemOpen]) -> None:
    body = said.body
    standing.open_item(body.item, Begun(said.case, said.by, body, standing.of(said.case).list_number))


@with_case(bodies.ItemSeal)
def _item_seal(standing: Standing, said: Said[bodies.ItemSeal]) -> None:
    body = said.body
    standing.opened.pop(body.item, None)
    standing.add_item(body.item, Sealed(said.case, said.by, body, standing.of(said.case).list_number))
