"""Rules about items: announced, sealed, amended, and a card behind glass."""

from evidence import ids
from evidence.statements import bodies
from evidence.statements.errors import refuse
from evidence.statements.rules.belonging import items_of_case
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@rule(bodies.ItemOpen)
def _item_open(standing: Standing, said: Said[bodies.ItemOpen], _now: ids.Time) -> None:
    item = said.body.item
    if item in standing.items or item in standing.opened:
        refuse("exists", "this item was opened or sealed before")


@rule(bodies.ItemSeal)
def _item_seal(standing: Standing, said: Said[bodies.ItemSeal], _now: ids.Time) -> None:
    body = said.body
    if body.item in standing.items:
        refuse("exists", "this item was sealed before")
    if body.item in standing.erased:
        refuse("erased", "this item was announced and erased")
    begun = standing.opened.get(body.item)
    if begun is not None and (begun.case, begun.by, begun.body.head) != (said.case, said.by, body.head):
        refuse("exists", "this item was opened in another case, by another key, or with another head")
    if standing.role_of(said.by) == "dispatcher" and (body.content or not standing.of(said.case).alarms):
        refuse("note", "a dispatcher adds a note, without a file, to a case in which there was an alarm")


@rule(bodies.ItemAmend)
def _item_amend(standing: Standing, said: Said[bodies.ItemAmend], _now: ids.Time) -> None:
    body = said.body
    items_of_case(standing, said.case, (body.item, body.amends))
    if body.item == body.amends:
        refuse("amendment", "an item is amended by another one")
    role = standing.role_of(said.by)
    if role != "vault" and standing.items[body.item].by != said.by:
        refuse("amendment", "whoever is not her vault amends by an item of their own")
    if role == "caseworker" and standing.items[body.amends].by != said.by:
        refuse("amendment", "a caseworker corrects papers of their own, and nothing of hers")


@rule(bodies.BreakGlass)
def _break_glass(standing: Standing, said: Said[bodies.BreakGlass], _now: ids.Time) -> None:
    body = said.body
    if not standing.is_card(body.item, said.case):
        refuse("unknown-item", "that is not the card of an alarm device of this case")
    if not body.reason.strip():
        refuse("reason", "breaking the glass needs a reason")
