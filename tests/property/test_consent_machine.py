"""Whatever her phone and her vault say, in whatever order: no case is left without a reader and without a sign.

THREATS.md: "forces her to revoke her caseworker, to mark all *only mine*, to erase or to dispute". Hypothesis plays
whoever holds her phone and knows her phrase, with time passing and alarms in between. A reader may leave or be
excluded at any moment; nobody else says anything. Nor does anybody new read within a day of being named.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from evidence import ids, keys
from evidence.envelope.container import Wrap
from evidence.statements import bodies, fold, reader_lists
from evidence.statements.rules import authority
from evidence.statements.rules.authority import NotAllowedError
from server.statements import seals
from server.timeline.readers import readers
from tests.support import published
from tests.support.refusals.world import World, founded, new
from tests.support.sizes import examples

DAY = timedelta(days=1)
WHO = st.lists(st.sampled_from(["lead", "colleague", "third"]), unique=True, max_size=3)


def kinds_of(row: bodies.StandingReader) -> set[str]:
    return {"incident", "everything else"} if row.kinds is None else set(row.kinds)


class Pressure(RuleBasedStateMachine):
    """Somebody who speaks with her phone and her vault alone."""

    @initialize()
    def found(self) -> None:
        self.w: World = founded()
        third = keys.Identity.generate()
        self.w.act(self.w.root, "key.publish", self.w.publish(third, "caseworker", self.w.team))
        self.people = {"lead": self.w.lead, "colleague": self.w.colleague, "third": third}
        self.warned_since: datetime | None = None
        """Since when her lead is told, without a pause, that the reading ends or changes."""
        self.had_reader = True
        self.alarmed_at: datetime | None = None
        self.left: datetime | None = None
        """When a reader last went by the word of somebody else: her lead is told at once, and had no day before."""
        self.given: dict[ids.KeyId, set[str]] = {}
        """What a list in force ever gave each reader."""
        self.items = [self.w.here.item]
        self.tries_list(["lead", "colleague"], 0, 90)
        assert self.in_force() == {self.w.lead.kid, self.w.colleague.kid}

    def tries(self, who: keys.SigningKey, kind: str, body: bodies.Body) -> bool:
        """Say something; return whether the journal took it."""
        said = self.w.say(who, kind, body)
        try:
            authority.check(self.w.standing, said, self.w.now)
        except NotAllowedError:
            return False
        fold.apply(self.w.standing, said)
        return True

    def tries_list(self, names: Iterable[str], hours: int, days: int, kinds: Iterable[str] = ()) -> bool:
        some = set(kinds)
        rows = tuple(
            bodies.StandingReader(
                self.people[name].kid,
                published.sha256_of(self.people[name]),
                ("incident",) if name in some else None,
            )
            for name in names
        )
        number = len(self.w.standing.lists.get(self.w.here.case, ())) + 1
        begin, end = self.w.after(timedelta(hours=hours)), self.w.after(timedelta(hours=hours, days=days))
        before = self.in_force()
        taken = self.tries(self.w.here.vault, "list.set", bodies.ListSet(number, begin, end, rows))
        if taken and hours < 24:
            lost = before - {row.reader for row in rows if row.kinds is None}
            assert len(lost) < 2
            assert not lost or any(row.kinds is None for row in rows)
            assert not lost or self.alarmed_at is None or self.w.moment - self.alarmed_at >= DAY
            assert number == 1 or all(kinds_of(row) <= self.given.get(row.reader, set()) for row in rows)
        return taken

    def in_force(self) -> frozenset[ids.KeyId]:
        return reader_lists.of_everything(self.current())

    def current(self) -> bodies.ListSet | None:
        return reader_lists.in_force(self.w.standing.lists.get(self.w.here.case, ()), self.w.now)

    def reading(self) -> list[keys.Identity]:
        """Return who reads everything, and still may."""
        named = self.in_force()
        case = self.w.here.case
        return [one for one in self.people.values() if one.kid in named and self.w.standing.on_team(one.kid, case)]

    @rule(names=WHO, hours=st.sampled_from([0, 0, 0, 1, 23, 24, 25, 200]), days=st.sampled_from([0, 1, 2, 40, 90, 366]))
    def the_vault_sets_a_list(self, names: list[str], hours: int, days: int) -> None:
        self.tries_list(names, hours, days)

    @rule(names=WHO, some=WHO, hours=st.sampled_from([0, 24]))
    def the_vault_narrows_a_list(self, names: list[str], some: list[str], hours: int) -> None:
        self.tries_list(names, hours, 90, some)

    @rule(since=st.integers(-48, -1))
    def the_vault_backdates_a_list(self, since: int) -> None:
        assert not self.tries_list([], since, 90)

    @rule()
    def the_vault_grants_and_takes_back(self) -> None:
        grant = self.w.grant_of(self.w.here.item, reader=self.w.lead)
        assert self.tries(self.w.here.vault, "grant", grant)
        assert self.tries(self.w.here.vault, "revoke", bodies.Revoke(grant.grant))
        assert self.changed() == self.w.now

    @rule()
    def the_vault_disputes(self) -> None:
        assert self.tries(self.w.here.vault, "dispute", bodies.Dispute(self.w.here.device, self.w.now, self.w.now))
        assert self.changed() == self.w.now

    @rule()
    def the_phone_tries_the_same(self) -> None:
        phone, until = self.w.here.phone, self.w.after(90 * DAY)
        number = len(self.w.standing.lists[self.w.here.case]) + 1
        for kind, body in (
            ("list.set", bodies.ListSet(number, self.w.now, until, ())),
            ("readers.exclude", bodies.ReadersExclude((self.w.colleague.kid,))),
            ("dispute", bodies.Dispute(self.w.here.device, self.w.now, self.w.now)),
        ):
            assert not self.tries(phone, kind, body)
        assert not self.tries(self.w.here.vault, "readers.exclude", bodies.ReadersExclude((self.w.colleague.kid,)))

    @rule(who=st.sampled_from(["phone", "vault"]), only_mine=st.booleans())
    def something_is_added(self, who: str, only_mine: bool) -> None:  # noqa: FBT001 - a draw
        """Kept to herself, or sealed to her readers: where none of them can open it, her lead has a sign."""
        item, reading = new(ids.ItemId), self.reading()
        author = self.w.here.phone if who == "phone" else self.w.here.vault
        said = self.w.say(author, "item.seal", self.w.seal(item))
        wraps = () if only_mine else tuple(Wrap(one.opening_kid, ids.Base64("AAAA"), 2) for one in reading[:1])
        signs = seals.reaches_no_reader(self.w.standing, said, wraps, self.w.now)
        assert signs == (bool(reading) and not wraps)
        authority.check(self.w.standing, said, self.w.now)
        fold.apply(self.w.standing, said)
        self.items.append(item)

    @rule(who=st.sampled_from(["phone", "vault"]), which=st.integers(0, 99), amends=st.integers(0, 99))
    def something_is_corrected(self, who: str, which: int, amends: int) -> None:
        """A correction changes nobody's reading."""
        author = self.w.here.phone if who == "phone" else self.w.here.vault
        before = self.reading()
        one, other = (self.items[number % len(self.items)] for number in (which, amends))
        self.tries(author, "item.amend", bodies.ItemAmend(one, other))
        assert self.reading() == before

    @rule(name=st.sampled_from(["colleague", "third"]))
    def a_reader_leaves(self, name: str) -> None:
        if self.tries(self.w.root, "key.retire", bodies.KeyRetire(self.people[name].kid)):
            self.left = self.w.moment

    @rule(names=st.lists(st.sampled_from(["colleague", "third"]), unique=True))
    def the_lead_excludes(self, names: list[str]) -> None:
        excluded = tuple(self.people[name].kid for name in names)
        assert self.tries(self.w.lead, "readers.exclude", bodies.ReadersExclude(excluded))
        self.left = self.w.moment

    @rule()
    def she_presses(self) -> None:
        assert self.tries(self.w.bridge, "alarm.raise", self.w.alarm_of(self.w.button))
        self.alarmed_at = self.w.moment

    @rule(hours=st.sampled_from([1, 5, 23, 24, 25, 24 * 8, 24 * 31, 24 * 89]))
    def time_passes(self, hours: int) -> None:
        """Hour by hour, as her lead looks at the list of cases."""
        for _ in range(min(hours, 24 * 3)):
            self.w.wait(timedelta(hours=1))
            self.look()
        if hours > 24 * 3:  # nobody waits for each hour of a month: the days are enough
            for _ in range(hours // 24 - 3):
                self.w.wait(DAY)
                self.look()

    def changed(self) -> ids.Time | None:
        return self.w.standing.consent_changed.get(self.w.here.case)

    def look(self) -> None:
        """Note what her lead is told at this moment."""
        shown = readers(self.w.standing, self.w.here.case, self.w.now)
        assert shown.count == len(self.reading())
        current = self.current()
        for row in () if current is None else current.readers:
            self.given.setdefault(row.reader, set()).update(kinds_of(row))
        if shown.count:
            warned = shown.ends_within_days is not None or shown.next_from is not None
            self.warned_since = (self.warned_since or self.w.moment) if warned else None
        elif self.had_reader and self.left != self.w.moment:  # it is red by itself; and her lead had a day to ask her
            assert self.warned_since is not None
            assert self.w.moment - self.warned_since >= DAY - timedelta(hours=1)
        self.had_reader = shown.count > 0

    @invariant()
    def no_case_is_without_a_reader_and_without_a_sign(self) -> None:
        if hasattr(self, "people"):
            self.look()


TestPressure = Pressure.TestCase
TestPressure.settings = settings(
    max_examples=examples(25), stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
