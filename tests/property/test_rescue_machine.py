"""Whatever anybody says about rescue keys, in whatever order: nobody reads with one but by two, once, until its end.

THREATS.md: "rescue key: one share; two shares without the statement; used twice". Hypothesis plays her vault, phone and
lead, colleagues, somebody of another team and an investigator, while people leave, are excluded, and time passes. A
small model that knows nothing of the rules says who may be served.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from evidence import ids, keys
from evidence.statements import bodies, fold
from evidence.statements.rules import authority
from evidence.statements.rules.authority import NotAllowedError
from evidence.statements.statement import Statement
from server.items.access import view_case
from server.principals import identify
from tests.support import published
from tests.support.refusals.world import World, founded, new
from tests.support.sizes import examples

NAMES = ("lead", "colleague", "third", "outsider", "investigator", "phone", "vault")
WHO = st.sampled_from(NAMES)
LIKELY = st.sampled_from(["lead", "colleague", "third"])
"""Colleagues, who are more often those who speak."""
KEY = st.integers(0, 3)
DAY = timedelta(days=1)


@dataclass
class Made:
    """A rescue key as the model knows it."""

    key: keys.Identity = field(default_factory=keys.Identity.generate)
    holders: set[str] = field(default_factory=set)
    used: tuple[str, str, ids.Time] | None = None
    """Who asked, who agreed, and until when."""


class Glass(RuleBasedStateMachine):
    """Everybody who would like to break it."""

    @initialize()
    def found(self) -> None:
        self.w: World = founded()
        third = keys.Identity.generate()
        self.w.act(self.w.root, "key.publish", self.w.publish(third, "caseworker", self.w.team))
        self.people = {name: getattr(self.w, name, third) for name in NAMES}
        self.people |= {"phone": self.w.here.phone, "vault": self.w.here.vault}
        self.made: list[Made] = []
        self.lists: list[tuple[ids.Time, Made | None]] = []
        self.asked: list[tuple[str, Made, Statement]] = []
        self.gone: set[str] = {"outsider", "investigator", "phone", "vault"}
        """Who is no colleague in service of hers."""
        self.items: dict[ids.ItemId, int] = {}
        """Each with the number of lists before it."""
        self.a_key_is_made_and_named(("lead", "colleague"))

    def tries(self, who: str, kind: str, body: bodies.Body) -> Statement | None:
        """Say something; return it when the journal took it."""
        said = self.w.say(self.people[who], kind, body)
        try:
            authority.check(self.w.standing, said, self.w.now)
        except (NotAllowedError, keys.SignatureError):
            return None
        fold.apply(self.w.standing, said)
        return said

    @rule(holders=st.lists(st.one_of(LIKELY, WHO), unique=True, max_size=4))
    def a_key_is_made_and_named(self, holders: list[str] | tuple[str, ...]) -> None:
        self.made.append(Made())
        for number, holder in enumerate(holders, 1):
            self.somebody_gives_a_share("vault", len(self.made) - 1, holder, number)
        self.somebody_sets_a_list("vault", len(self.made) - 1, 0)

    @rule(who=WHO, key=KEY, holder=WHO, number=st.integers(0, 9))
    def somebody_gives_a_share(self, who: str, key: int, holder: str, number: int) -> None:
        made, reader = self.made[key % len(self.made)], self.people[holder]
        body = bodies.RescueShare(made.key.opening_kid, number, reader.kid, reader.opening_kid, ids.Base64("AAAA"), 2)
        if self.tries(who, "rescue.share", body):
            assert who == "vault"
            assert holder not in self.gone | made.holders
            assert made not in [named for _, named in self.lists]
            made.holders.add(holder)

    @rule(who=WHO, key=st.one_of(st.none(), KEY), hours=st.sampled_from([0, 0, 0, 24]))
    def somebody_sets_a_list(self, who: str, key: int | None, hours: int) -> None:
        made = None if key is None else self.made[key % len(self.made)]
        rescue = None if made is None else published.opens(made.key)
        since, until = self.w.after(timedelta(hours=hours)), self.w.after(timedelta(days=9))
        if self.tries(who, "list.set", bodies.ListSet(len(self.lists) + 1, since, until, (), rescue=rescue)):
            assert who == "vault"
            assert made is None or (len(made.holders - self.gone) > 1 and made.used is None)
            self.lists.append((since, made))

    @rule(asker=LIKELY, agrees=LIKELY, hours=st.sampled_from([1, 30, 72]))
    def two_colleagues_try(self, asker: str, agrees: str, hours: int) -> None:
        """What ought to work, so that it does often enough to be abused."""
        made = self.current()
        if made is None:
            return
        may = {asker, agrees} <= made.holders - self.gone and asker != agrees and made.used is None
        before = len(self.asked)
        self.somebody_asks(asker, self.made.index(made), hours, share=False)
        if len(self.asked) > before:
            self.somebody_agrees(agrees, before, "")
            assert (made.used is not None) is may

    @rule(who=WHO, key=KEY, hours=st.sampled_from([-1, 0, 1, 30, 72, 73]), share=st.booleans())
    def somebody_asks(self, who: str, key: int, hours: int, share: bool) -> None:  # noqa: FBT001 - drawn
        made = self.made[key % len(self.made)]
        given = ids.Base64("AAAA") if share else None
        body = bodies.RescueUse(
            made.key.opening_kid, "zij is vermist", self.w.after(timedelta(hours=hours)), None, given
        )
        if said := self.tries(who, "rescue.use", body):
            assert who in made.holders - self.gone
            assert made.used is None
            self.asked.append((who, made, said))

    @rule(who=st.one_of(LIKELY, WHO), which=st.integers(0, 5), other=st.sampled_from(["", "another reason"]))
    def somebody_agrees(self, who: str, which: int, other: str) -> None:
        if not self.asked:
            return
        asker, made, request = self.asked[which % len(self.asked)]
        assert isinstance(request.body, bodies.RescueUse)
        body = replace(request.body, agrees=request.id, share=ids.Base64("AAAA"))
        body = replace(body, reason=other) if other else body
        if self.tries(who, "rescue.use", body):
            assert not other
            assert who != asker
            assert {who, asker} <= made.holders - self.gone
            assert (made.used, self.current()) == (None, made)
            made.used = (asker, who, request.body.until)

    @rule(who=st.sampled_from(["third", "colleague"]))
    def somebody_leaves(self, who: str) -> None:
        if who not in self.gone and self.w.standing.role_of(self.people[who].kid):
            self.w.act(self.w.root, "key.retire", bodies.KeyRetire(self.people[who].kid))
            self.gone.add(who)

    @rule()
    def a_colleague_is_excluded(self) -> None:
        kid = self.people["colleague"].kid
        if self.tries("lead", "readers.exclude", bodies.ReadersExclude((kid,))):
            self.gone.add("colleague")

    @rule()
    def her_phone_adds_something(self) -> None:
        item = new(ids.ItemId)
        assert self.tries("phone", "item.seal", self.w.seal(item))
        self.items[item] = len(self.lists)

    @rule(hours=st.sampled_from([1, 5, 24, 71, 72, 24 * 10]))
    def time_passes(self, hours: int) -> None:
        self.w.wait(timedelta(hours=hours))

    def current(self) -> Made | None:
        return next((made for since, made in reversed(self.lists) if since <= self.w.now), None)

    @invariant()
    def who_is_served_is_who_asked_and_was_agreed_with(self) -> None:
        if not hasattr(self, "people"):
            return
        made = self.current()
        asker = None
        if made is not None and made.used is not None and self.w.now < made.used[2] and made.used[0] not in self.gone:
            asker = made.used[0]
        first = next((number for number, (_, named) in enumerate(self.lists, 1) if named is made), 0)
        for name in ("lead", "colleague", "third", "outsider", "investigator"):
            who = identify(self.w.standing, self.people[name].kid)
            view = None if who is None else view_case(self.w.standing, who, self.w.here.case, self.w.now)
            served = {item for item in self.items if view and view.gives(self.w.standing, item, self.w.now)}
            reached = {item for item, lists in self.items.items() if lists >= first}
            assert served == (reached if name == asker else set())
            assert (view is not None and view.rescue is not None) is (name == asker)


TestGlass = Glass.TestCase
TestGlass.settings = settings(
    max_examples=examples(40), stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
