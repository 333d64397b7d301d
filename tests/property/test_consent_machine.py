"""Whatever her phone and her vault say, in whatever order: no case is left without a reader and without a sign.

THREATS.md: "forces her to revoke her caseworker, to mark all *only mine*, to erase or to dispute". Hypothesis plays
whoever holds her phone and knows her phrase, with time passing and alarms in between. Nobody else says anything.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from evidence import ids, keys
from evidence.statements import bodies, fold, reader_lists
from evidence.statements.rules import authority
from evidence.statements.rules.authority import NotAllowedError
from server.timeline.readers import readers
from tests.support import published
from tests.support.refusals.world import World, founded, new
from tests.support.sizes import examples

DAY = timedelta(days=1)
WHO = st.lists(st.sampled_from(["lead", "colleague", "third"]), unique=True, max_size=3)


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
        return taken

    def in_force(self) -> frozenset[ids.KeyId]:
        return reader_lists.of_everything(
            reader_lists.in_force(self.w.standing.lists.get(self.w.here.case, ()), self.w.now)
        )

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
        assert self.tries(phone, "item.seal", self.w.seal(new(ids.ItemId)))

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
        assert shown.count == len(self.in_force())
        if shown.count:
            warned = shown.ends_within_days is not None or shown.next_from is not None
            self.warned_since = (self.warned_since or self.w.moment) if warned else None
        elif self.had_reader:  # from now on it is red by itself; and her lead had a day to ask her
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
