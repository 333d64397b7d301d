"""What the journal adds up to: keys in force, cases, devices, items, grants, alarms.

There is no second list: every permission and every screen is computed from this, and this only from the accepted
statements, in order. `evidence.statements.authority` decides what is accepted.

A server reads the organisation's statements when it starts, and a case's own when somebody asks about that case
(`Standing.partly`): then a question about what was not read raises `unread.Unread`, and is asked again after reading.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from evidence import ids, keys
from evidence.statements import types
from evidence.statements.facts import Begun, Case, Certified, Device, Erasure, Granted, Hold, Lending, Sealed, Shift
from evidence.statements.statement import Chain, Statement
from evidence.statements.tombstone import Tombstone
from evidence.statements.unread import Kind, Part, Reach, UnreadAuthorError, UnreadReaderError


@dataclass
class Belongings:
    """What belongs to one case, by name, so that no answer about a case depends on how many others there are."""

    items: list[ids.ItemId] = field(default_factory=list)
    grants: dict[ids.GrantId, None] = field(default_factory=dict)
    """Those in `Standing.grants`, in their order."""
    alarms: set[ids.AlarmId] = field(default_factory=set)
    presses: set[tuple[ids.AlarmId, ids.Sha256]] = field(default_factory=set)
    """Which press (SHA-256 of its bytes) is in which alarm: several bridges say the same of it, and it counts once."""


NOTHING: Final = Belongings()
"""Of a case that has nothing yet; never changed."""


NO_HEAD: Final = types.Blob(ids.Sha256("0" * 64), 0)
"""Of an item that was announced and erased: no container has such a head."""


@dataclass
class Standing:
    """The sum of the accepted statements. Only `apply` and its neighbours change it."""

    reach: Reach = field(default_factory=Reach)
    log: types.LogOpen | None = None
    rotations: tuple[types.LogRotate, ...] = ()
    """How the log went on under other keys, oldest first (`rotation.lineage_of`)."""
    events: int = 0
    """How many statements were accepted: the number of the next event."""
    certified: dict[ids.KeyId, Certified] = field(default_factory=dict)
    teams: dict[ids.TeamId, str] = field(default_factory=dict)
    shares: dict[ids.KeyId, tuple[types.KeyShare, ...]] = field(default_factory=dict)
    cases: dict[ids.CaseId, Case] = field(default_factory=dict)
    case_of_vault: dict[ids.KeyId, ids.CaseId] = field(default_factory=dict)
    invitations: dict[ids.KeyId, tuple[ids.CaseId, types.DeviceInvite]] = field(default_factory=dict)
    devices: dict[ids.DeviceId, Device] = field(default_factory=dict)
    devices_of: dict[ids.CaseId, tuple[ids.DeviceId, ...]] = field(default_factory=dict)
    device_of_key: dict[ids.KeyId, ids.DeviceId] = field(default_factory=dict)
    lendings: dict[ids.DeviceId, Lending] = field(default_factory=dict)
    """The last lending of each alarm device that was ever lent."""
    shifts: dict[ids.ShiftId, Shift] = field(default_factory=dict)
    erased: set[ids.ItemId] = field(default_factory=set)
    """Items that may be handed to nobody any more; their leaves remain."""
    holds: dict[ids.HoldId, Hold] = field(default_factory=dict)
    known_holds: set[ids.HoldId] = field(default_factory=set)
    erasures: dict[ids.ErasureId, Erasure] = field(default_factory=dict)
    retained: dict[ids.CaseId, types.CaseRetain] = field(default_factory=dict)
    belongings: dict[ids.CaseId, Belongings] = field(default_factory=dict)

    # What follows is of cases, and is there as far as they were read.
    chains: Part[ids.KeyId, Chain] = field(init=False)
    """The number of each phone's last statement, with that statement's own id as `prev` of the next."""
    opened: Part[ids.ItemId, Begun] = field(init=False)
    """Items that were announced and are not sealed yet."""
    items: Part[ids.ItemId, Sealed] = field(init=False)
    lost: Part[ids.ItemId, frozenset[ids.KeyId]] = field(init=False)
    """Who held a grant of an item when it was erased: they are told so, and nobody else is."""
    grants: Part[ids.GrantId, Granted] = field(init=False)
    known_grants: Part[ids.GrantId, ids.CaseId] = field(init=False)
    readers: Part[ids.KeyId, set[ids.CaseId]] = field(init=False)
    """In which cases something was ever granted to a reader."""
    alarms: Part[ids.AlarmId, ids.CaseId] = field(init=False)
    exports: Part[ids.ExportId, types.Export] = field(init=False)
    disclosures: Part[ids.DisclosureId, ids.CaseId] = field(init=False)

    def __post_init__(self) -> None:
        """Bind the parts to the reach."""
        self.chains = Part(self.reach, self._demand_chain)
        self.readers = Part(self.reach, self._demand_reader)
        self.opened, self.items, self.lost = (self._part("item") for _ in range(3))
        self.grants, self.known_grants = self._part("grant"), self._part("grant")
        self.alarms, self.exports = self._part("alarm"), self._part("export")
        self.disclosures = self._part("disclosure")

    @classmethod
    def partly(cls) -> "Standing":
        """Return a standing that cases are read into one by one (`pass_over`, `read_case`, `forget`)."""
        return cls(Reach(whole=False))

    def _part(self, kind: Kind) -> Part[Any, Any]:
        return Part(self.reach, lambda name: self.reach.demand_name(kind, name))

    def _demand_chain(self, kid: ids.KeyId) -> None:
        """A phone's numbers are in the events of its case; no other key has any."""
        if (device := self.device_of_key.get(kid)) is not None:
            self.reach.demand(self.devices[device].case)

    def _demand_reader(self, kid: ids.KeyId) -> None:
        if not self.reach.whole:
            raise UnreadReaderError(kid)

    def of(self, case: ids.CaseId) -> Belongings:
        """Return what belongs to a case."""
        if case in self.cases:
            self.reach.demand(case)
        return self.belongings.get(case, NOTHING)

    @property
    def root(self) -> bytes | None:
        """The root's Ed25519 public key, once the log is open."""
        return bytes.fromhex(self.log.root.sign) if self.log else None

    def public_key(self, kid: ids.KeyId) -> bytes | None:
        """Return the public key that may sign as `kid` now: not retired, not revoked; None if there is none."""
        if self.root is not None and keys.signing_kid(self.root) == kid:
            return self.root
        if (certified := self.certified.get(kid)) is not None:
            return None if certified.retired else bytes.fromhex(certified.body.sign)
        if (case := self.case_of_vault.get(kid)) is not None:
            return bytes.fromhex(self.cases[case].body.vault)
        if (device := self.device_of_key.get(kid)) is not None:
            return None if self.devices[device].revoked else self.devices[device].sign
        return None

    def role_of(self, kid: ids.KeyId) -> str | None:
        """Return root, vault, phone, alarm_device or the certified role of a key in force; None for others."""
        if self.public_key(kid) is None:
            return None
        if (certified := self.certified.get(kid)) is not None:
            return certified.body.role
        if kid in self.case_of_vault:
            return "vault"
        if (device := self.device_of_key.get(kid)) is not None:
            return "alarm_device" if self.devices[device].alarm else "phone"
        return "root"

    def on_team(self, kid: ids.KeyId, case: ids.CaseId) -> bool:
        """Whether `kid` is a caseworker in force of the team that has the case."""
        known = self.certified.get(kid)
        return (
            known is not None
            and not known.retired
            and known.body.role == "caseworker"
            and case in self.cases
            and known.body.team == self.cases[case].body.team
        )

    def readable(self, kid: ids.KeyId, case: ids.CaseId, now: ids.Time) -> dict[ids.ItemId, types.GrantedItem]:
        """Return the items of `case` that grants in force at `now` give to reader `kid`, with the key wraps."""
        return {
            granted.item: granted
            for grant in map(self.grants.__getitem__, self.of(case).grants)
            if grant.body.reader == kid and grant.body.expires > now
            for granted in grant.body.items
            if granted.item not in self.erased
        }

    def is_card(self, item: ids.ItemId, case: ids.CaseId) -> bool:
        """Whether `item` is the dispatcher card of an alarm device of `case`."""
        devices = map(self.devices.__getitem__, self.devices_of.get(case, ()))
        return any(device.alarm is not None and device.alarm.card == item for device in devices)

    def is_needed_card(self, item: ids.ItemId) -> bool:
        """Whether `item` is the dispatcher card of an alarm device that is in use."""
        return any(
            device.alarm is not None and device.alarm.card == item and not device.revoked
            for device in self.devices.values()
        )

    def announced_by(self, kid: ids.KeyId) -> list[ids.ItemId]:
        """Return the items that a key announced, and that are neither sealed nor erased."""
        if (device := self.device_of_key.get(kid)) is not None:
            self.reach.demand(self.devices[device].case)  # a phone acts in one case
        elif not self.reach.whole and kid not in self.reach.authors:
            raise UnreadAuthorError(kid)
        return [item for item, one in self.opened.read() if one.by == kid and item not in self.erased]

    def bury(self, tombstone: Tombstone) -> None:
        """Add an event that was destroyed: what later events rely on, and nothing that opens an item."""
        self.reach.demand(tombstone.case)
        self.events += 1
        self._bury(tombstone)

    def apply(self, statement: Statement) -> None:
        """Add an accepted statement; `authority.check` comes first, this only records.

        Raises Unread, and changes nothing, when it tells about a case that was not read: see `touches`.
        """
        if (case := touches(statement)) is not None:
            self.reach.demand(case)
        self.events += 1
        self._record(statement)
        if case is not None:
            self._record_in(case, statement)
        elif statement.type == "case.open":
            self.reach.begin(_case(statement))

    def pass_over(self, statement: Statement) -> None:
        """Add what an accepted statement says about the organisation, not what it says about a case not yet read."""
        self.events += 1
        self._record(statement)

    def read_case(self, case: ids.CaseId, history: Iterable[Statement | Tombstone]) -> None:
        """Add what the events of a case so far say about it; what they say about the organisation is here already."""
        self.reach.begin(case)
        for each in history:
            if isinstance(each, Tombstone):
                self._bury(each)
            elif touches(each) is not None:
                self._record_in(case, each)

    def forget(self, case: ids.CaseId) -> None:
        """Let go of what `read_case` added, and of what came after it."""
        for kind, name in self.reach.forget(case):
            for part in self._parts_of(kind):
                part.pop(name, None)
        for device in self.devices_of.get(case, ()):
            self.chains.pop(keys.signing_kid(self.devices[device].sign), None)
        self.belongings.pop(case, None)

    def doubt(self) -> None:
        """The journal grew by events that were not read: what was nowhere may be somewhere now."""
        self.reach.doubt()
        if not self.reach.whole:
            self.readers.clear()

    def _parts_of(self, kind: Kind) -> tuple[Part[Any, Any], ...]:
        match kind:
            case "item":
                return self.opened, self.items, self.lost
            case "grant":
                return self.grants, self.known_grants
            case "alarm":
                return (self.alarms,)
            case "export":
                return (self.exports,)
            case "disclosure":
                return (self.disclosures,)

    def _bury(self, tombstone: Tombstone) -> None:
        self.reach.count(tombstone.case)
        if tombstone.seq is not None:
            self.chains[tombstone.by] = Chain(tombstone.seq, tombstone.statement)
        if tombstone.grant is not None:
            self.add_grant(tombstone.case, tombstone.grant)
        elif tombstone.type == "item.open":
            nothing = types.ItemOpen(tombstone.items[0], NO_HEAD)
            self.open_item(tombstone.items[0], Begun(tombstone.case, tombstone.by, nothing))
        else:
            self.opened.pop(tombstone.items[0], None)
            self.add_item(tombstone.items[0], Sealed(tombstone.case, tombstone.by, None))

    def _record(self, statement: Statement) -> None:
        """Record what belongs to no case, or is needed before anybody asks about the case."""
        record = _RECORDS.get(statement.type)
        if record is not None:
            record(self, statement)

    def _record_in(self, case: ids.CaseId, statement: Statement) -> None:
        """Record what belongs to a case that was read."""
        self.reach.count(case)
        if statement.chain is not None:
            self.chains[statement.by] = Chain(statement.chain.seq, statement.id)
        record = _RECORDS_IN_CASES.get(statement.type)
        if record is not None:
            record(self, statement)

    def open_item(self, item: ids.ItemId, begun: Begun) -> None:
        """Add an item that was announced."""
        self.reach.keep("item", item, begun.case)
        self.opened[item] = begun

    def add_item(self, item: ids.ItemId, sealed: Sealed) -> None:
        """Add an item to its case."""
        self.reach.keep("item", item, sealed.case)
        self.items[item] = sealed
        self.belongings.setdefault(sealed.case, Belongings()).items.append(item)

    def add_device(self, device: Device) -> None:
        """Add a phone or an alarm device to its case."""
        self.devices[device.device] = device
        self.devices_of[device.case] = (*self.devices_of.get(device.case, ()), device.device)

    def add_grant(self, case: ids.CaseId, grant: types.Grant) -> None:
        """Add a grant to its case; its name is never used again."""
        self.reach.keep("grant", grant.grant, case)
        self.grants[grant.grant] = Granted(case, grant)
        self.known_grants[grant.grant] = case
        if self.reach.whole or self.readers.holds(grant.reader):
            self.readers.setdefault(grant.reader, set()).add(case)
        self.belongings.setdefault(case, Belongings()).grants[grant.grant] = None

    def end_grant(self, name: ids.GrantId) -> None:
        """End a grant, if it was in force."""
        ended = self.grants.pop(name, None)
        if ended is not None:
            del self.belongings[ended.case].grants[name]


def _log_open(standing: Standing, statement: Statement) -> None:
    standing.log = cast("types.LogOpen", statement.body)


def _log_rotate(standing: Standing, statement: Statement) -> None:
    standing.rotations = (*standing.rotations, cast("types.LogRotate", statement.body))


def _key_publish(standing: Standing, statement: Statement) -> None:
    body = cast("types.KeyPublish", statement.body)
    standing.certified[keys.signing_kid(bytes.fromhex(body.sign))] = Certified(body)


def _key_retire(standing: Standing, statement: Statement) -> None:
    kid = cast("types.KeyRetire", statement.body).kid
    standing.certified[kid] = replace(standing.certified[kid], retired=True)


def _key_share(standing: Standing, statement: Statement) -> None:
    body = cast("types.KeyShare", statement.body)
    standing.shares[body.to] = (*standing.shares.get(body.to, ()), body)


def _team_open(standing: Standing, statement: Statement) -> None:
    body = cast("types.TeamOpen", statement.body)
    standing.teams[body.team] = body.label


def _case_open(standing: Standing, statement: Statement) -> None:
    case = Case(cast("types.CaseOpen", statement.body), statement.at)
    name = _case(statement)
    standing.cases[name] = case
    standing.case_of_vault[case.vault_kid] = name


def _device_invite(standing: Standing, statement: Statement) -> None:
    body = cast("types.DeviceInvite", statement.body)
    standing.invitations[keys.signing_kid(bytes.fromhex(body.invite))] = (_case(statement), body)


def _device_enrol(standing: Standing, statement: Statement) -> None:
    body = cast("types.DeviceEnrol", statement.body)
    del standing.invitations[body.invite]
    standing.add_device(Device(body.device, _case(statement), bytes.fromhex(body.sign)))
    standing.device_of_key[statement.by] = body.device


def _alarm_device_enrol(standing: Standing, statement: Statement) -> None:
    body = cast("types.AlarmDeviceEnrol", statement.body)
    public = bytes.fromhex(body.sign)
    standing.add_device(Device(body.device, _case(statement), public, alarm=body))
    standing.device_of_key[keys.signing_kid(public)] = body.device


def _device_lend(standing: Standing, statement: Statement) -> None:
    body = cast("types.DeviceLend", statement.body)
    standing.lendings[body.device] = Lending(_case(statement), body, statement.by, statement.at, body.review)


def _device_review(standing: Standing, statement: Statement) -> None:
    body = cast("types.DeviceReview", statement.body)
    known = standing.lendings[body.device]
    standing.lendings[body.device] = replace(known, review=body.next, reviewed_at=statement.at)


def _device_return(standing: Standing, statement: Statement) -> None:
    body = cast("types.DeviceReturn", statement.body)
    known = standing.lendings[body.device]
    standing.lendings[body.device] = replace(known, returned_at=statement.at, condition=body.condition)


def _shift_begin(standing: Standing, statement: Statement) -> None:
    standing.shifts[cast("types.ShiftMark", statement.body).shift] = Shift(statement.by, statement.at)


def _shift_end(standing: Standing, statement: Statement) -> None:
    name = cast("types.ShiftMark", statement.body).shift
    standing.shifts[name] = replace(standing.shifts[name], ended_at=statement.at)


def _device_revoke(standing: Standing, statement: Statement) -> None:
    device = cast("types.DeviceRevoke", statement.body).device
    standing.devices[device] = replace(standing.devices[device], revoked=True)


def _item_open(standing: Standing, statement: Statement) -> None:
    body = cast("types.ItemOpen", statement.body)
    standing.open_item(body.item, Begun(_case(statement), statement.by, body))


def _item_seal(standing: Standing, statement: Statement) -> None:
    body = cast("types.ItemSeal", statement.body)
    standing.opened.pop(body.item, None)
    standing.add_item(body.item, Sealed(_case(statement), statement.by, body))


def _grant(standing: Standing, statement: Statement) -> None:
    body = cast("types.Grant", statement.body)
    standing.add_grant(_case(statement), body)


def _revoke(standing: Standing, statement: Statement) -> None:
    standing.end_grant(cast("types.Revoke", statement.body).grant)


def _disclose(standing: Standing, statement: Statement) -> None:
    name = cast("types.Disclose", statement.body).disclosure
    standing.reach.keep("disclosure", name, _case(statement))
    standing.disclosures[name] = _case(statement)


def _hold_place(standing: Standing, statement: Statement) -> None:
    body = cast("types.HoldPlace", statement.body)
    role = standing.role_of(statement.by) or ""
    standing.holds[body.hold] = Hold(_case(statement), role, frozenset(body.items))
    standing.known_holds.add(body.hold)


def _hold_lift(standing: Standing, statement: Statement) -> None:
    standing.holds.pop(cast("types.HoldLift", statement.body).hold, None)


def _erase_request(standing: Standing, statement: Statement) -> None:
    body = cast("types.EraseRequest", statement.body)
    standing.erasures[body.erasure] = Erasure(_case(statement), frozenset(body.items), statement.at)


def _erase_approve(standing: Standing, statement: Statement) -> None:
    name = cast("types.EraseStep", statement.body).erasure
    standing.erasures[name] = replace(standing.erasures[name], approved=True)


def _erase_cancel(standing: Standing, statement: Statement) -> None:
    name = cast("types.EraseStep", statement.body).erasure
    standing.erasures[name] = replace(standing.erasures[name], ended=True)


def _erase_execute(standing: Standing, statement: Statement) -> None:
    """From here on nobody gets these items."""
    name = cast("types.EraseStep | types.EraseRepeat", statement.body).erasure
    standing.erasures[name] = replace(standing.erasures[name], ended=True, executed_at=statement.at)
    standing.erased |= standing.erasures[name].items


def _erase_repeat(standing: Standing, statement: Statement) -> None:
    body = cast("types.EraseRepeat", statement.body)
    standing.erasures[body.erasure] = Erasure(_case(statement), frozenset(body.items), statement.at, approved=True)
    _erase_execute(standing, statement)


def _end_grants(standing: Standing, statement: Statement) -> None:
    """A grant that holds a key of an erased item ends whole: see `Tombstone`.

    What an erasure names never changes once it is executed, so it is the same whenever the case is read.
    """
    items = standing.erasures[cast("types.EraseStep | types.EraseRepeat", statement.body).erasure].items
    of_case = [standing.grants[grant] for grant in standing.of(_case(statement)).grants]
    for grant in [one for one in of_case if items & _items_of(one.body)]:
        standing.end_grant(grant.body.grant)
        for item in items & _items_of(grant.body):
            standing.lost[item] = standing.lost.get(item, frozenset()) | {grant.body.reader}


def _items_of(grant: types.Grant) -> frozenset[ids.ItemId]:
    """Return the items whose keys a grant holds."""
    return frozenset(granted.item for granted in grant.items)


def _erase_finish(standing: Standing, statement: Statement) -> None:
    body = cast("types.EraseFinish", statement.body)
    locks = [one.until for one in body.remains if one.where == "object-lock" and one.until is not None]
    known = standing.erasures[body.erasure]
    standing.erasures[body.erasure] = replace(known, finished=True, locked_until=max(locks, default=None))


def _case_retain(standing: Standing, statement: Statement) -> None:
    standing.retained[_case(statement)] = cast("types.CaseRetain", statement.body)


def _export(standing: Standing, statement: Statement) -> None:
    body = cast("types.Export", statement.body)
    standing.reach.keep("export", body.export, _case(statement))
    standing.exports[body.export] = body


def _alarm_raise(standing: Standing, statement: Statement) -> None:
    body = cast("types.AlarmRaise", statement.body)
    standing.reach.keep("alarm", body.alarm, _case(statement))
    standing.alarms[body.alarm] = _case(statement)
    own = standing.belongings.setdefault(_case(statement), Belongings())
    own.alarms.add(body.alarm)
    own.presses.add((body.alarm, body.cose_sha256))


def _alarm_repeat(standing: Standing, statement: Statement) -> None:
    body = cast("types.AlarmRepeat", statement.body)
    standing.belongings.setdefault(_case(statement), Belongings()).presses.add((body.alarm, body.cose_sha256))


def _case(statement: Statement) -> ids.CaseId:
    return cast("ids.CaseId", statement.case)  # the parser lets no such type through without a case


_RECORDS: Final[Mapping[str, Callable[[Standing, Statement], None]]] = {
    "log.open": _log_open,
    "log.rotate": _log_rotate,
    "key.publish": _key_publish,
    "key.retire": _key_retire,
    "key.share": _key_share,
    "team.open": _team_open,
    "case.open": _case_open,
    "device.invite": _device_invite,
    "device.enrol": _device_enrol,
    "device.revoke": _device_revoke,
    "alarm_device.enrol": _alarm_device_enrol,
    "alarm_device.lend": _device_lend,
    "alarm_device.review": _device_review,
    "alarm_device.return": _device_return,
    "shift.begin": _shift_begin,
    "shift.end": _shift_end,
    "hold.place": _hold_place,
    "hold.lift": _hold_lift,
    "erase.request": _erase_request,
    "erase.approve": _erase_approve,
    "erase.cancel": _erase_cancel,
    "erase.execute": _erase_execute,
    "erase.finish": _erase_finish,
    "erase.repeat": _erase_repeat,
    "case.retain": _case_retain,
}
"""What each type says about the organisation, and about a case that every process has to know."""

_RECORDS_IN_CASES: Final[Mapping[str, Callable[[Standing, Statement], None]]] = {
    "item.open": _item_open,
    "item.seal": _item_seal,
    "disclose": _disclose,
    "grant": _grant,
    "revoke": _revoke,
    "export": _export,
    "alarm.raise": _alarm_raise,
    "alarm.repeat": _alarm_repeat,
    "erase.execute": _end_grants,
    "erase.repeat": _end_grants,
}
"""What each type says about its case alone: read when somebody asks about the case."""

ALWAYS_READ: Final = frozenset(_RECORDS)
"""Types that are read when a process starts."""

READ_WITH_CASE: Final = frozenset(_RECORDS_IN_CASES)
"""Types that are read with their case, beside all that are numbered: the numbers of her phones are read there, too."""


def touches(statement: Statement) -> ids.CaseId | None:
    """Return the case that has to be read before this is recorded; None when it tells the organisation only."""
    if statement.type in READ_WITH_CASE or statement.chain is not None:
        return statement.case
    return None
