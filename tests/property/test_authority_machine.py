"""Any history of acts by anyone: authority keeps what it promises, whatever the order.

Hypothesis plays her, her phone, a thief with her phone, caseworkers, an investigator and the server, with time passing.
The promises are checked against a small model that knows nothing of the code's rules.
"""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from evidence import ids, keys
from evidence.errors import EvidenceError
from evidence.statements import bodies, fold, statement
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules import authority
from evidence.statements.rules.erasure import ERASE_DELAY, ERASE_LAPSE
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.sizes import examples

WHO = st.sampled_from(["root", "server", "bridge", "caseworker", "investigator", "vault", "phone", "stranger"])


class Histories(RuleBasedStateMachine):
    items: Bundle[ids.ItemId] = Bundle("items")
    holds: Bundle[ids.HoldId] = Bundle("holds")
    erasures: Bundle[ids.ErasureId] = Bundle("erasures")

    @initialize()
    def found(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.book = Organisation(Path(self.place.name) / "book")
        self.people = {who: getattr(self.book, who, None) or keys.Identity.generate() for who in WHO_NAMES}
        self.now = ids.moment_of(ids.now())
        self.asked: dict[ids.ErasureId, Any] = {}
        self.approved: set[ids.ErasureId] = set()
        self.cancelled: set[ids.ErasureId] = set()
        self.held: dict[ids.HoldId, set[ids.ItemId]] = {}
        self.contents: dict[ids.ErasureId, set[ids.ItemId]] = {}
        self.gone: set[ids.ItemId] = set()
        self.sealed: set[ids.ItemId] = set()
        self.executed: set[ids.ErasureId] = set()
        self.kept: tuple[str, datetime] | None = None

    def teardown(self) -> None:
        if hasattr(self, "place"):
            self.place.cleanup()

    def tries(self, who: str, kind: str, body: bodies.Body) -> bool:
        """Let `who` try an act; return whether the journal took it."""
        signer = self.people[who]
        chain = self.book.standing.next_link(signer.kid) if who in {"phone", "vault"} else None
        now = ids.time_of(self.now)
        made = statement.sign(signer, kind, body, case=self.book.case, chain=chain, at=now)
        try:
            authority.check(self.book.standing, made, now)
        except (NotAllowedError, keys.SignatureError):
            return False
        fold.apply(self.book.standing, made)
        return True

    @rule(target=items)
    def she_adds(self) -> ids.ItemId:
        item = self.book.seal(incident())
        self.sealed.add(item)
        return item

    @rule(hours=st.integers(1, 24 * 20))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(target=erasures, who=WHO, item=items)
    def someone_asks_to_erase(self, who: str, item: ids.ItemId) -> ids.ErasureId:
        name = ids.ErasureId(ids.new_id())
        if self.tries(who, "erase.request", bodies.EraseRequest(name, (item,))):
            assert who == "vault"
            self.asked[name], self.contents[name] = self.now, {item}
        return name

    @rule(who=WHO, name=erasures)
    def someone_approves(self, who: str, name: ids.ErasureId) -> None:
        if self.tries(who, "erase.approve", bodies.EraseStep(name)):
            assert who == "caseworker"
            self.approved.add(name)

    @rule(who=WHO, name=erasures)
    def someone_cancels(self, who: str, name: ids.ErasureId) -> None:
        if self.tries(who, "erase.cancel", bodies.EraseStep(name)):
            assert who in {"vault", "caseworker"}
            self.cancelled.add(name)

    @rule(who=WHO, name=erasures)
    def someone_executes(self, who: str, name: ids.ErasureId) -> None:
        if not self.tries(who, "erase.execute", bodies.EraseStep(name)):
            return
        assert who == "server"
        assert name in self.asked
        assert name in self.approved
        assert name not in self.cancelled
        assert self.now - self.asked[name] >= ERASE_DELAY
        assert self.now - self.asked[name] <= ERASE_LAPSE
        assert not any(held & self.contents[name] for held in self.held.values())
        assert self.kept is None or self.kept[0] == "consent" or self.kept[1] <= self.now
        assert not self.contents[name] & self.gone
        self.cancelled.add(name)
        self.executed.add(name)
        self.gone |= self.contents[name]

    @rule(who=WHO, name=erasures)
    def someone_says_it_is_destroyed(self, who: str, name: ids.ErasureId) -> None:
        if self.tries(who, "erase.finish", bodies.EraseFinish(name, (), (), ())):
            assert who == "server"
            self.executed.remove(name)  # decided before, and said once

    @rule(who=WHO, kind=st.sampled_from(["consent", "claim", "inquiry"]), days=st.integers(-30, 5000))
    def someone_says_how_long_it_is_kept(self, who: str, kind: bodies.RetentionClass, days: int) -> None:
        until = ids.moment_of(ids.time_of(self.now + timedelta(days=days)))
        if self.tries(who, "case.retain", bodies.CaseRetain(kind, "grond", ids.time_of(until))):
            assert who == "caseworker"
            if self.kept is not None:  # never shorter, and never for a weaker reason
                order = ("consent", "claim", "inquiry")
                assert until >= self.kept[1]
                assert order.index(kind) >= order.index(self.kept[0])
            self.kept = (kind, until)

    @rule(target=holds, who=WHO, item=items)
    def someone_holds(self, who: str, item: ids.ItemId) -> ids.HoldId:
        name = ids.HoldId(ids.new_id())
        if self.tries(who, "hold.place", bodies.HoldPlace(name, "onderzoek", (item,))):
            assert who in {"caseworker", "investigator"}
            self.held[name] = {item}
        return name

    @rule(who=WHO, name=holds)
    def someone_lifts(self, who: str, name: ids.HoldId) -> None:
        if self.tries(who, "hold.lift", bodies.HoldLift(name)):
            assert who in {"caseworker", "investigator"}
            self.held.pop(name)

    @rule(item=items)
    def she_grants(self, item: ids.ItemId) -> None:
        try:
            self.book.grant(item)
        except EvidenceError:
            assert item in self.gone
        else:
            assert item not in self.gone

    @rule(who=WHO, item=items)
    def someone_else_grants(self, who: str, item: ids.ItemId) -> None:
        reader = self.book.investigator
        body = bodies.Grant(
            ids.GrantId(ids.new_id()),
            reader.kid,
            reader.opening_kid,
            "x",
            ids.time_of(self.now + timedelta(days=1)),
            (bodies.GrantedItem(item, ids.Base64("AAAA"), 2),),
        )
        if self.tries(who, "grant", body):
            assert who == "vault"

    @invariant()
    def evidence_gets_smaller_only_by_an_erasure(self) -> None:
        if hasattr(self, "book"):
            assert self.book.standing.items.keys() == self.sealed
            assert self.book.standing.erased == self.gone
            assert (
                not self.book.standing.readable(self.book.investigator.kid, self.book.case, ids.now()).keys()
                & self.gone
            )


WHO_NAMES = ("root", "server", "bridge", "caseworker", "investigator", "vault", "phone", "stranger")
TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=examples(25), stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow]
)
