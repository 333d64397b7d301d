"""Nobody destroys alone: what an erasure needs, one condition at a time."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence import canonical, ids, keys
from evidence.statements import bodies, fold, retention, statement
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules import authority
from evidence.statements.rules.erasure import ERASE_DELAY, ERASE_LAPSE
from tests.support import published
from tests.support.incidents import incident
from tests.support.organisation import Organisation

START = ids.moment_of(ids.now())


class Story:
    def __init__(self, book: Organisation) -> None:
        self.book = book
        self.item = book.seal(incident())
        self.erasure = ids.ErasureId(ids.new_id())

    def act(self, who: keys.SigningKey, kind: str, body: bodies.Body, after: timedelta = timedelta()) -> str:
        """Return "ok", or the reason of the refusal."""
        now = ids.time_of(START + after)
        link = self.book.standing.next_link(who.kid) if who is self.book.vault else None
        made = statement.sign(who, kind, body, case=self.book.case, at=now, chain=link)
        try:
            authority.check(self.book.standing, made, now)
        except NotAllowedError as error:
            return error.reason
        fold.apply(self.book.standing, made)
        return "ok"

    def request(self) -> str:
        return self.act(self.book.vault, "erase.request", bodies.EraseRequest(self.erasure, (self.item,)))

    def carried_out(self) -> str:
        self.request()
        self.step(self.book.caseworker, "erase.approve")
        return self.step(self.book.server, "erase.execute", ERASE_DELAY)

    def step(self, who: keys.Identity, kind: str, after: timedelta = timedelta()) -> str:
        return self.act(who, kind, bodies.EraseStep(self.erasure), after)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(Organisation(tmp_path / "book"))


def test_request_approval_and_fourteen_days(story: Story) -> None:
    book = story.book
    assert story.request() == "ok"
    assert story.step(book.server, "erase.execute", ERASE_DELAY) == "not-approved"
    assert story.step(book.caseworker, "erase.approve") == "ok"
    assert story.step(book.server, "erase.execute", ERASE_DELAY - timedelta(seconds=1)) == "too-early"
    assert story.step(book.server, "erase.execute", ERASE_DELAY) == "ok"
    assert book.standing.erased == {story.item}
    assert story.item in book.standing.items  # event and leaf remain
    assert story.step(book.server, "erase.execute", ERASE_DELAY) == "unknown-erasure"


@pytest.mark.parametrize("who", ["vault", "caseworker"])
def test_either_of_them_cancels(story: Story, who: str) -> None:
    book = story.book
    story.request()
    story.step(book.caseworker, "erase.approve")
    assert story.step(getattr(book, who), "erase.cancel", timedelta(days=13)) == "ok"
    assert story.step(book.server, "erase.execute", ERASE_DELAY) == "unknown-erasure"


def test_a_hold_stops_it_until_the_same_role_lifts_it(story: Story) -> None:
    book, hold = story.book, ids.HoldId(ids.new_id())
    book.grant(story.item)
    story.request()
    story.step(book.caseworker, "erase.approve")
    placed = bodies.HoldPlace(hold, "onderzoek", (story.item,))
    assert story.act(book.investigator, "hold.place", placed) == "ok"
    assert story.step(book.server, "erase.execute", ERASE_DELAY) == "held"
    assert story.act(book.caseworker, "hold.lift", bodies.HoldLift(hold)) == "role"
    assert story.act(book.investigator, "hold.lift", bodies.HoldLift(hold)) == "ok"
    assert story.step(book.server, "erase.execute", ERASE_DELAY) == "ok"


def test_a_backdated_request_does_not_shorten_the_delay(story: Story) -> None:
    book = story.book
    early = ids.time_of(START - timedelta(days=14))
    made = statement.sign(
        book.vault,
        "erase.request",
        bodies.EraseRequest(story.erasure, (story.item,)),
        case=book.case,
        at=early,
        chain=book.standing.next_link(book.vault.kid),
    )
    with pytest.raises(NotAllowedError) as refusal:
        authority.check(book.standing, made, ids.time_of(START))
    assert refusal.value.reason == "clock"


def test_what_was_erased_is_granted_to_nobody(story: Story) -> None:
    book = story.book
    book.grant(story.item)
    assert book.standing.readable(book.investigator.kid, book.case, ids.now())
    story.request()
    story.step(book.caseworker, "erase.approve")
    story.step(book.server, "erase.execute", ERASE_DELAY)
    assert not book.standing.readable(book.investigator.kid, book.case, ids.now())
    with pytest.raises(NotAllowedError):
        book.grant(story.item)


def test_an_old_request_lapses_instead_of_coming_true_when_a_hold_ends(story: Story) -> None:
    book, hold = story.book, ids.HoldId(ids.new_id())
    story.request()
    story.step(book.caseworker, "erase.approve")
    assert story.act(book.caseworker, "hold.place", bodies.HoldPlace(hold, "klacht", (story.item,))) == "ok"
    late = ERASE_LAPSE + timedelta(seconds=1)
    assert story.act(book.caseworker, "hold.lift", bodies.HoldLift(hold), late) == "ok"
    assert story.step(book.server, "erase.execute", late) == "lapsed"


def test_the_card_of_a_device_in_use_is_not_erased(story: Story) -> None:
    book, device, sign = story.book, ids.DeviceId(ids.new_id()), keys.Identity.generate().sign_public.hex()
    lent = bodies.AlarmDeviceEnrol(device, ids.PublicKey(sign), "20s", "x", story.item)
    assert story.act(book.caseworker, "alarm_device.enrol", lent) == "ok"
    assert story.request() == "in-use"
    assert story.act(book.caseworker, "device.revoke", bodies.DeviceRevoke(device)) == "ok"
    assert story.request() == "ok"


def test_a_grant_that_holds_a_key_of_an_erased_item_ends_whole(story: Story) -> None:
    book, other = story.book, story.book.seal(incident())
    book.grant(story.item, other)
    fresh = book.grant(other)
    assert story.carried_out() == "ok"
    assert book.standing.grants.keys() == {fresh.grant}
    assert book.standing.lost == {story.item: frozenset({book.investigator.kid})}
    assert book.standing.readable(book.investigator.kid, book.case, ids.now()).keys() == {other}


def test_finish_follows_execute_once_and_again_when_a_lock_has_ended(story: Story) -> None:
    book, later = story.book, ERASE_DELAY + timedelta(days=1)
    done = bodies.EraseFinish(story.erasure, (9,), (ids.Sha256("0" * 64),), ())
    assert story.act(book.server, "erase.finish", done) == "unknown-erasure"
    assert story.carried_out() == "ok"
    until = ids.time_of(START + later + timedelta(days=30))
    locked = replace(done, remains=(bodies.Remain("object-lock", 1, None, until),))
    assert story.act(book.server, "erase.finish", locked, later) == "ok"
    assert story.act(book.server, "erase.finish", done, later + timedelta(days=29)) == "exists"
    assert story.act(book.server, "erase.finish", done, later + timedelta(days=31)) == "ok"
    assert story.act(book.server, "erase.finish", done, later + timedelta(days=32)) == "exists"


@pytest.mark.parametrize(("kind", "verdict"), [("consent", "ok"), ("claim", "retained"), ("inquiry", "retained")])
def test_a_claim_or_an_inquiry_bars_an_erasure_until_its_term(
    story: Story, kind: bodies.RetentionClass, verdict: str
) -> None:
    story.request()
    story.step(story.book.caseworker, "erase.approve")
    until = ids.time_of(START + timedelta(days=60))
    kept = bodies.CaseRetain(kind, "AVG art. 17(3)(e)", until)
    assert story.act(story.book.caseworker, "case.retain", kept) == "ok"
    assert story.step(story.book.server, "erase.execute", ERASE_DELAY) == verdict
    if verdict != "ok":
        assert story.step(story.book.server, "erase.execute", timedelta(days=61)) == "ok"


def test_a_term_is_made_longer_and_stronger_only_by_the_lead_and_within_bounds(story: Story) -> None:
    book = story.book
    colleague = keys.Identity.generate()
    certificate = published.certificate(colleague, "caseworker", "A. Collega", book.team)
    book.act(book.root, "key.publish", certificate)

    def retain(kind: bodies.RetentionClass, days: int, who: keys.Identity = book.caseworker) -> str:
        until = ids.time_of(START + timedelta(days=days))
        return story.act(who, "case.retain", bodies.CaseRetain(kind, "grond", until))

    assert retain("claim", 100, colleague) == "lead"
    assert retain("claim", 100, book.vault) == "role"
    assert retain("consent", 3 * 366) == "too-long"
    assert retain("claim", 100) == "ok"
    assert retain("claim", 99) == "shorter"
    assert retain("consent", 200) == "shorter"
    assert retain("inquiry", 100) == "ok"
    assert retain("inquiry", 4000) == "ok"
    assert retain("inquiry", 20 * 366) == "too-long"
    came = ids.time_of(START)
    assert retention.retention_until(book.standing, book.case, came) == ids.time_of(START + timedelta(days=4000))


def test_a_store_keeps_what_nobody_said_anything_about_for_the_floor(story: Story) -> None:
    came = ids.time_of(START)
    floor = ids.time_of(START + retention.FLOOR)
    assert retention.retention_until(story.book.standing, story.book.case, came) == floor
    assert retention.FLOOR > ERASE_DELAY


class Forgetful:
    """A journal that came back from before an erasure, and the three statements that decided it then."""

    def __init__(self, story: Story, after: timedelta = ERASE_DELAY) -> None:
        self.story = story
        made = (
            (story.book.vault, "erase.request", bodies.EraseRequest(story.erasure, (story.item,)), timedelta()),
            (story.book.caseworker, "erase.approve", bodies.EraseStep(story.erasure), timedelta(days=1)),
            (story.book.server, "erase.execute", bodies.EraseStep(story.erasure), after),
        )
        self.parts = [self.signed(who, kind, body, later) for who, kind, body, later in made]

    def signed(self, who: keys.Identity, kind: str, body: bodies.Body, later: timedelta) -> ids.Base64:
        made = statement.sign(who, kind, body, case=self.story.book.case, at=ids.time_of(START + later))
        return ids.Base64(canonical.b64(made.envelope.to_bytes()))

    def repeat(self, items: tuple[ids.ItemId, ...] | None = None, who: keys.Identity | None = None) -> str:
        body = bodies.EraseRepeat(self.story.erasure, items or (self.story.item,), *self.parts)
        return self.story.act(who or self.story.book.server, "erase.repeat", body, timedelta(days=20))


def test_an_erasure_is_repeated_in_a_journal_that_forgot_it(story: Story) -> None:
    forgetful = Forgetful(story)
    assert forgetful.repeat(who=story.book.caseworker) == "role"
    assert forgetful.repeat() == "ok"
    assert story.book.standing.erased == {story.item}
    assert forgetful.repeat() == "exists"


def test_a_server_alone_repeats_nothing(story: Story) -> None:
    book, other = story.book, story.book.seal(incident())
    assert Forgetful(story).repeat((other,)) == "unknown-item"  # she did not ask for this one
    assert Forgetful(story, timedelta(days=13)).repeat() == "too-early"
    step = bodies.EraseStep(story.erasure)
    for place, who, kind in ((0, book.server, "erase.request"), (1, book.server, "erase.approve")):
        forged = Forgetful(story)
        body = bodies.EraseRequest(story.erasure, (story.item,)) if place == 0 else step
        forged.parts[place] = forged.signed(who, kind, body, timedelta())
        assert forged.repeat() == "not-approved"
    stranger = Forgetful(story)
    asked = bodies.EraseRequest(story.erasure, (story.item,))
    stranger.parts[0] = stranger.signed(keys.Identity.generate(), "erase.request", asked, timedelta())
    assert stranger.repeat() == "not-approved"
    stranger.parts[0] = ids.Base64("e30=")
    assert stranger.repeat() == "form"
    assert story.request() == "ok"
    assert story.step(book.vault, "erase.cancel") == "ok"
    assert Forgetful(story).repeat() == "exists"  # called off, in this journal
    assert not book.standing.erased


def test_an_opened_item_is_sealed_by_the_same_key_with_the_same_head(story: Story) -> None:
    book = story.book
    body = book.standing.items[story.item].body
    assert body is not None
    fresh = ids.ItemId(ids.new_id())
    opened = bodies.ItemOpen(fresh, body.head)
    assert story.act(book.bridge, "item.open", opened) == "ok"
    assert story.act(book.bridge, "item.open", opened) == "exists"
    sealed = bodies.ItemSeal(fresh, body.container, body.head, body.meta, body.content)
    assert story.act(book.caseworker, "item.seal", sealed) == "exists"
    other_head = bodies.ItemSeal(fresh, body.container, bodies.Blob(body.head.sha256, 1), body.meta, body.content)
    assert story.act(book.bridge, "item.seal", other_head) == "exists"
    assert story.act(book.bridge, "item.seal", sealed) == "ok"
