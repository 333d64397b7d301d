"""Rules about phones and alarm devices: invited, enrolled, issued, shut out."""

import re
from typing import Final

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.errors import refuse
from evidence.statements.facts import NO_LIST
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said

ACCOUNT: Final = re.compile("[0-9A-F]{3,16}")
CENTRE: Final = re.compile("[A-Za-z][A-Za-z0-9_]{0,31}")


@rule(bodies.DeviceInvite)
def _device_invite(standing: Standing, said: Said[bodies.DeviceInvite], _now: ids.Time) -> None:
    body = said.body
    kid = keys.signing_kid(bytes.fromhex(body.invite))
    if kid in standing.invitations or standing.public_key(kid) is not None:
        refuse("exists", "this invitation exists")
    if body.vault != standing.cases[said.case].pin:
        refuse("vault", "the invitation pins another vault, or another X-Wing key, than the case's")
    lists = standing.lists.get(said.case, ())
    if body.number != (lists[-1].number if lists else NO_LIST):
        refuse("list", "the invitation names another number than the newest list has")


@rule(bodies.DeviceEnrol)
def _device_enrol(standing: Standing, said: Said[bodies.DeviceEnrol], _now: ids.Time) -> None:
    body = said.body
    if body.device in standing.devices or keys.signing_kid(bytes.fromhex(body.sign)) != said.by:
        refuse("exists", "this device exists, or the statement is signed by another key")


@rule(bodies.AlarmDeviceEnrol)
def _alarm_device_enrol(standing: Standing, said: Said[bodies.AlarmDeviceEnrol], _now: ids.Time) -> None:
    body = said.body
    kid = keys.signing_kid(bytes.fromhex(body.sign))
    if body.device in standing.devices or standing.public_key(kid) is not None:
        refuse("exists", "this device or its key exists")
    _accounts(standing, body)
    card = standing.items.get(body.card) if body.card is not None else None
    if body.card is not None and (card is None or card.case != said.case):
        refuse("unknown-item", "the dispatcher card is not an item of this case")


def _accounts(standing: Standing, body: bodies.AlarmDeviceEnrol) -> None:
    """One account at each centre, as DC-09 spells one, that no other device in use has: it would be another's door."""
    given = body.accounts or ()
    fit = all(CENTRE.fullmatch(one.centre) and ACCOUNT.fullmatch(one.account) for one in given)
    if not fit or len({one.centre for one in given}) < len(given):
        refuse("account", "an account has 3 to 16 digits (0-9, A-F), one for each centre")
    if any((one.centre, one.account) in standing.accounts for one in given):
        refuse("account", "another device in use has this account at this centre")


@rule(bodies.DeviceRevoke)
def _device_revoke(standing: Standing, said: Said[bodies.DeviceRevoke], _now: ids.Time) -> None:
    device = standing.devices.get(said.body.device)
    if device is None or device.case != said.case or device.revoked:
        refuse("unknown-device", "this case has no such device in use")
