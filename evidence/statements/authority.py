"""Who may do what: one pure function, `check(standing, statement, now)`.

It decides about the next statement from what the journal adds up to (`standing`) and changes nothing. The rules are the
table in `docs/formats/statement.md`. Signatures are checked here too, because only the journal says which keys exist.

State rules:
- The first statement is `log.open`; it names the root, which signs all `key.*` and `team.*`.
- A key counts from `key.publish` until `key.retire`; a phone's or alarm device's from enrolment until revocation.
- A phone only adds: `item.seal` in its own case, numbered without a gap. It never reads, grants or erases.
- Only the vault key of a case grants and revokes, and only to a reader whose key the root certified.
- Only a certified bridge raises alarms; only a dispatcher acts on them. No type deletes anything.
"""

from collections.abc import Callable, Mapping
from typing import Final, NoReturn, cast

from evidence import ids, keys
from evidence.errors import EvidenceError
from evidence.statements import types
from evidence.statements.standing import Standing
from evidence.statements.statement import FIRST_PREV, Chain, Statement, verified

_SIGNERS_BY_TYPE: Final[Mapping[str, str]] = {
    "log.open": "root",
    "key.publish": "root",
    "key.retire": "root",
    "key.share": "root",
    "team.open": "root",
    "case.open": "caseworker",
    "device.invite": "caseworker",
    "device.enrol": "newcomer",
    "device.revoke": "caseworker vault",
    "alarm_device.enrol": "caseworker",
    "item.seal": "phone caseworker bridge",
    "grant": "vault",
    "revoke": "vault",
    "read": "server",
    "export": "investigator",
    "alarm.raise": "bridge",
    "alarm.repeat": "bridge",
    "alarm.deliver": "bridge",
    "alarm.claim": "dispatcher",
    "alarm.accept": "dispatcher",
    "alarm.dispatch": "dispatcher",
    "alarm.on_scene": "dispatcher",
    "alarm.close": "dispatcher",
}
SIGNERS: Final = {kind: frozenset(roles.split()) for kind, roles in _SIGNERS_BY_TYPE.items()}
"""Role x action: which role's key signs which type. Compared with the docs by a test."""

READERS: Final = frozenset({"caseworker", "investigator"})
"""Roles that she can grant to: named people, never a unit."""


class NotAllowedError(EvidenceError):
    """The journal so far does not allow this statement; `reason` is a stable word for machines."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def check(standing: Standing, statement: Statement, now: ids.Time) -> None:
    """Return when the journal so far allows `statement` at `now`.

    Raises NotAllowedError (with the reason) or keys.SignatureError.
    """
    role = check_author(standing, statement, now)
    if statement.case is not None and statement.type != "case.open" and statement.case not in standing.cases:
        _refuse("unknown-case", "there is no such case")
    _check_chain(standing, statement, role)
    _check_own_case(standing, statement, role)
    rule = _RULES.get(statement.type)
    if rule is not None:
        rule(standing, statement)


def check_author(standing: Standing, statement: Statement, now: ids.Time) -> str:
    """Return the author's role when a key in force signed, and its role may sign this type; raises as `check`.

    This half needs no neighbours of the statement, so a verifier that holds a part of the journal can use it.
    """
    signers = {statement.by: _author_key(standing, statement)}
    if isinstance(statement.body, types.DeviceEnrol):
        signers[statement.body.invite] = _invitation_key(standing, statement, statement.body, now)
    verified(statement, signers)
    if (standing.log is None) != (statement.type == "log.open"):
        _refuse("log-state", "the log opens once, with its first statement")
    role = "root" if standing.log is None else standing.role_of(statement.by) or "newcomer"
    if role not in SIGNERS[statement.type]:
        _refuse("role", f"a {role} key does not sign {statement.type}")
    return role


def _refuse(reason: str, text: str) -> NoReturn:
    raise NotAllowedError(reason, text)


def _author_key(standing: Standing, statement: Statement) -> bytes:
    body = statement.body
    if isinstance(body, types.LogOpen) and standing.log is None:
        return bytes.fromhex(body.root.sign)
    if isinstance(body, types.DeviceEnrol) and statement.by not in standing.device_of_key:
        return bytes.fromhex(body.sign)
    public = standing.public_key(statement.by)
    if public is None:
        _refuse("unknown-key", "the key that signed is not known here, or no longer in force")
    return public


def _invitation_key(standing: Standing, statement: Statement, body: types.DeviceEnrol, now: ids.Time) -> bytes:
    case, invitation = standing.invitations.get(body.invite, (None, None))
    if invitation is None or case != statement.case:
        _refuse("invitation", "this invitation does not exist or was used before")
    if invitation.expires <= now:
        _refuse("invitation-expired", "this invitation has expired")
    return bytes.fromhex(invitation.invite)


def _check_chain(standing: Standing, statement: Statement, role: str) -> None:
    if role not in {"phone", "newcomer"}:
        if statement.chain is not None:
            _refuse("chain", "only a phone numbers its statements")
        return
    last = standing.chains.get(statement.by)
    expected = Chain(0, FIRST_PREV) if last is None else Chain(last.seq + 1, last.prev)
    if statement.chain != expected:
        _refuse("chain", f"expected number {expected.seq}, naming the statement that came before it")


def _check_own_case(standing: Standing, statement: Statement, role: str) -> None:
    """A key acts in its own cases only; the answer is the same as for a case that does not exist."""
    case = statement.case
    if case is None or statement.type == "case.open":
        return
    own = True
    if role == "phone":
        own = standing.devices[standing.device_of_key[statement.by]].case == case
    elif role == "vault":
        own = standing.case_of_vault[statement.by] == case
    elif role == "caseworker":
        own = standing.on_team(statement.by, case)
    if not own:
        _refuse("unknown-case", "there is no such case")


def _key_publish(standing: Standing, statement: Statement) -> None:
    body = cast("types.KeyPublish", statement.body)
    if keys.signing_kid(bytes.fromhex(body.sign)) in standing.certified:
        _refuse("exists", "this key was published before")
    if body.team is not None and body.team not in standing.teams:
        _refuse("unknown-team", "there is no such team")
    if body.role == "caseworker" and body.team is None:
        _refuse("team", "a caseworker belongs to a team")


def _key_retire(standing: Standing, statement: Statement) -> None:
    if cast("types.KeyRetire", statement.body).kid not in standing.certified:
        _refuse("unknown-key", "that key was never published")


def _key_share(standing: Standing, statement: Statement) -> None:
    if standing.role_of(cast("types.KeyShare", statement.body).to) is None:
        _refuse("unknown-key", "that reader has no key in force")


def _team_open(standing: Standing, statement: Statement) -> None:
    if cast("types.TeamOpen", statement.body).team in standing.teams:
        _refuse("exists", "this team exists")


def _case_open(standing: Standing, statement: Statement) -> None:
    body = cast("types.CaseOpen", statement.body)
    vault_kid = keys.signing_kid(bytes.fromhex(body.vault))
    if statement.case in standing.cases or standing.public_key(vault_kid) is not None:
        _refuse("exists", "this case, or a case with this vault key, exists")
    author, lead = standing.certified[statement.by], standing.certified.get(body.lead)
    if author.body.team != body.team or lead is None or lead.retired or lead.body.team != body.team:
        _refuse("team", "a case is opened within the caseworker's own team, with a lead from it")


def _device_invite(standing: Standing, statement: Statement) -> None:
    body = cast("types.DeviceInvite", statement.body)
    kid = keys.signing_kid(bytes.fromhex(body.invite))
    if kid in standing.invitations or standing.public_key(kid) is not None:
        _refuse("exists", "this invitation exists")


def _device_enrol(standing: Standing, statement: Statement) -> None:
    body = cast("types.DeviceEnrol", statement.body)
    if body.device in standing.devices or keys.signing_kid(bytes.fromhex(body.sign)) != statement.by:
        _refuse("exists", "this device exists, or the statement is signed by another key")


def _alarm_device_enrol(standing: Standing, statement: Statement) -> None:
    body = cast("types.AlarmDeviceEnrol", statement.body)
    kid = keys.signing_kid(bytes.fromhex(body.sign))
    if body.device in standing.devices or standing.public_key(kid) is not None:
        _refuse("exists", "this device or its key exists")
    card = standing.items.get(body.card) if body.card is not None else None
    if body.card is not None and (card is None or card.case != statement.case):
        _refuse("unknown-item", "the dispatcher card is not an item of this case")


def _device_revoke(standing: Standing, statement: Statement) -> None:
    device = standing.devices.get(cast("types.DeviceRevoke", statement.body).device)
    if device is None or device.case != statement.case or device.revoked:
        _refuse("unknown-device", "this case has no such device in use")


def _item_seal(standing: Standing, statement: Statement) -> None:
    if cast("types.ItemSeal", statement.body).item in standing.items:
        _refuse("exists", "this item was sealed before")


def _grant(standing: Standing, statement: Statement) -> None:
    body = cast("types.Grant", statement.body)
    if body.grant in standing.known_grants:
        _refuse("exists", "this grant exists")
    reader = standing.certified.get(body.reader)
    if reader is None or reader.retired or reader.body.role not in READERS or reader.body.box != body.reader_box:
        _refuse("reader", "the reader's key is not one that the root certified for a person who may read")
    for granted in body.items:
        sealed = standing.items.get(granted.item)
        if sealed is None or sealed.case != statement.case:
            _refuse("unknown-item", "this case has no such item")


def _revoke(standing: Standing, statement: Statement) -> None:
    grant = standing.grants.get(cast("types.Revoke", statement.body).grant)
    if grant is None or grant.case != statement.case:
        _refuse("unknown-grant", "this case has no such grant in force")


def _export(standing: Standing, statement: Statement) -> None:
    body = cast("types.Export", statement.body)
    if body.export in standing.exports:
        _refuse("exists", "this export exists")
    case = cast("ids.CaseId", statement.case)
    if not set(body.items) <= standing.readable(statement.by, case, statement.at).keys():
        _refuse("not-granted", "the export names an item that was not granted")


def _alarm_raise(standing: Standing, statement: Statement) -> None:
    body = cast("types.AlarmRaise", statement.body)
    device = standing.devices.get(body.device)
    if body.alarm in standing.alarms:
        _refuse("exists", "this alarm exists")
    if device is None or device.alarm is None or device.case != statement.case:
        _refuse("unknown-device", "this case has no such alarm device")


def _alarm_known(standing: Standing, statement: Statement) -> None:
    alarm = cast("types.AlarmAct", statement.body).alarm
    if standing.alarms.get(alarm) != statement.case:
        _refuse("unknown-alarm", "this case has no such alarm")


_RULES: Final[Mapping[str, Callable[[Standing, Statement], None]]] = {
    "key.publish": _key_publish,
    "key.retire": _key_retire,
    "key.share": _key_share,
    "team.open": _team_open,
    "case.open": _case_open,
    "device.invite": _device_invite,
    "device.enrol": _device_enrol,
    "alarm_device.enrol": _alarm_device_enrol,
    "device.revoke": _device_revoke,
    "item.seal": _item_seal,
    "grant": _grant,
    "revoke": _revoke,
    "export": _export,
    "alarm.raise": _alarm_raise,
    **dict.fromkeys(
        (
            "alarm.repeat",
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
