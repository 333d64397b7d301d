"""Folds of acts about the organisation."""

from dataclasses import replace

from evidence import keys
from evidence.statements import bodies
from evidence.statements.facts import Certified, Shift, TakenOver
from evidence.statements.fold.registry import at_start
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@at_start(bodies.LogOpen)
def _log_open(standing: Standing, said: Said[bodies.LogOpen]) -> None:
    standing.log = said.body


@at_start(bodies.LogRotate)
def _log_rotate(standing: Standing, said: Said[bodies.LogRotate]) -> None:
    standing.rotations = (*standing.rotations, said.body)


@at_start(bodies.KeyPublish)
def _key_publish(standing: Standing, said: Said[bodies.KeyPublish]) -> None:
    body = said.body
    standing.certified[keys.signing_kid(bytes.fromhex(body.sign))] = Certified(body)


@at_start(bodies.KeyRetire)
def _key_retire(standing: Standing, said: Said[bodies.KeyRetire]) -> None:
    kid = said.body.kid
    standing.certified[kid] = replace(standing.certified[kid], retired=True)


@at_start(bodies.KeyShare)
def _key_share(standing: Standing, said: Said[bodies.KeyShare]) -> None:
    body = said.body
    standing.shares[body.reader] = (*standing.shares.get(body.reader, ()), body)


@at_start(bodies.TeamOpen)
def _team_open(standing: Standing, said: Said[bodies.TeamOpen]) -> None:
    body = said.body
    standing.teams[body.team] = body.label


@at_start(bodies.ShiftMark, "shift.begin")
def _shift_begin(standing: Standing, said: Said[bodies.ShiftMark]) -> None:
    standing.shifts[said.body.shift] = Shift(said.by, said.at)


@at_start(bodies.ShiftMark, "shift.end")
def _shift_end(standing: Standing, said: Said[bodies.ShiftMark]) -> None:
    name = said.body.shift
    standing.shifts[name] = replace(standing.shifts[name], ended_at=said.at)


@at_start(bodies.ShiftTakeOver)
def _shift_take_over(standing: Standing, said: Said[bodies.ShiftTakeOver]) -> None:
    name, taken = said.body.shift, TakenOver(said.by, said.at, said.body.alarms)
    standing.shifts[name] = replace(standing.shifts[name], taken_over=taken)
