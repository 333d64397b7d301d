"""Folds of holds and erasures."""

from dataclasses import replace

from evidence import ids
from evidence.statements import bodies
from evidence.statements.facts import Erasure, Hold
from evidence.statements.fold.registry import at_start, with_case
from evidence.statements.standing import Standing
from evidence.statements.statement import Said, Told


@at_start(bodies.HoldPlace)
def _hold_place(standing: Standing, said: Said[bodies.HoldPlace]) -> None:
    body = said.body
    role = standing.role_of(said.by) or ""
    standing.holds[body.hold] = Hold(said.case, role, frozenset(body.items))
    standing.known_holds.add(body.hold)


@at_start(bodies.HoldLift)
def _hold_lift(standing: Standing, said: Said[bodies.HoldLift]) -> None:
    standing.holds.pop(said.body.hold, None)


@at_start(bodies.EraseRequest)
def _erase_request(standing: Standing, said: Said[bodies.EraseRequest]) -> None:
    body = said.body
    standing.erasures[body.erasure] = Erasure(said.case, frozenset(body.items), said.at)


@at_start(bodies.EraseStep, "erase.approve")
def _erase_approve(standing: Standing, said: Said[bodies.EraseStep]) -> None:
    name = said.body.erasure
    standing.erasures[name] = replace(standing.erasures[name], approved=True)


@at_start(bodies.EraseStep, "erase.cancel")
def _erase_cancel(standing: Standing, said: Said[bodies.EraseStep]) -> None:
    name = said.body.erasure
    standing.erasures[name] = replace(standing.erasures[name], ended=True)


@at_start(bodies.EraseStep, "erase.execute")
def _erase_execute(standing: Standing, said: Said[bodies.EraseStep]) -> None:
    _execute(standing, said.body.erasure, said.at)


def _execute(standing: Standing, name: ids.ErasureId, at: ids.Time) -> None:
    """From here on nobody gets these items."""
    standing.erasures[name] = replace(standing.erasures[name], ended=True, executed_at=at)
    standing.erased |= standing.erasures[name].items


@at_start(bodies.EraseRepeat)
def _erase_repeat(standing: Standing, said: Said[bodies.EraseRepeat]) -> None:
    body = said.body
    standing.erasures[body.erasure] = Erasure(said.case, frozenset(body.items), said.at, approved=True)
    _execute(standing, body.erasure, said.at)


@at_start(bodies.EraseFinish)
def _erase_finish(standing: Standing, said: Said[bodies.EraseFinish]) -> None:
    body = said.body
    locks = [one.until for one in body.remains if one.where == "object-lock" and one.until is not None]
    known = standing.erasures[body.erasure]
    standing.erasures[body.erasure] = replace(known, finished=True, locked_until=max(locks, default=None))


def _end_grants(standing: Standing, told: Told[bodies.EraseStep | bodies.EraseRepeat]) -> None:
    """A grant that holds a key of an erased item ends whole: see `Tombstone`.

    What an erasure names never changes once it is executed, so it is the same whenever the case is read.
    """
    items = standing.erasures[told.body.erasure].items
    of_case = [standing.grants[grant] for grant in standing.of(told.case).grants]
    for grant in [one for one in of_case if items & _items_of(one.body)]:
        standing.end_grant(grant.body.grant)
        for item in items & _items_of(grant.body):
            standing.lost[item] = standing.lost.get(item, frozenset()) | {grant.body.reader}


with_case(bodies.EraseStep, "erase.execute")(_end_grants)
with_case(bodies.EraseRepeat)(_end_grants)


def _items_of(grant: bodies.Grant) -> frozenset[ids.ItemId]:
    """Return the items whose keys a grant holds."""
    return frozenset(granted.item for granted in grant.items)
