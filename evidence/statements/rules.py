"""What a statement needs beyond its signer's role: one small rule per type, called by `evidence.statements.authority`.

Each looks at what the journal adds up to and refuses, or returns. The same rules stand in words in
`docs/formats/statement.md`.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final, cast

from evidence import canonical, ids, keys, xwing
from evidence.custody.errors import CustodyError
from evidence.errors import FormatError
from evidence.statements import erasing, lending, types
from evidence.statements.belonging import items_of_case
from evidence.statements.errors import refuse
from evidence.statements.rotation import lineage_of
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement

Rule = Callable[[Standing, Statement, ids.Time], None]

READERS: Final = frozenset({"caseworker", "investigator"})
"""Roles that she can grant to: named people, never a unit."""


def _log_rotate(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.LogRotate", statement.body)
    try:
        line = lineage_of(standing.log, (*standing.rotations, body))
    except CustodyError as error:
        refuse("rotation", str(error))
    if line.current.first_event != standing.events:
        refuse("rotation", f"the journal has {standing.events} events, the head covers {line.current.first_event}")


def _key_publish(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.KeyPublish", statement.body)
    if keys.signing_kid(bytes.fromhex(body.sign)) in standing.certified:
        refuse("exists", "this key was published before")
    if body.team is not None and body.team not in standing.teams:
        refuse("unknown-team", "there is no such team")
    if body.role == "caseworker" and body.team is None:
        refuse("team", "a caseworker belongs to a team")
    _check_xwing(body.xwing)


def _key_retire(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    if cast("types.KeyRetire", statement.body).kid not in standing.certified:
        refuse("unknown-key", "that key was never published")


def _key_share(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.KeyShare", statement.body)
    if standing.role_of(body.to) is None:
        refuse("unknown-key", "that reader has no key in force")
    _check_xwing(None if body.xwing is None else body.xwing.public)
    owner = next((one.body for one in standing.certified.values() if one.body.box == body.box), None)
    if owner is not None and owner.xwing != (None if body.xwing is None else body.xwing.public):
        # Half a desk key would be found out by a dispatcher who cannot open an alarm.
        refuse("xwing", "a key that is shared is shared whole: with the X-Wing key that the root certified, or none")


def _team_open(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    if cast("types.TeamOpen", statement.body).team in standing.teams:
        refuse("exists", "this team exists")


def _case_open(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.CaseOpen", statement.body)
    vault_kid = keys.signing_kid(bytes.fromhex(body.vault))
    if statement.case in standing.cases or standing.public_key(vault_kid) is not None:
        refuse("exists", "this case, or a case with this vault key, exists")
    author, lead = standing.certified[statement.by], standing.certified.get(body.lead)
    if author.body.team != body.team or lead is None or lead.retired or lead.body.team != body.team:
        refuse("team", "a case is opened within the caseworker's own team, with a lead from it")
    _check_xwing(body.xwing)


def _device_invite(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.DeviceInvite", statement.body)
    kid = keys.signing_kid(bytes.fromhex(body.invite))
    if kid in standing.invitations or standing.public_key(kid) is not None:
        refuse("exists", "this invitation exists")
    case = standing.cases[cast("ids.CaseId", statement.case)].body
    if body.xwing is not None and (case.xwing is None or _sha256(case.xwing) != body.xwing):
        refuse("xwing", "the invitation pins another X-Wing key than the case's")


def _device_enrol(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.DeviceEnrol", statement.body)
    if body.device in standing.devices or keys.signing_kid(bytes.fromhex(body.sign)) != statement.by:
        refuse("exists", "this device exists, or the statement is signed by another key")


def _alarm_device_enrol(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.AlarmDeviceEnrol", statement.body)
    kid = keys.signing_kid(bytes.fromhex(body.sign))
    if body.device in standing.devices or standing.public_key(kid) is not None:
        refuse("exists", "this device or its key exists")
    card = standing.items.get(body.card) if body.card is not None else None
    if body.card is not None and (card is None or card.case != statement.case):
        refuse("unknown-item", "the dispatcher card is not an item of this case")


def _device_revoke(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    device = standing.devices.get(cast("types.DeviceRevoke", statement.body).device)
    if device is None or device.case != statement.case or device.revoked:
        refuse("unknown-device", "this case has no such device in use")


def _item_open(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    item = cast("types.ItemOpen", statement.body).item
    if item in standing.items or item in standing.opened:
        refuse("exists", "this item was opened or sealed before")


def _item_seal(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.ItemSeal", statement.body)
    if body.item in standing.items:
        refuse("exists", "this item was sealed before")
    if body.item in standing.erased:
        refuse("erased", "this item was announced and erased")
    begun = standing.opened.get(body.item)
    if begun is not None and (begun.by, begun.body.head) != (statement.by, body.head):
        refuse("exists", "this item was opened by another key, or with another head")


def _item_amend(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.ItemAmend", statement.body)
    items_of_case(standing, statement, (body.item, body.amends))
    if body.item == body.amends or standing.items[body.item].by != statement.by:
        refuse("amendment", "an item is amended by another one, which the same key sealed")


def _disclose(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.Disclose", statement.body)
    if body.disclosure in standing.disclosures:
        refuse("exists", "this proposal exists")
    if standing.role_of(body.reader) not in READERS:
        refuse("reader", "the reader's key is not one that the root certified for a person who may read")
    items_of_case(standing, statement, body.items, begun=True)


def _dispute(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.Dispute", statement.body)
    device = standing.devices.get(body.device)
    if device is None or device.case != statement.case:
        refuse("unknown-device", "this case has no such device")
    if body.until < body.since:
        refuse("window", "the window ends before it begins")


def _break_glass(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.BreakGlass", statement.body)
    if not standing.is_card(body.item, cast("ids.CaseId", statement.case)):
        refuse("unknown-item", "that is not the card of an alarm device of this case")
    if not body.reason.strip():
        refuse("reason", "breaking the glass needs a reason")


def _grant(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.Grant", statement.body)
    if body.grant in standing.known_grants:
        refuse("exists", "this grant exists")
    reader = standing.certified.get(body.reader)
    if reader is None or reader.retired or reader.body.role not in READERS or reader.body.box != body.reader_box:
        refuse("reader", "the reader's key is not one that the root certified for a person who may read")
    items_of_case(standing, statement, tuple(granted.item for granted in body.items), begun=True)
    if any(granted.suite for granted in body.items) and reader.body.xwing is None:
        refuse("reader", "the reader has no X-Wing key, so no wrap in suite 2 is theirs")


def _sha256(public: ids.Base64) -> ids.Sha256:
    return ids.Sha256(hashlib.sha256(canonical.unb64(public)).hexdigest())


def _check_xwing(public: ids.Base64 | None) -> None:
    """Refuse a key that nobody could wrap to: it would be found out when an item is needed."""
    if public is None:
        return
    try:
        xwing.check_public(canonical.unb64(public))
    except FormatError:
        refuse("xwing", "that is no X-Wing public key")


def _revoke(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    grant = standing.grants.get(cast("types.Revoke", statement.body).grant)
    if grant is None or grant.case != statement.case:
        refuse("unknown-grant", "this case has no such grant in force")


def _export(standing: Standing, statement: Statement, now: ids.Time) -> None:
    body = cast("types.Export", statement.body)
    if body.export in standing.exports:
        refuse("exists", "this export exists")
    case = cast("ids.CaseId", statement.case)
    if not set(body.items) <= standing.readable(statement.by, case, now).keys():
        refuse("not-granted", "the export names an item that was not granted")


def _alarm_raise(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.AlarmRaise", statement.body)
    device = standing.devices.get(body.device)
    if body.alarm in standing.alarms:
        refuse("exists", "this alarm exists")
    if device is None or device.alarm is None or device.case != statement.case:
        refuse("unknown-device", "this case has no such alarm device")


def _alarm_repeat(standing: Standing, statement: Statement, now: ids.Time) -> None:
    _alarm_known(standing, statement, now)
    body = cast("types.AlarmRepeat", statement.body)
    if (body.alarm, body.cose_sha256) in standing.of(cast("ids.CaseId", statement.case)).presses:
        refuse("exists", "this press is in this alarm already")


def _alarm_known(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    alarm = cast("types.AlarmAct", statement.body).alarm
    if standing.alarms.get(alarm) != statement.case:
        refuse("unknown-alarm", "this case has no such alarm")


RULES: Final[Mapping[str, Rule]] = {
    "log.rotate": _log_rotate,
    "key.publish": _key_publish,
    "key.retire": _key_retire,
    "key.share": _key_share,
    "team.open": _team_open,
    "case.open": _case_open,
    "device.invite": _device_invite,
    "device.enrol": _device_enrol,
    "alarm_device.enrol": _alarm_device_enrol,
    "alarm_device.lend": lending.lend,
    "alarm_device.review": lending.review,
    "alarm_device.return": lending.give_back,
    "shift.begin": lending.begin_shift,
    "shift.end": lending.end_shift,
    "device.revoke": _device_revoke,
    "item.open": _item_open,
    "item.seal": _item_seal,
    "item.amend": _item_amend,
    "disclose": _disclose,
    "grant": _grant,
    "revoke": _revoke,
    "dispute": _dispute,
    "hold.place": erasing.hold_place,
    "hold.lift": erasing.hold_lift,
    "erase.request": erasing.erase_request,
    "erase.approve": erasing.erase_approve,
    "erase.cancel": erasing.erase_cancel,
    "erase.execute": erasing.erase_execute,
    "erase.finish": erasing.erase_finish,
    "erase.repeat": erasing.erase_repeat,
    "case.retain": erasing.case_retain,
    "break_glass": _break_glass,
    "export": _export,
    "alarm.raise": _alarm_raise,
    "alarm.repeat": _alarm_repeat,
    **dict.fromkeys(
        (
            "alarm.deliver",
            "alarm.claim",
            "alarm.accept",
            "alarm.dispatch",
            "alarm.on_scene",
            "alarm.close",
        ),
        _alarm_known,
    ),
}
"""What a type needs beyond its signer's role; a type without a rule needs nothing more."""
