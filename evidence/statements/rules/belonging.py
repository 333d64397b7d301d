"""Whose item is it, and whose reader: what every rule asks that names items or readers."""

from evidence import ids
from evidence.statements.errors import refuse
from evidence.statements.standing import Standing


def items_of_case(standing: Standing, case: ids.CaseId, items: tuple[ids.ItemId, ...], *, begun: bool = False) -> None:
    """Refuse unless there is at least one item and all are of this case and still there.

    `begun` counts items that were announced and not sealed, too: what arrived of a recording that was cut is evidence.
    """
    more = standing.opened if begun else {}
    known = (standing.items.get(item) or more.get(item) for item in items if item not in standing.erased)
    if not items or sum(found is not None and found.case == case for found in known) != len(items):
        refuse("unknown-item", "this case has no such item")


def reader_of_case(standing: Standing, case: ids.CaseId, reader: ids.KeyId) -> None:
    """Refuse a reader who is excluded from this case."""
    if standing.is_excluded(reader, case):
        refuse("excluded", "this person is no reader of this case")
