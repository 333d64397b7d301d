"""The fold of a journal: how each accepted statement changes what the journal adds up to.

`rules.authority.check` decides first; what is here only records. Acts that every process has to know are folded when it
starts, those of a case when somebody asks about the case (`standing`): one file a family says which and how.
"""

from collections.abc import Iterable
from typing import Final

from evidence import ids
from evidence.statements import bodies, catalogue
from evidence.statements.bodies import Body
from evidence.statements.facts import Begun, Sealed
from evidence.statements.fold import (  # noqa: F401 - each registers its folds
    alarms,
    cases,
    consent,
    devices,
    erasure,
    items,
    organisation,
    rescue,
)
from evidence.statements.fold.registry import complete
from evidence.statements.standing import Standing
from evidence.statements.statement import Chain, Statement, Told
from evidence.statements.tombstone import Tombstone

_AT_START, _WITH_CASE = complete()

NO_HEAD: Final = bodies.Blob(ids.Sha256("0" * 64), 0)
"""Of an item that was announced and erased: no container has such a head."""


def touches(statement: Statement) -> ids.CaseId | None:
    """Return the case that has to be read before this is recorded; None when it tells the organisation only."""
    if statement.type in catalogue.READ_WITH_CASE or statement.chain is not None:
        return statement.case
    return None


def apply(standing: Standing, statement: Statement) -> None:
    """Add an accepted statement; `rules.authority.check` comes first.

    Raises Unread, and changes nothing, when it tells about a case that was not read: see `touches`.
    """
    if (case := touches(statement)) is not None:
        standing.reach.demand(case)
    standing.events += 1
    _record(standing, statement)
    if case is not None:
        _record_in(standing, Told.of(statement))
    elif isinstance(statement.body, bodies.CaseOpen) and statement.case is not None:
        standing.reach.begin(statement.case)


def pass_over(standing: Standing, statement: Statement) -> None:
    """Add what an accepted statement says about the organisation, not what it says about a case not yet read."""
    standing.events += 1
    _record(standing, statement)


def read_case(standing: Standing, case: ids.CaseId, history: Iterable[Told[Body] | Tombstone]) -> None:
    """Add what the events of a case so far tell it, those that `touches` names; the organisation knows its own."""
    standing.reach.begin(case)
    for each in history:
        if isinstance(each, Tombstone):
            _bury(standing, each)
        else:
            _record_in(standing, each)


def bury(standing: Standing, tombstone: Tombstone) -> None:
    """Add an event that was destroyed: what later events rely on, and nothing that opens an item."""
    standing.reach.demand(tombstone.case)
    standing.events += 1
    _bury(standing, tombstone)


def _bury(standing: Standing, tombstone: Tombstone) -> None:
    standing.reach.count(tombstone.case)
    if tombstone.seq is not None:
        standing.chains[tombstone.by] = Chain(tombstone.seq, tombstone.statement)
    if tombstone.grant is not None:
        standing.add_grant(tombstone.case, tombstone.grant)
    elif tombstone.type == "item.open":
        nothing = bodies.ItemOpen(tombstone.items[0], NO_HEAD)
        standing.open_item(tombstone.items[0], Begun(tombstone.case, tombstone.by, nothing))
    elif tombstone.type == "item.seal":
        standing.opened.pop(tombstone.items[0], None)
        standing.add_item(tombstone.items[0], Sealed(tombstone.case, tombstone.by, None))


def _record(standing: Standing, statement: Statement) -> None:
    """Record what belongs to no case, or is needed before anybody asks about the case."""
    fold = _AT_START.get(statement.type)
    if fold is not None:
        fold(standing, statement)


def _record_in(standing: Standing, told: Told[Body]) -> None:
    """Record what belongs to a case that was read."""
    standing.reach.count(told.case)
    if told.seq is not None:
        standing.chains[told.by] = Chain(told.seq, told.id)
    fold = _WITH_CASE.get(told.type)
    if fold is not None:
        fold(standing, told)
