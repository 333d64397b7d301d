"""Nobody destroys alone: what an erasure needs, one condition at a time."""

from datetime import timedelta
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.statements import authority, rules, statement, types
from evidence.statements.authority import NotAllowedError
from tests.simulators.casebook import Casebook, incident

START = ids.moment_of(ids.now())


class Story:
    def __init__(self, book: Casebook) -> None:
        self.book = book
        self.item = book.seal(incident())
        self.erasure = ids.ErasureId(ids.new_id())

    def act(self, who: keys.Identity, kind: str, body: types.Body, after: timedelta = timedelta()) -> str:
        """Return "ok", or the reason of the refusal."""
        now = ids.time_of(START + after)
        made = statement.sign(who, kind, body, case=self.book.case, at=now)
        try:
            authority.check(self.book.standing, made, now)
        except NotAllowedError as error:
            return error.reason
        self.book.standing.apply(made)
        return "ok"

    def request(self) -> str:
        return self.act(self.book.vault, "erase.request", types.EraseRequest(self.erasure, (self.item,)))

    def step(self, who: keys.Identity, kind: str, after: timedelta = timedelta()) -> str:
        return self.act(who, kind, types.EraseStep(self.erasure), after)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(Casebook(tmp_path / "book"))


def test_request_approval_and_fourteen_days(story: Story) -> None:
    book = story.book
    assert story.request() == "ok"
    assert story.step(book.server, "erase.execute", rules.ERASE_DELAY) == "not-approved"
    assert story.step(book.caseworker, "erase.approve") == "ok"
    assert story.step(book.server, "erase.execute", rules.ERASE_DELAY - timedelta(seconds=1)) == "too-early"
    assert story.step(book.server, "erase.execute", rules.ERASE_DELAY) == "ok"
    assert book.standing.erased == {story.item}
    assert story.item in book.standing.items  # event and leaf remain
    assert story.step(book.server, "erase.execute", rules.ERASE_DELAY) == "unknown-erasure"


@pytest.mark.parametrize("who", ["vault", "caseworker"])
def test_either_of_them_cancels(story: Story, who: str) -> None:
    book = story.book
    story.request()
    story.step(book.caseworker, "erase.approve")
    assert story.step(getattr(book, who), "erase.cancel", timedelta(days=13)) == "ok"
    assert story.step(book.server, "erase.execute", rules.ERASE_DELAY) == "unknown-erasure"


def test_a_hold_stops_it_until_the_same_role_lifts_it(story: Story) -> None:
    book, hold = story.book, ids.HoldId(ids.new_id())
    book.grant(story.item)
    story.request()
    story.step(book.caseworker, "erase.approve")
    placed = types.HoldPlace(hold, "onderzoek", (story.item,))
    assert story.act(book.investigator, "hold.place", placed) == "ok"
    assert story.step(book.server, "erase.execute", rules.ERASE_DELAY) == "held"
    assert story.act(book.caseworker, "hold.lift", types.HoldLift(hold)) == "role"
    assert story.act(book.investigator, "hold.lift", types.HoldLift(hold)) == "ok"
    assert story.step(book.server, "erase.execute", rules.ERASE_DELAY) == "ok"


def test_a_backdated_request_does_not_shorten_the_delay(story: Story) -> None:
    book = story.book
    early = ids.time_of(START - timedelta(days=14))
    made = statement.sign(
        book.vault, "erase.request", types.EraseRequest(story.erasure, (story.item,)), case=book.case, at=early
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
    story.step(book.server, "erase.execute", rules.ERASE_DELAY)
    assert not book.standing.readable(book.investigator.kid, book.case, ids.now())
    with pytest.raises(NotAllowedError):
        book.grant(story.item)


def test_an_opened_item_is_sealed_by_the_same_key_with_the_same_head(story: Story) -> None:
    book = story.book
    body = book.standing.items[story.item].body
    fresh = ids.ItemId(ids.new_id())
    opened = types.ItemOpen(fresh, body.head)
    assert story.act(book.bridge, "item.open", opened) == "ok"
    assert story.act(book.bridge, "item.open", opened) == "exists"
    sealed = types.ItemSeal(fresh, body.container, body.head, body.meta, body.content)
    assert story.act(book.caseworker, "item.seal", sealed) == "exists"
    other_head = types.ItemSeal(fresh, body.container, types.Blob(body.head.sha256, 1), body.meta, body.content)
    assert story.act(book.bridge, "item.seal", other_head) == "exists"
    assert story.act(book.bridge, "item.seal", sealed) == "ok"
