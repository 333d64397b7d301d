"""Two writers that read a journal by case, beside the whole fold of what they accepted."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine

from evidence import ids
from evidence.errors import EvidenceError
from evidence.statements import event, fold, rescues, retention
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.rules import authority
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.store.errors import ErasedError
from evidence.store.journal.journal import SqlJournal
from server.items.access import visible_cases
from server.principals import identify
from tests.support.random_histories import RandomHistory
from tests.support.town_house import House
from tests.support.waiting import patience

HELD: Final = 6
"""Events of cases in memory: a single busy case is too much already."""


UNREAL_END: Final = "did not end with the head"
"""A town keeps no log, so the head with which it ends one is none."""


class Twin:
    """Two writers that read by case, and the whole fold of what they accepted."""

    def __init__(self, engines: Callable[[], Engine], stack: ExitStack, seed: int) -> None:
        self.dice = random.Random(seed)
        self.town = RandomHistory(seed)
        self.whole = Standing()
        self.said: set[ids.Sha256] = set()
        self.accepted: Counter[str] = Counter()
        self.engines, self.stack = engines, stack
        self.writers = [self.open(), self.open()]
        self.burst(self.town.found())

    def open(self) -> SqlJournal:
        engine = self.engines()
        self.stack.callback(engine.dispose)
        journal = SqlJournal(engine, lambda: ids.time_of(self.town.now), held=HELD)
        journal.start()
        self.stack.callback(journal.close)
        return journal

    def burst(self, said: list[Statement]) -> None:
        """Append statements together; each is judged as the whole fold judges it."""
        writer = self.dice.choice(self.writers)
        futures = [writer.append(one.envelope.to_bytes()) for one in said]
        for one, future in zip(said, futures, strict=True):
            expected = verdict(self.whole, one, ids.time_of(self.town.now))
            found = future.exception(patience(30))
            if found is None and one.id in self.said:
                assert future.result().again
                continue
            if isinstance(found, ErasedError):  # said once more after it was accepted and destroyed
                assert one.id in self.said
                assert found.tombstone.statement == one.id
                continue
            assert (one.type, why(found)) == (one.type, expected)
            if found is None:
                assert isinstance(future.result(), Recorded)
                assert future.result().index == self.whole.events
                fold.apply(self.whole, one)
                self.said.add(one.id)
                self.accepted[one.type] += 1

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.town.heard(self.whole)
            self.burst([self.town.say() for _ in range(self.dice.randint(1, 8))])
            match self.dice.randrange(12):
                case 0 | 1 | 2:
                    self.town.now += timedelta(days=self.dice.randint(3, 20))
                case 3:
                    self.bury()
                case 4:
                    number = self.dice.randrange(2)
                    self.writers[number].close()
                    self.writers[number] = self.open()
                case 5 | 6 | 7:
                    self.compare(everything=False)
                case _:  # nobody asks: the next question finds more that is new
                    pass
        self.compare(everything=True)

    def bury(self) -> None:
        """Destroy what executed erasures name."""
        for name, erasure in self.whole.erasures.items():
            if erasure.executed:
                living = [event.parse(one.event).statement for one in self.writers[0].erasable(erasure.case)]
                rows = zip(self.writers[0].erasable(erasure.case), living, strict=True)
                gone = [row for row, one in rows if tombstones.named_items(one) & erasure.items]
                self.writers[0].bury([tombstones.instead_of(row, name) for row in gone])

    def compare(self, *, everything: bool) -> None:
        """Ask both about some things, or about all, in any order."""
        questions = self.questions()
        asked = questions if everything else self.dice.sample(questions, min(len(questions), 6))
        self.dice.shuffle(asked)
        for question in asked:
            expected = question(self.whole)
            for writer in self.writers:
                assert writer.ask(question) == expected
        together = self.dice.sample(questions, min(len(questions), 20 if everything else 6))
        found = self.dice.choice(self.writers).ask(lambda standing: [one(standing) for one in together])
        assert found == [one(self.whole) for one in together]

    def questions(self) -> list[Callable[[Standing], object]]:
        town, now = self.town, ids.time_of(self.town.now)
        people = [town.root, town.server, town.bridge, town.investigator, town.dispatcher]
        people += [who for team in town.workers for who in team]
        people += [who for house in town.houses for who in (house.vault, *house.phones)]
        found: list[Callable[[Standing], object]] = [about_all]
        found += [about_key(who.kid, now) for who in people]
        found += [about_case(house, [who.kid for who in people], now) for house in town.houses]
        for house in town.houses:
            found += [about_item(ids.ItemId(name)) for name in house.names["item"]]
            found += [
                about_name(name) for kind in ("grant", "alarm", "export", "disclosure") for name in house.names[kind]
            ]
        return found


def verdict(standing: Standing, statement: Statement, now: ids.Time) -> str | None:
    try:
        authority.check(standing, statement, now)
    except EvidenceError as error:
        return why(error)
    return None


def why(error: BaseException | None) -> str | None:
    return None if error is None else f"{type(error).__name__}: {error}"


def about_all(standing: Standing) -> object:
    return (
        standing.events, standing.log, standing.rotations, standing.certified, standing.teams, standing.shares,
        standing.cases, standing.case_of_vault, standing.invitations, standing.devices, standing.devices_of,
        standing.accounts,
        standing.device_of_key, standing.lendings, standing.shifts, set(standing.erased), standing.holds,
        standing.known_holds, standing.erasures, standing.retained,
        standing.lists, standing.excluded, standing.consent_changed,
    )  # fmt: skip


def about_key(kid: ids.KeyId, now: ids.Time) -> Callable[[Standing], object]:
    def look(standing: Standing) -> object:
        who = identify(standing, kid)
        reads = who is not None and standing.role_of(kid) in {"vault", "caseworker", "investigator"}
        return (
            standing.chains.get(kid),
            standing.role_of(kid),
            sorted(standing.announced_by(kid)),
            sorted(standing.readers.get(kid, ())),
            visible_cases(standing, who, now) if reads else None,  # type: ignore[arg-type]
        )

    return look


def about_case(house: House, kids: list[ids.KeyId], now: ids.Time) -> Callable[[Standing], object]:
    def look(standing: Standing) -> object:
        own = standing.of(house.case)
        items = [item for item in map(ids.ItemId, house.names["item"]) if standing.is_card(item, house.case)]
        return (
            list(own.items), list(own.grants), set(own.alarms), set(own.presses), items,
            [sorted(standing.readable(kid, house.case, now)) for kid in kids],
            [item for kid in kids for item in own.items if standing.has_standing(kid, item, now)],
            own.wraps, own.list_number, own.alarmed_at, own.shares, own.requests, own.rescued,
            [rescues.opened_for(standing, kid, house.case, now) for kid in kids],
            retention.retention_until(standing, house.case, now), retention.bars_erasure(standing, house.case, now),
        )  # fmt: skip

    return look


def about_item(item: ids.ItemId) -> Callable[[Standing], object]:
    def look(standing: Standing) -> object:
        sealed, begun = standing.items.get(item), standing.opened.get(item)
        if item in standing.erased:  # of what was destroyed nobody is told more
            facts: object = (sealed and (sealed.case, sealed.by), begun and (begun.case, begun.by))
        else:
            facts = (sealed, begun)
        return (
            facts, item in standing.items, item in standing.opened, standing.lost.get(item),
            retention.is_held(standing, item),
            any(standing.is_card(item, case, needed=True) for case in standing.cases),
        )  # fmt: skip

    return look


def about_name(name: str) -> Callable[[Standing], object]:
    """Ask whether a name is a grant's, an alarm's, an export's or a proposal's; it is never two of them."""

    def look(standing: Standing) -> object:
        grant = ids.GrantId(name)
        return (
            standing.grants.get(grant), grant in standing.known_grants, standing.alarms.get(ids.AlarmId(name)),
            standing.exports.get(ids.ExportId(name)), ids.DisclosureId(name) in standing.disclosures,
        )  # fmt: skip

    return look
