"""What a statement needs beyond its signer's role: one small rule per type, called by `evidence.statements.authority`.

Each looks at what the journal adds up to and refuses, or returns. The same rules stand in words in
`docs/formats/statement.md`.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, cast

from evidence import canonical, ids, keys
from evidence.custody.errors import CustodyError
from evidence.envelope import xwing
from evidence.errors import FormatError
from evidence.statements import lending, retention, types
from evidence.statements.errors import refuse
from evidence.statements.facts import Erasure
from evidence.statements.rotation import lineage_of
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement, parse, verified

Rule = Callable[[Standing, Statement, ids.Time], None]

READERS: Final = frozenset({"caseworker", "investigator"})
"""Roles that she can grant to: named people, never a unit."""

ERASE_DELAY: Final = timedelta(days=14)
"""Long enough that a woman who was forced to ask can be in safety, and cancel."""

ERASE_LAPSE: Final = timedelta(days=90)
"""A request that could not be executed by then (held, not approved) is asked anew: an old wish must not come true on
the day that a hold ends."""

ERASE_CLOCK: Final = timedelta(minutes=10)
"""How far the time in an erasure request may be from the server's: a backdated one would shorten the delay."""


def _log_rotate(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.LogRotate", statement.body)
    if standing.log is None:
        refuse("log-state", "a log that was not opened does not end")
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
    if body.wrap_suite is not None and body.xwing is None:
        refuse("suite", "a case that demands suite 2 has an X-Wing key of its own")


def _case_pin(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    """Nobody is shut out unseen: a pin is refused while a phone in use would be.

    The key is hers to bring: a caseworker who could name one would read, alone, whatever is added from then on.
    """
    body = cast("types.CasePin", statement.body)
    name = cast("ids.CaseId", statement.case)
    case = standing.cases[name].body
    if case.wrap_suite is not None:
        refuse("exists", "this case demands suite 2 already")
    if (body.xwing is None) == (case.xwing is None):
        refuse("xwing", "a case has one X-Wing key: it comes with the pin when the case has none yet, and only then")
    if body.xwing is not None and standing.role_of(statement.by) != "vault":
        refuse("role", "only the vault gives its case an X-Wing key")
    _check_xwing(body.xwing)
    devices = map(standing.devices.__getitem__, standing.of(name).devices)
    if any(not one.hybrid for one in devices if one.alarm is None and not one.revoked):
        refuse("suite", "a phone in use does not know the X-Wing key: invite it again, or revoke it, first")


def _device_invite(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.DeviceInvite", statement.body)
    kid = keys.signing_kid(bytes.fromhex(body.invite))
    if kid in standing.invitations or standing.public_key(kid) is not None:
        refuse("exists", "this invitation exists")
    case = standing.cases[cast("ids.CaseId", statement.case)].body
    if body.xwing is None and case.wrap_suite is not None:
        refuse("suite", "this case demands suite 2, so its invitations pin its X-Wing key")
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
    _items_of_case(standing, statement, (body.item, body.amends))
    if body.item == body.amends or standing.items[body.item].by != statement.by:
        refuse("amendment", "an item is amended by another one, which the same key sealed")


def _disclose(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.Disclose", statement.body)
    if body.disclosure in standing.disclosures:
        refuse("exists", "this proposal exists")
    if standing.role_of(body.reader) not in READERS:
        refuse("reader", "the reader's key is not one that the root certified for a person who may read")
    _items_of_case(standing, statement, body.items, begun=True)


def _dispute(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.Dispute", statement.body)
    device = standing.devices.get(body.device)
    if device is None or device.case != statement.case:
        refuse("unknown-device", "this case has no such device")
    if body.until < body.since:
        refuse("window", "the window ends before it begins")


def _hold_place(standing: Standing, statement: Statement, now: ids.Time) -> None:
    body = cast("types.HoldPlace", statement.body)
    if body.hold in standing.known_holds:
        refuse("exists", "this hold exists")
    _items_of_case(standing, statement, body.items, begun=True)
    case = cast("ids.CaseId", statement.case)
    granted = standing.readable(statement.by, case, now).keys()
    if standing.role_of(statement.by) == "investigator" and not granted >= set(body.items):
        refuse("not-granted", "an investigator holds what was granted to them")


def _hold_lift(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    hold = standing.holds.get(cast("types.HoldLift", statement.body).hold)
    if hold is None or hold.case != statement.case:
        refuse("unknown-hold", "this case has no such hold in force")
    if hold.role != standing.role_of(statement.by):
        refuse("role", f"a hold of a {hold.role} is lifted by a {hold.role}")


def _erase_request(standing: Standing, statement: Statement, now: ids.Time) -> None:
    body = cast("types.EraseRequest", statement.body)
    if body.erasure in standing.erasures:
        refuse("exists", "this request exists")
    if abs(ids.moment_of(statement.at) - ids.moment_of(now)) > ERASE_CLOCK:
        refuse("clock", "the time in the request is not the present: the delay counts from it")
    _items_of_case(standing, statement, body.items, begun=True)
    _refuse_needed_cards(standing, body.items)


def _erase_approve(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    if _erasure(standing, statement).approved:
        refuse("exists", "this erasure was approved before")


def _erase_cancel(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    _erasure(standing, statement)


def _erase_execute(standing: Standing, statement: Statement, now: ids.Time) -> None:
    erasure = _erasure(standing, statement)
    if not erasure.approved:
        refuse("not-approved", "no caseworker approved this erasure")
    if ids.moment_of(now) - ids.moment_of(erasure.requested_at) < ERASE_DELAY:
        refuse("too-early", f"an erasure waits {ERASE_DELAY.days} days, so that it can be cancelled")
    if ids.moment_of(now) - ids.moment_of(erasure.requested_at) > ERASE_LAPSE:
        refuse("lapsed", f"a request counts for {ERASE_LAPSE.days} days; she can ask again")
    if any(retention.is_held(standing, item) for item in erasure.items):
        refuse("held", "one of the items is held")
    if retention.bars_erasure(standing, erasure.case, now):
        refuse("retained", "the case is kept for a claim or an inquiry")
    if erasure.items & standing.erased:
        refuse("erased", "one of the items was erased by another request")
    _refuse_needed_cards(standing, tuple(erasure.items))


def _erase_finish(standing: Standing, statement: Statement, now: ids.Time) -> None:
    body = cast("types.EraseFinish", statement.body)
    erasure = standing.erasures.get(body.erasure)
    if erasure is None or erasure.case != statement.case or not erasure.executed:
        refuse("unknown-erasure", "this case has no such erasure under way")
    if erasure.finished and (erasure.locked_until is None or erasure.locked_until > now):
        refuse("exists", "this erasure was finished before")


def _erase_repeat(standing: Standing, statement: Statement, now: ids.Time) -> None:
    """What three people's keys decided holds in a journal that forgot it; a server alone repeats nothing."""
    body = cast("types.EraseRepeat", statement.body)
    known = standing.erasures.get(body.erasure)
    if known is not None and known.ended:
        refuse("exists", "this erasure was executed or cancelled")
    _items_of_case(standing, statement, body.items, begun=True)
    asked, agreed, done = (
        _repeated(standing, statement, kind, part)
        for kind, part in (
            ("erase.request", body.request),
            ("erase.approve", body.approve),
            ("erase.execute", body.execute),
        )
    )
    case = cast("ids.CaseId", statement.case)
    if standing.case_of_vault.get(asked.by) != case or not standing.on_team(agreed.by, case):
        refuse("not-approved", "it was not asked by her vault, or nobody of the team agreed")
    if standing.role_of(done.by) != "server":
        refuse("not-approved", "no server carried it out")
    if not set(body.items) <= set(cast("types.EraseRequest", asked.body).items):
        refuse("unknown-item", "she did not ask for one of these items")
    if ids.moment_of(done.at) - ids.moment_of(asked.at) < ERASE_DELAY - ERASE_CLOCK:
        refuse("too-early", f"an erasure waits {ERASE_DELAY.days} days, so that it can be cancelled")
    if any(retention.is_held(standing, item) for item in body.items):
        refuse("held", "one of the items is held")
    if retention.bars_erasure(standing, case, now):
        refuse("retained", "the case is kept for a claim or an inquiry")


def _repeated(standing: Standing, statement: Statement, kind: str, part: ids.Base64) -> Statement:
    """Return a statement inside `erase.repeat`, signed by a key in force, of this case and erasure."""
    try:
        found = parse(canonical.unb64(part))
    except FormatError:
        refuse("form", "a step of the erasure cannot be read")
    public = standing.public_key(found.by)
    same = getattr(found.body, "erasure", None) == cast("types.EraseRepeat", statement.body).erasure
    if public is None or found.type != kind or found.case != statement.case or not same:
        refuse("not-approved", "a step is of another erasure, or by a key that is not known here")
    return verified(found, {found.by: public})


def _refuse_needed_cards(standing: Standing, items: tuple[ids.ItemId, ...]) -> None:
    """The card of a device in use tells a dispatcher how to get to her: nobody loses it under pressure."""
    if any(standing.is_needed_card(item) for item in items):
        refuse("in-use", "one of the items is the card of an alarm device in use: revoke the device first")


def _case_retain(standing: Standing, statement: Statement, now: ids.Time) -> None:
    body, case = cast("types.CaseRetain", statement.body), cast("ids.CaseId", statement.case)
    if standing.cases[case].body.lead != statement.by:
        refuse("lead", "the lead of the case says how long it is kept")
    if not body.ground.strip():
        refuse("ground", "keeping a case needs a ground in law")
    if ids.moment_of(body.until) - ids.moment_of(now) > retention.LONGEST[body.retention]:
        refuse("too-long", "longer than this class of reasons allows: nobody can undo it")
    before = standing.retained.get(case)
    if before is not None and (
        body.until < before.until or retention.RANK[body.retention] < retention.RANK[before.retention]
    ):
        refuse("shorter", "what was said to be kept is never kept shorter, or for a weaker reason")


def _erasure(standing: Standing, statement: Statement) -> Erasure:
    erasure = standing.erasures.get(cast("types.EraseStep", statement.body).erasure)
    if erasure is None or erasure.case != statement.case or erasure.ended:
        refuse("unknown-erasure", "this case has no such erasure under way")
    return erasure


def _break_glass(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.BreakGlass", statement.body)
    if not standing.is_card(body.item, cast("ids.CaseId", statement.case)):
        refuse("unknown-item", "that is not the card of an alarm device of this case")
    if not body.reason.strip():
        refuse("reason", "breaking the glass needs a reason")


def _items_of_case(
    standing: Standing, statement: Statement, items: tuple[ids.ItemId, ...], *, begun: bool = False
) -> None:
    """Refuse unless there is at least one item and all are of this case and still there.

    `begun` counts items that were announced and not sealed, too: what arrived of a recording that was cut is evidence.
    """
    more = standing.opened if begun else {}
    known = (standing.items.get(item) or more.get(item) for item in items if item not in standing.erased)
    if not items or sum(found is not None and found.case == statement.case for found in known) != len(items):
        refuse("unknown-item", "this case has no such item")


def _grant(standing: Standing, statement: Statement, _now: ids.Time) -> None:
    body = cast("types.Grant", statement.body)
    if body.grant in standing.known_grants:
        refuse("exists", "this grant exists")
    reader = standing.certified.get(body.reader)
    if reader is None or reader.retired or reader.body.role not in READERS or reader.body.box != body.reader_box:
        refuse("reader", "the reader's key is not one that the root certified for a person who may read")
    _items_of_case(standing, statement, tuple(granted.item for granted in body.items), begun=True)
    least = standing.cases[cast("ids.CaseId", statement.case)].body.wrap_suite
    suites = {granted.suite for granted in body.items}
    if least is not None and suites != {least}:
        refuse("suite", "this case demands suite 2 for every wrap")
    if suites != {None} and reader.body.xwing is None:
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
    if (body.alarm, body.cose_sha256) in standing.presses:
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
    "case.pin": _case_pin,
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
    "hold.place": _hold_place,
    "hold.lift": _hold_lift,
    "erase.request": _erase_request,
    "erase.approve": _erase_approve,
    "erase.cancel": _erase_cancel,
    "erase.execute": _erase_execute,
    "erase.finish": _erase_finish,
    "erase.repeat": _erase_repeat,
    "case.retain": _case_retain,
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
