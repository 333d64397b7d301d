"""A town of cases, staff, phones and devices that says anything: likely things, unlikely ones and forbidden ones.

`RandomHistory.say` makes the next statement, of any type, signed by somebody who may or may not say it, about names of
its own case, of another one, or of none. What is accepted is for `authority` to decide. The same seed says the same
things, but for the keys and the names, which are always new.
"""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from evidence import canonical, ids, keys
from evidence.custody.log.note import generate_key
from evidence.statements import bodies, rescues
from evidence.statements import statement as statements
from evidence.statements.standing import Standing
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from tests.support import published
from tests.support.journal_history import certify
from tests.support.town_house import House, public

ORIGIN: Final = "log.example"
FRESH: Final = 0.6
"""How often a name is a new one; otherwise somebody used it before, perhaps in another case."""
STRANGE: Final = 0.08
"""How often somebody speaks whose place it is not."""


class RandomHistory:
    """What everybody who lives or works there says."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = ids.moment_of(ids.now())
        self.root, self.server = (keys.Identity.generate() for _ in range(2))
        self.bridge = keys.BridgeIdentity.generate()
        self.investigator, self.dispatcher = (keys.Identity.generate() for _ in range(2))
        self.teams = [ids.TeamId(ids.new_id()) for _ in range(2)]
        self.workers = [[keys.Identity.generate() for _ in range(2)] for _ in self.teams]
        self.houses: list[House] = []
        self.next: dict[ids.KeyId, Chain] = {}
        self.shifts: list[ids.ShiftId] = []
        self.wanted: dict[str, list[ids.ItemId]] = {}
        """What was asked to be erased, by erasure."""

    # ---------------------------------------------------------------------------------------------- founding

    def found(self) -> list[Statement]:
        """Return the statements that a town begins with: two teams and three cases."""
        log = bodies.LogOpen(ORIGIN, bodies.RootKey(public(self.root), "root"), generate_key(ORIGIN).vkey)
        said = [self._sign(self.root, "log.open", log)]
        said += [self._sign(self.root, "team.open", bodies.TeamOpen(team, "Team")) for team in self.teams]
        staff: list[tuple[keys.SigningKey, bodies.Role, ids.TeamId | None]] = [
            (self.server, "server", None),
            (self.bridge, "bridge", None),
            (self.investigator, "investigator", None),
            (self.dispatcher, "dispatcher", None),
            *((who, "caseworker", self.teams[team]) for team in (0, 1) for who in self.workers[team]),
        ]
        said += [self._sign(self.root, "key.publish", certify(*one)) for one in staff]
        said += [self._case_open(team) for team in (0, 0, 1)]
        return said

    def heard(self, standing: Standing) -> None:
        """Let phones and vaults know how far their statements came, and everybody which names are in the journal."""
        for house in self.houses:
            for numbered in (house.vault, *house.phones):
                self.next[numbered.kid] = standing.next_link(numbered.kid)
            own = standing.of(house.case)
            lists = standing.lists.get(house.case, ())
            house.lists, house.rows = len(lists), lists[-1].readers if lists else ()
            house.shares = 0 if house.rescue is None else len(own.shares.get(house.rescue.opening_kid, ()))
            house.named = rescues.current(standing, house.case, ids.time_of(self.now))
            announced = [item for item, one in standing.opened.read() if one.case == house.case]
            house.real = {
                "item": [*own.items, *own.items, *announced],
                "grant": list(own.grants),
                "alarm": list(own.alarms),
                "hold": [name for name, one in standing.holds.items() if one.case == house.case],
                "erasure": [
                    name for name, one in standing.erasures.items() if one.case == house.case and not one.ended
                ],
            }
            house.buttons = [
                name for name in house.devices if name in standing.devices and standing.devices[name].alarm
            ]
        self.events = standing.events

    # ------------------------------------------------------------------------------------------------- saying

    def say(self) -> Statement:
        """Return the next statement."""
        kinds = {name.removeprefix("say_"): getattr(self, name) for name in dir(type(self)) if name.startswith("say_")}
        weights = [_WEIGHTS.get(kind, 1) for kind in kinds]
        (kind,) = self.dice.choices(list(kinds), weights)
        said: Statement = kinds[kind](self.dice.choice(self.houses))
        return said

    def say_organisation(self, house: House) -> Statement:
        who = keys.Identity.generate()
        match self.dice.randrange(5):
            case 0:
                return self._sign(self.root, "team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Nieuw"))
            case 1:
                return self._sign(self.root, "key.publish", certify(who, "dispatcher", None))
            case 2:
                share = bodies.KeyShare(published.opens(who), self.dispatcher.kid, ids.Base64("AAAA"), 2)
                return self._sign(self.root, "key.share", share)
            case 3:
                gone = self.dice.choice([*self.workers[house.team], who])
                return self._sign(self.root, "key.retire", bodies.KeyRetire(gone.kid))
            case _:
                end = bodies.LogHead(ORIGIN, self.events, ids.Sha256("0" * 64))
                key = generate_key(f"{ORIGIN}/2").vkey
                return self._sign(self.root, "log.rotate", bodies.LogRotate(end, key))

    def say_case(self, house: House) -> Statement:
        if self.dice.random() < 0.1:
            return self._case_open(self.dice.randrange(2))
        kind = self.dice.choice(_CLASSES)
        until = ids.time_of(self.now + timedelta(days=self.dice.randint(1, 300)))
        return self._act(house, house.lead, "case.retain", bodies.CaseRetain(kind, "grond", until))

    def say_shift(self, _house: House) -> Statement:
        if not self.shifts or self.dice.random() < FRESH:
            self.shifts.append(ids.ShiftId(ids.new_id()))
            return self._sign(self.dispatcher, "shift.begin", bodies.ShiftMark(self.shifts[-1]))
        if self.dice.random() < FRESH:
            taken = bodies.ShiftTakeOver(self.dice.choice(self.shifts), self.dice.choice(self.shifts), ())
            return self._sign(self.dispatcher, "shift.take_over", taken)
        return self._sign(self.dispatcher, "shift.end", bodies.ShiftMark(self.dice.choice(self.shifts)))

    def say_phone(self, house: House) -> Statement:
        worker = self._worker(house)
        if house.invitations and self.dice.random() < 0.6:
            one_time, phone = house.invitations.pop(), keys.Identity.generate()
            device = ids.DeviceId(ids.new_id())
            house.phones.append(phone)
            house.devices.append(device)
            return self._numbered(
                house.case, phone, "device.enrol", bodies.DeviceEnrol(device, public(phone), one_time.kid), one_time
            )
        if house.devices and self.dice.random() < 0.15:
            return self._act(house, worker, "device.revoke", bodies.DeviceRevoke(self.dice.choice(house.devices)))
        house.invitations.append(keys.Identity.generate())
        until = ids.time_of(self.now + timedelta(days=40))
        body = published.invitation(house.vault, house.invitations[-1], until, house.lists)
        return self._act(house, worker, "device.invite", body)

    def say_alarm_device(self, house: House) -> Statement:
        worker, soon = self._worker(house), ids.time_of(self.now + timedelta(days=30))
        if not house.buttons or self.dice.random() < 0.2:
            house.devices.append(ids.DeviceId(ids.new_id()))
            card = ids.ItemId(self._known("item", house)) if self.dice.random() < 0.5 else None
            key = keys.Identity.generate()
            body = bodies.AlarmDeviceEnrol(house.devices[-1], public(key), "20s", "AWARE", card)
            return self._act(house, worker, "alarm_device.enrol", body)
        device = self.dice.choice(house.buttons)
        likely: dict[str, bodies.Body] = {
            "alarm_device.lend": bodies.DeviceLend(device, "client", "convenant 1", soon),
            "alarm_device.review": bodies.DeviceReview(device, soon),
            "alarm_device.return": bodies.DeviceReturn(device, "whole"),
            "dispute": bodies.Dispute(device, soon, soon),
        }
        kind = self.dice.choice(list(likely))
        return self._act(house, house.vault if kind == "dispute" else worker, kind, likely[kind])

    def say_item(self, house: House) -> Statement:
        speakers = [*house.phones, *house.phones, *house.phones, self._worker(house), self.bridge]
        who = self.dice.choice(speakers)
        item, head = ids.ItemId(self._name("item", house)), bodies.Blob(ids.Sha256("3" * 64), 3)
        part = bodies.Part(ids.Sha256("1" * 64), 1, ids.Commitment("2" * 64))
        match self.dice.randrange(7):
            case 0 | 1:
                body: bodies.Body = bodies.ItemOpen(item, head)
                kind = "item.open"
            case 2:
                body, kind = bodies.ItemAmend(ids.ItemId(self._known("item", house)), item), "item.amend"
            case _:
                body, kind = bodies.ItemSeal(item, head, head, part), "item.seal"
        return self._act(house, who, kind, body)

    def say_grant(self, house: House) -> Statement:
        if self.dice.random() < 0.25:
            return self._act(house, house.vault, "revoke", bodies.Revoke(ids.GrantId(self._known("grant", house))))
        reader = self.dice.choice([self.investigator, self.investigator, self._worker(house)])
        until = ids.time_of(self.now + timedelta(days=60))
        items = tuple(bodies.GrantedItem(item, ids.Base64("AAAA"), 2) for item in self._items(house))
        body = bodies.Grant(
            ids.GrantId(self._name("grant", house)), reader.kid, reader.opening_kid, "doel", until, items
        )
        return self._act(house, house.vault, "grant", body)

    def say_list(self, house: House) -> Statement:
        match self.dice.randrange(6):
            case 0:
                gone = (self.investigator, *self.workers[house.team])
                out = tuple(one.kid for one in gone if self.dice.random() < 0.1)
                return self._act(house, self._worker(house), "readers.exclude", bodies.ReadersExclude(out))
            case 1 | 2:
                item, reader = ids.ItemId(self._known("item", house)), self._worker(house)
                if house.rescue is not None and self.dice.random() < 0.3:
                    to = house.rescue.opening_kid
                    to_it = bodies.ItemWrap(item, to, to, ids.Base64("AAAA"), 2)
                    return self._act(house, house.vault, "item.wrap", to_it)
                body = bodies.ItemWrap(item, reader.kid, reader.opening_kid, ids.Base64("AAAA"), 2)
                who = house.vault if self.dice.random() < 0.6 else self._worker(house)
                return self._act(house, who, "item.wrap", body)
            case _:
                rows = [bodies.StandingReader(one.kid, published.sha256_of(one)) for one in self.workers[house.team]]
                named = tuple(one for one in rows if self.dice.random() < 0.8)
                since = self.now + timedelta(days=self.dice.choice([0, 0, 0, 1, 2]))
                until = ids.time_of(since + timedelta(days=self.dice.choice([1, 20, 90])))
                number = house.lists + 1 if self.dice.random() > STRANGE else self.dice.randrange(3)
                rescue = None if house.rescue is None else published.opens(house.rescue)
                listed = bodies.ListSet(number, ids.time_of(since), until, named, rescue=rescue)
                return self._act(house, house.vault, "list.set", listed)

    def say_rescue(self, house: House) -> Statement:
        """Her vault splits a key between those who work there; one of them asks to use it, another one agrees."""
        if house.rescue is None or self.dice.random() < STRANGE:
            house.rescue, house.rescued, house.shares, house.named = keys.Identity.generate(), [], 0, None
        name, who = house.rescue.opening_kid, self._worker(house)
        if house.shares < 2 and self.dice.random() > STRANGE:
            who = self.workers[house.team][house.shares]
            share = bodies.RescueShare(name, house.shares + 1, who.kid, who.opening_kid, ids.Base64("AAAA"), 2)
            return self._act(house, house.vault, "rescue.share", share)
        if house.named != name and self.dice.random() > STRANGE:
            until, rescue = ids.time_of(self.now + timedelta(days=90)), published.opens(house.rescue)
            body = bodies.ListSet(house.lists + 1, ids.time_of(self.now), until, house.rows, rescue=rescue)
            return self._act(house, house.vault, "list.set", body)
        if house.rescued and self.dice.random() < 0.5:
            request = self.dice.choice(house.rescued)
            assert isinstance(request.body, bodies.RescueUse)
            agreed = replace(request.body, agrees=request.id, share=ids.Base64("AAAA"))
            return self._act(house, who, "rescue.use", agreed)
        until = ids.time_of(self.now + timedelta(days=self.dice.choice([1, 2, 3])))
        said = self._act(house, who, "rescue.use", bodies.RescueUse(name, "zij is vermist", until))
        house.rescued.append(said)
        return said

    def say_disclosure(self, house: House) -> Statement:
        name = ids.DisclosureId(self._name("disclosure", house))
        body = bodies.Disclose(name, self.investigator.kid, "doel", self._items(house))
        return self._act(house, self._worker(house), "disclose", body)

    def say_read(self, house: House) -> Statement:
        return self._act(house, self.server, "read", bodies.Read(self.investigator.kid, self._items(house), "meta"))

    def say_export(self, house: House) -> Statement:
        body = bodies.Export(
            ids.ExportId(self._name("export", house)),
            "grond",
            ids.Sha256("4" * 64),
            self._items(house),
            bodies.ExportHead("log.example", 1, ids.Sha256("4" * 64)),
            (),
        )
        return self._act(house, self.investigator, "export", body)

    def say_hold(self, house: House) -> Statement:
        who = self.dice.choice([self._worker(house), self.investigator])
        if self.dice.random() < 0.5:
            return self._act(house, who, "hold.lift", bodies.HoldLift(ids.HoldId(self._known("hold", house))))
        name = ids.HoldId(self._name("hold", house))
        return self._act(house, who, "hold.place", bodies.HoldPlace(name, "onderzoek", self._items(house)))

    def say_erasure(self, house: House) -> Statement:
        if not house.real.get("erasure") or self.dice.random() < 0.25:
            name, items = ids.ErasureId(self._name("erasure", house)), self._items(house)
            self.wanted[name] = list(items)
            return self._act(house, house.vault, "erase.request", bodies.EraseRequest(name, items))
        name = ids.ErasureId(self._known("erasure", house))
        worker = self._worker(house)
        match self.dice.randrange(9):
            case 0 | 1 | 2:
                return self._act(house, worker, "erase.approve", bodies.EraseStep(name))
            case 3:
                return self._act(house, worker, "erase.cancel", bodies.EraseStep(name))
            case 4:
                return self._act(house, self.server, "erase.finish", bodies.EraseFinish(name, (), (), ()))
            case _:
                return self._act(house, self.server, "erase.execute", bodies.EraseStep(name))

    def say_erased_before(self, house: House) -> Statement:
        """What a journal that came back from before an erasure hears."""
        name, items = ids.ErasureId(self._name("erasure", house)), self._items(house)
        old, done = ids.time_of(self.now - timedelta(days=20)), ids.time_of(self.now - timedelta(days=5))
        steps = (
            statements.sign(house.vault, "erase.request", bodies.EraseRequest(name, items), case=house.case, at=old),
            statements.sign(self._worker(house), "erase.approve", bodies.EraseStep(name), case=house.case, at=old),
            statements.sign(self.server, "erase.execute", bodies.EraseStep(name), case=house.case, at=done),
        )
        parts = (ids.Base64(canonical.b64(one.envelope.to_bytes())) for one in steps)
        return self._act(house, self.server, "erase.repeat", bodies.EraseRepeat(name, items, *parts))

    def say_alarm(self, house: House) -> Statement:
        sha256, present = ids.Sha256(str(self.dice.randrange(4)) * 64), ids.time_of(self.now)
        press = bodies.Press(1, self.dice.randrange(4))
        alarm, item = ids.AlarmId(self._known("alarm", house)), ids.ItemId(self._known("item", house))
        device = self.dice.choice(house.buttons or house.devices or [ids.DeviceId(ids.new_id())])
        acts = ("alarm.claim", "alarm.accept", "alarm.dispatch", "alarm.on_scene")
        match self.dice.randrange(6):
            case 0 | 1:
                name = ids.AlarmId(self._name("alarm", house))
                raised = bodies.AlarmRaise(name, device, press, "press", item, sha256, sha256, present, "A", ())
                return self._act(house, self.bridge, "alarm.raise", raised)
            case 2:
                return self._act(
                    house, self.bridge, "alarm.repeat", bodies.AlarmRepeat(alarm, press, sha256, sha256, present)
                )
            case 3:
                told = bodies.AlarmDeliver(alarm, "meldkamer", "delivered", "", present)
                return self._act(house, self.bridge, "alarm.deliver", told)
            case 4:
                return self._act(house, self.dispatcher, self.dice.choice(acts), bodies.AlarmAct(alarm))
            case _:
                if self.dice.random() < 0.5:
                    return self._act(house, self.dispatcher, "break_glass", bodies.BreakGlass(item, "zij is in gevaar"))
                return self._act(house, self.dispatcher, "alarm.close", bodies.AlarmClose(alarm, "genuine"))

    def say_orphan(self, house: House) -> Statement:
        real = house.real.get("alarm") or []
        two = self.dice.sample(real, 2) if len(real) > 1 else [self._known("alarm", house) for _ in range(2)]
        return self._act(house, self.bridge, "alarm.fold", bodies.AlarmFold(*map(ids.AlarmId, two)))

    # ------------------------------------------------------------------------------------------- parts of it

    def _worker(self, house: House) -> keys.Identity:
        return self.dice.choice(self.workers[house.team])

    def _case_open(self, team: int) -> Statement:
        lead = self.dice.choice(self.workers[team])
        house = House(ids.CaseId(ids.new_id()), team, lead)
        body = published.case_of(house.vault, self.teams[team], lead.kid)
        self.houses.append(house)
        return self._sign(lead, "case.open", body, case=house.case)

    def _name(self, kind: str, house: House) -> str:
        """Return a new name, or one that was used before, here or elsewhere."""
        if self.dice.random() >= FRESH:
            return self._known(kind, house)
        house.names[kind].append(ids.new_id())
        return house.names[kind][-1]

    def _known(self, kind: str, house: House) -> str:
        where = self.dice.choice(self.houses) if self.dice.random() < STRANGE else house
        tried = where.names[kind] or [ids.new_id()]
        return str(self.dice.choice(where.real.get(kind) or tried if self.dice.random() > STRANGE else tried))

    def _items(self, house: House) -> tuple[ids.ItemId, ...]:
        names = {self._known("item", house) for _ in range(self.dice.randint(1, 2))}
        return tuple(ids.ItemId(name) for name in sorted(names))

    def _numbered(
        self,
        case: ids.CaseId,
        who: keys.SigningKey,
        kind: str,
        body: bodies.Body,
        cosigner: keys.Identity | None = None,
    ) -> Statement:
        chain = self.next.get(who.kid, Chain(0, FIRST_PREV))
        if self.dice.random() < STRANGE:
            chain = Chain(chain.seq + 1, chain.prev)
        said = self._sign(who, kind, body, case=case, chain=chain, cosigner=cosigner)
        self.next[who.kid] = Chain(chain.seq + 1, said.id)
        return said

    def _act(self, house: House, who: keys.SigningKey, kind: str, body: bodies.Body) -> Statement:
        if self.dice.random() < STRANGE:
            who = self.dice.choice([self.server, self.bridge, self.investigator, *self.workers[0], house.vault])
        case = self.dice.choice(self.houses).case if self.dice.random() < STRANGE else house.case
        if any(who in (one.vault, *one.phones) for one in self.houses):
            return self._numbered(case, who, kind, body)
        return self._sign(who, kind, body, case=case)

    def _sign(self, who: keys.SigningKey, kind: str, body: bodies.Body, **members: Any) -> Statement:  # noqa: ANN401 - as in statement.sign
        return statements.sign(who, kind, body, at=ids.time_of(self.now), **members)


_CLASSES: Final[tuple[bodies.RetentionClass, ...]] = ("consent", "consent", "consent", "claim")
_WEIGHTS: Final = {
    "item": 9,
    "erasure": 6,
    "grant": 4,
    "list": 4,
    "alarm": 7,
    "orphan": 2,
    "export": 2,
    "alarm_device": 2,
    "rescue": 6,
    "phone": 3,
    "organisation": 0.4,
}
"""How often each thing is said: items most, and keys are seldom retired."""
