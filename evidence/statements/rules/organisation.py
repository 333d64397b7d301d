"""Rules about the organisation: its log, its keys, its teams, and dispatchers' shifts.

A shift says that a dispatcher sat at a console. It gives nothing: acts on alarms do not ask for one, because an alarm
must not wait for paperwork.
"""

from typing import Final

from evidence import ids, keys
from evidence.custody.errors import CustodyError
from evidence.statements import bodies
from evidence.statements.errors import refuse
from evidence.statements.rotation import lineage_of
from evidence.statements.rules.public_keys import check_box, check_xwing
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said

OPENERS: Final = frozenset({"caseworker", "dispatcher", "desk", "investigator"})
"""Roles whose keys open items: people and desks."""


@rule(bodies.LogRotate)
def _log_rotate(standing: Standing, said: Said[bodies.LogRotate], _now: ids.Time) -> None:
    body = said.body
    try:
        line = lineage_of(standing.log, (*standing.rotations, body))
    except CustodyError as error:
        refuse("rotation", str(error))
    if line.current.first_event != standing.events:
        refuse("rotation", f"the journal has {standing.events} events, the head covers {line.current.first_event}")


@rule(bodies.KeyPublish)
def _key_publish(standing: Standing, said: Said[bodies.KeyPublish], _now: ids.Time) -> None:
    body = said.body
    if keys.signing_kid(bytes.fromhex(body.sign)) in standing.certified:
        refuse("exists", "this key was published before")
    if body.team is not None and body.team not in standing.teams:
        refuse("unknown-team", "there is no such team")
    if body.role == "caseworker" and body.team is None:
        refuse("team", "a caseworker belongs to a team")
    if (body.xwing is not None) != (body.role in OPENERS):
        refuse("xwing", "people and desks have an X-Wing key, services have none")
    if (body.box is not None) != (body.role == "bridge"):
        refuse("box", "a bridge has a box key, and nobody else")
    if body.xwing is not None:
        check_xwing(body.xwing)
    if body.box is not None:
        check_box(body.box)


@rule(bodies.KeyRetire)
def _key_retire(standing: Standing, said: Said[bodies.KeyRetire], _now: ids.Time) -> None:
    if said.body.kid not in standing.certified:
        refuse("no-such-key", "that key was never published")


@rule(bodies.KeyShare)
def _key_share(standing: Standing, said: Said[bodies.KeyShare], _now: ids.Time) -> None:
    body = said.body
    if standing.role_of(body.reader) is None:
        refuse("no-such-key", "that reader has no key in force")
    check_xwing(body.xwing)


@rule(bodies.TeamOpen)
def _team_open(standing: Standing, said: Said[bodies.TeamOpen], _now: ids.Time) -> None:
    if said.body.team in standing.teams:
        refuse("exists", "this team exists")


@rule(bodies.ShiftMark, "shift.begin")
def begin_shift(standing: Standing, said: Said[bodies.ShiftMark], _now: ids.Time) -> None:
    """Refuse a shift that exists."""
    if said.body.shift in standing.shifts:
        refuse("exists", "this shift exists")


@rule(bodies.ShiftMark, "shift.end")
def end_shift(standing: Standing, said: Said[bodies.ShiftMark], _now: ids.Time) -> None:
    """Refuse the end of a shift that somebody else began, or that ended."""
    known = standing.shifts.get(said.body.shift)
    if known is None or known.by != said.by or known.ended_at is not None:
        refuse("unknown-shift", "you have no such shift running")


@rule(bodies.ShiftTakeOver)
def take_over(standing: Standing, said: Said[bodies.ShiftTakeOver], _now: ids.Time) -> None:
    """Refuse what is not between a colleague's shift and one of one's own that runs, or was done already."""
    left, own = standing.shifts.get(said.body.shift), standing.shifts.get(said.body.own)
    if own is None or own.by != said.by or own.ended_at is not None:
        refuse("unknown-shift", "who takes over has a shift running")
    if left is None or left.by == said.by:
        refuse("unknown-shift", "that is no shift of a colleague")
    if left.taken_over is not None:
        refuse("exists", "a colleague took this shift over")
