"""The standing of a journal, what it adds up to: keys in force, cases, devices, items, grants, alarms.

There is no second list: every permission and every screen is computed from this, and this only from the accepted
statements, in order. `evidence.statements.rules.authority` decides what is accepted, `evidence.statements.fold` adds
it.

A server reads the organisation's statements when it starts, and a case's own when somebody asks about that case
(`Standing.partly`): then a question about what was not read raises `unread.Unread`, and is asked again after reading.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any, Final

from evidence import ids, keys
from evidence.statements import bodies, reader_lists
from evidence.statements.catalogue import Name
from evidence.statements.facts import (
    NO_LIST,
    Begun,
    Case,
    Certified,
    Device,
    Erasure,
    Granted,
    Hold,
    Lending,
    Rescued,
    Sealed,
    Shift,
)
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from evidence.statements.unread import Part, Reach, UnreadAuthorError, UnreadReaderError


@dataclass
class Belongings:
    """What belongs to one case, by name, so that no answer about a case depends on how many others there are."""

    items: list[ids.ItemId] = field(default_factory=list)
    grants: dict[ids.GrantId, None] = field(default_factory=dict)
    """Those in `Standing.grants`, in their order."""
    alarms: set[ids.AlarmId] = field(default_factory=set)
    presses: set[tuple[ids.AlarmId, ids.Sha256]] = field(default_factory=set)
    """Which press, by its identity, is in which alarm: several bridges say the same of it, and it counts once."""
    folded: dict[ids.AlarmId, ids.AlarmId] = field(default_factory=dict)
    """Alarms that turned out to be another one."""
    alarmed_at: ids.Time | None = None
    """When a bridge last received a press that asks for help."""
    list_number: int = NO_LIST
    """The number of the newest standing list so far: an item belongs to the list before it."""
    wraps: dict[ids.KeyId, dict[ids.ItemId, tuple[bodies.ItemWrap, ...]]] = field(default_factory=dict)
    """Keys that were wrapped to a listed reader, or to a rescue key, after an item was sealed; by reader."""
    shares: dict[ids.KeyId, tuple[bodies.RescueShare, ...]] = field(default_factory=dict)
    """Who holds a share of each rescue key."""
    requests: dict[ids.Sha256, tuple[ids.KeyId, bodies.RescueUse]] = field(default_factory=dict)
    """Who asked to use a rescue key, by the id of the statement."""
    rescued: dict[ids.KeyId, Rescued] = field(default_factory=dict)
    """Rescue keys that were used."""

    def standing_alarm(self, alarm: ids.AlarmId) -> ids.AlarmId:
        """Return the alarm that one is by now: itself, or what it was folded into, as often as that happened."""
        while alarm in self.folded:  # it ends: no alarm is folded into itself
            alarm = self.folded[alarm]
        return alarm


NOTHING: Final = Belongings()
"""Of a case that has nothing yet; never changed."""


@dataclass
class Standing:
    """The sum of the accepted statements. Only `evidence.statements.fold` changes it."""

    reach: Reach = field(default_factory=Reach)
    log: bodies.LogOpen | None = None
    rotations: tuple[bodies.LogRotate, ...] = ()
    """How the log went on under other keys, oldest first (`rotation.lineage_of`)."""
    events: int = 0
    """How many statements were accepted: the number of the next event."""
    certified: dict[ids.KeyId, Certified] = field(default_factory=dict)
    teams: dict[ids.TeamId, str] = field(default_factory=dict)
    shares: dict[ids.KeyId, tuple[bodies.KeyShare, ...]] = field(default_factory=dict)
    cases: dict[ids.CaseId, Case] = field(default_factory=dict)
    case_of_vault: dict[ids.KeyId, ids.CaseId] = field(default_factory=dict)
    invitations: dict[ids.KeyId, tuple[ids.CaseId, bodies.DeviceInvite]] = field(default_factory=dict)
    devices: dict[ids.DeviceId, Device] = field(default_factory=dict)
    devices_of: dict[ids.CaseId, tuple[ids.DeviceId, ...]] = field(default_factory=dict)
    device_of_key: dict[ids.KeyId, ids.DeviceId] = field(default_factory=dict)
    accounts: dict[tuple[str, str], ids.DeviceId] = field(default_factory=dict)
    """Which device in use has an account at an alarm centre, by centre and account."""
    lendings: dict[ids.DeviceId, Lending] = field(default_factory=dict)
    """The last lending of each alarm device that was ever lent."""
    shifts: dict[ids.ShiftId, Shift] = field(default_factory=dict)
    erased: set[ids.ItemId] = field(default_factory=set)
    """Items that may be handed to nobody any more; their leaves remain."""
    holds: dict[ids.HoldId, Hold] = field(default_factory=dict)
    known_holds: set[ids.HoldId] = field(default_factory=set)
    erasures: dict[ids.ErasureId, Erasure] = field(default_factory=dict)
    retained: dict[ids.CaseId, bodies.CaseRetain] = field(default_factory=dict)
    lists: dict[ids.CaseId, tuple[bodies.ListSet, ...]] = field(default_factory=dict)
    """The standing lists of each case, by number."""
    list_statements: dict[ids.CaseId, tuple[Statement, ...]] = field(default_factory=dict)
    """The same, as her vault signed them: whoever seals checks them."""
    excluded: dict[ids.CaseId, frozenset[ids.KeyId]] = field(default_factory=dict)
    """Who is no reader of a case, whatever she or anybody else says."""
    consent_changed: dict[ids.CaseId, ids.Time] = field(default_factory=dict)
    """When something was last taken back or disputed under her phrase: her lead asks her, as agreed at intake."""
    belongings: defaultdict[ids.CaseId, Belongings] = field(default_factory=lambda: defaultdict(Belongings))

    # What follows is of cases, and is there as far as they were read.
    chains: Part[ids.KeyId, Chain] = field(init=False)
    """The number of the last statement of each phone and vault, with its own id as `prev` of the next."""
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
    exports: Part[ids.ExportId, bodies.Export] = field(init=False)
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
        """Return a standing that cases are read into one by one (`fold.pass_over`, `fold.read_case`, `forget`)."""
        return cls(Reach(whole=False))

    def _part(self, kind: Name) -> Part[Any, Any]:
        return Part(self.reach, lambda name: self.reach.demand_name(kind, name))

    def _demand_chain(self, kid: ids.KeyId) -> None:
        """The numbers of a phone and of a vault are in the events of their case; no other key has any."""
        if (device := self.device_of_key.get(kid)) is not None:
            self.reach.demand(self.devices[device].case)
        elif (case := self.case_of_vault.get(kid)) is not None:
            self.reach.demand(case)

    def next_link(self, kid: ids.KeyId) -> Chain:
        """Return number and predecessor of the next statement of a phone or a vault."""
        last = self.chains.get(kid)
        return Chain(0, FIRST_PREV) if last is None else Chain(last.seq + 1, last.prev)

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
        """Whether `kid` is a caseworker in force of the team that has the case, and is not excluded from it."""
        known = self.certified.get(kid)
        return (
            known is not None
            and not known.retired
            and known.body.role == "caseworker"
            and case in self.cases
            and known.body.team == self.cases[case].body.team
            and not self.is_excluded(kid, case)
        )

    def readable(self, kid: ids.KeyId, case: ids.CaseId, now: ids.Time) -> dict[ids.ItemId, bodies.GrantedItem]:
        """Return the items of `case` that grants in force at `now` give to reader `kid`, with the key wraps."""
        if self.is_excluded(kid, case):
            return {}
        return {
            granted.item: granted
            for grant in map(self.grants.__getitem__, self.of(case).grants)
            if grant.body.reader == kid and grant.body.expires > now
            for granted in grant.body.items
            if granted.item not in self.erased
        }

    def is_excluded(self, kid: ids.KeyId, case: ids.CaseId) -> bool:
        """Whether somebody is no reader of a case, whatever was granted."""
        return kid in self.excluded.get(case, frozenset())

    def has_standing(self, kid: ids.KeyId, item: ids.ItemId, now: ids.Time) -> bool:
        """Whether a person has an item without a grant: they sealed it, or the list in force gives it to them.

        It does when it names them, and a list named them before the item was added. A wrap in the item's head gives
        nobody access.
        """
        known = self.items.get(item) or self.opened.get(item)
        if known is None or item in self.erased or self.is_excluded(kid, known.case):
            return False
        if known.by == kid:
            return True
        if self.role_of(kid) != "caseworker":
            return False
        first = reader_lists.named_from(self.lists.get(known.case, ()), kid, now)
        return first is not None and first <= known.listed

    def is_card(self, item: ids.ItemId, case: ids.CaseId, *, needed: bool = False) -> bool:
        """Whether `item` is the dispatcher card of an alarm device of `case`; `needed`: of one that is in use."""
        devices = map(self.devices.__getitem__, self.devices_of.get(case, ()))
        return any(
            device.alarm is not None and device.alarm.card == item and not (needed and device.revoked)
            for device in devices
        )

    def announced_by(self, kid: ids.KeyId) -> list[ids.ItemId]:
        """Return the items that a key announced, and that are neither sealed nor erased."""
        if (device := self.device_of_key.get(kid)) is not None:
            self.reach.demand(self.devices[device].case)  # a phone acts in one case
        elif not self.reach.whole and kid not in self.reach.authors:
            raise UnreadAuthorError(kid)
        return [item for item, one in self.opened.read() if one.by == kid and item not in self.erased]

    def forget(self, case: ids.CaseId) -> None:
        """Let go of what `fold.read_case` added, and of what came after it."""
        for kind, name in self.reach.forget(case):
            for part in self._parts_of(kind):
                part.pop(name, None)
        for device in self.devices_of.get(case, ()):
            self.chains.pop(keys.signing_kid(self.devices[device].sign), None)
        self.chains.pop(self.cases[case].vault_kid, None)
        self.belongings.pop(case, None)

    def doubt(self) -> None:
        """The journal grew by events that were not read: what was nowhere may be somewhere now."""
        self.reach.doubt()
        if not self.reach.whole:
            self.readers.clear()

    def _parts_of(self, kind: Name) -> tuple[Part[Any, Any], ...]:
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

    def open_item(self, item: ids.ItemId, begun: Begun) -> None:
        """Add an item that was announced."""
        self.reach.keep("item", item, begun.case)
        self.opened[item] = begun

    def add_item(self, item: ids.ItemId, sealed: Sealed) -> None:
        """Add an item to its case."""
        self.reach.keep("item", item, sealed.case)
        self.items[item] = sealed
        self.belongings[sealed.case].items.append(item)

    def add_device(self, device: Device) -> None:
        """Add a phone or an alarm device to its case."""
        self.devices[device.device] = device
        self.devices_of[device.case] = (*self.devices_of.get(device.case, ()), device.device)
        self.accounts.update(dict.fromkeys(device.accounts, device.device))

    def revoke_device(self, name: ids.DeviceId) -> None:
        """Shut a device out; its accounts may be another's from now on."""
        device = self.devices[name]
        self.devices[name] = replace(device, revoked=True)
        for account in device.accounts:
            self.accounts.pop(account, None)

    def add_grant(self, case: ids.CaseId, grant: bodies.Grant) -> None:
        """Add a grant to its case; its name is never used again."""
        self.reach.keep("grant", grant.grant, case)
        self.grants[grant.grant] = Granted(case, grant)
        self.known_grants[grant.grant] = case
        if self.reach.whole or self.readers.holds(grant.reader):
            self.readers.setdefault(grant.reader, set()).add(case)
        self.belongings[case].grants[grant.grant] = None

    def end_grant(self, name: ids.GrantId) -> None:
        """End a grant, if it was in force."""
        ended = self.grants.pop(name, None)
        if ended is not None:
            del self.belongings[ended.case].grants[name]
