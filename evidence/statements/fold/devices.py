"""Folds of acts about phones, alarm devices and their lending."""

from dataclasses import replace

from evidence import keys
from evidence.statements import bodies
from evidence.statements.facts import Device, Lending
from evidence.statements.fold.registry import at_start
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@at_start(bodies.DeviceInvite)
def _device_invite(standing: Standing, said: Said[bodies.DeviceInvite]) -> None:
    body = said.body
    standing.invitations[keys.signing_kid(bytes.fromhex(body.invite))] = (said.case, body)


@at_start(bodies.DeviceEnrol)
def _device_enrol(standing: Standing, said: Said[bodies.DeviceEnrol]) -> None:
    body = said.body
    del standing.invitations[body.invite]
    standing.add_device(Device(body.device, said.case, bytes.fromhex(body.sign)))
    standing.device_of_key[said.by] = body.device


@at_start(bodies.AlarmDeviceEnrol)
def _alarm_device_enrol(standing: Standing, said: Said[bodies.AlarmDeviceEnrol]) -> None:
    body = said.body
    public = bytes.fromhex(body.sign)
    standing.add_device(Device(body.device, said.case, public, alarm=body))
    standing.device_of_key[keys.signing_kid(public)] = body.device


@at_start(bodies.DeviceRevoke)
def _device_revoke(standing: Standing, said: Said[bodies.DeviceRevoke]) -> None:
    standing.revoke_device(said.body.device)


@at_start(bodies.DeviceLend)
def _device_lend(standing: Standing, said: Said[bodies.DeviceLend]) -> None:
    body = said.body
    standing.lendings[body.device] = Lending(said.case, body, said.by, said.at, body.review)


@at_start(bodies.DeviceReview)
def _device_review(standing: Standing, said: Said[bodies.DeviceReview]) -> None:
    body = said.body
    known = standing.lendings[body.device]
    standing.lendings[body.device] = replace(known, review=body.next, reviewed_at=said.at)


@at_start(bodies.DeviceReturn)
def _device_return(standing: Standing, said: Said[bodies.DeviceReturn]) -> None:
    body = said.body
    known = standing.lendings[body.device]
    standing.lendings[body.device] = replace(known, returned_at=said.at, condition=body.condition)
