"""Refusals about breaking the glass: whom a share is given to, which rescue key a list names, that two use it once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.rules.rescue import LONGEST_USE, MAX_HOLDERS, MAX_REASON
from evidence.statements.statement import Statement
from tests.support.refusals.readers import NOT_LISTED, added, listed, say, team, wrap
from tests.support.refusals.world import A_MOMENT, ZERO, World, allowed, refused, xwing_of

DAY: Final = timedelta(days=1)
SPENT: Final = "this rescue key was used: her vault makes a new one"
NO_SHARE: Final = "you hold no share of such a rescue key"
ENDED: Final = "the newest list of this case names another rescue key, or none"
NOBODY_ASKED: Final = "no colleague asked for this"
OWN_NUMBER: Final = f"each share of a rescue key has a number of its own, 1 to {MAX_HOLDERS}, and its own holder"


def share(rescue: keys.OpeningKey, who: keys.Identity, number: int, **more: Any) -> bodies.RescueShare:  # noqa: ANN401 - members of a body
    """Return the body that gives a share of a rescue key to somebody."""
    body = bodies.RescueShare(rescue.opening_kid, number, who.kid, who.opening_kid, ids.Base64("AAAA"), 2)
    return replace(body, **more)


def give(w: World, rescue: keys.OpeningKey, *people: keys.Identity) -> None:
    """Have her vault give each of them a share."""
    for number, one in enumerate(people, 1):
        w.act(w.here.vault, "rescue.share", share(rescue, one, number))


def made(w: World, *people: keys.Identity) -> keys.Identity:
    """Have her vault make a rescue key, and her first list name it."""
    rescue = keys.Identity.generate()
    give(w, rescue, *(people or (w.lead, w.colleague)))
    w.accept(say(w, listed(w, w.lead, rescue=xwing_of(rescue))))
    return rescue


def use(w: World, rescue: keys.OpeningKey, **more: Any) -> bodies.RescueUse:  # noqa: ANN401 - members of a body
    """Return the body of a request for a day."""
    return replace(bodies.RescueUse(rescue.opening_kid, "zij is vermist", w.after(DAY)), **more)


def agreed(request: Statement, **more: Any) -> bodies.RescueUse:  # noqa: ANN401 - members of a body
    """Return the body that agrees to a request."""
    assert isinstance(request.body, bodies.RescueUse)
    return replace(request.body, agrees=request.id, share=ids.Base64("AAAA"), **more)


def used(w: World, rescue: keys.OpeningKey) -> None:
    """Have the colleague ask, and the lead agree."""
    w.act(w.lead, "rescue.use", agreed(w.act(w.colleague, "rescue.use", use(w, rescue))))


@allowed
def shares_are_given(w: World) -> Iterator[Statement]:
    rescue, other = keys.Identity.generate(), keys.Identity.generate()
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.lead, 1))
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.lead, MAX_HOLDERS))
    give(w, rescue, w.lead)
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.colleague, 2))
    yield w.say(w.here.vault, "rescue.share", share(other, w.lead, 1))
    give(w, rescue.generate(), w.lead, w.colleague)
    made(w)
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.colleague, 2))


@refused("reader", "a share goes to a caseworker of the team by the key that the root certified")
def a_share_is_given_to_nobody_of_the_team(w: World) -> Iterator[Statement]:
    rescue = keys.Identity.generate()
    for who in (w.nobody, w.investigator, w.dispatcher, w.server, w.outsider, w.here.vault, w.here.phone):
        yield w.say(w.here.vault, "rescue.share", share(rescue, who, 1))
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.lead, 1, to=w.colleague.opening_kid))
    w.act(w.root, "key.retire", bodies.KeyRetire(w.colleague.kid))
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.colleague, 1))


@refused("excluded", "this person is no reader of this case")
def an_excluded_person_is_given_a_share(w: World) -> Iterator[Statement]:
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((w.colleague.kid,)))
    yield w.say(w.here.vault, "rescue.share", share(keys.Identity.generate(), w.colleague, 1))


@refused("share", OWN_NUMBER)
def a_share_has_another_ones_number_or_holder(w: World) -> Iterator[Statement]:
    rescue = keys.Identity.generate()
    for number in (0, MAX_HOLDERS + 1, 255):
        yield w.say(w.here.vault, "rescue.share", share(rescue, w.lead, number))
    give(w, rescue, w.lead)
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.colleague, 1))
    yield w.say(w.here.vault, "rescue.share", share(rescue, w.lead, 2))
    second = keys.Identity.generate()  # the lead's own, beside her first
    whose = w.standing.certified[w.lead.kid].body.subject
    w.act(w.root, "key.publish", replace(w.publish(second, "caseworker", w.team), subject=whose))
    yield w.say(w.here.vault, "rescue.share", share(rescue, second, 2))


@refused("rescue", "this rescue key is in use: nobody gets a share of it any more")
def a_share_is_given_of_a_key_that_a_list_named(w: World) -> Iterator[Statement]:
    rescue = made(w)
    (third,) = team(w, "third")
    yield w.say(w.here.vault, "rescue.share", share(rescue, third, 3))
    w.accept(say(w, listed(w, w.lead, number=2)))
    yield w.say(w.here.vault, "rescue.share", share(rescue, third, 3))


@refused("role", "a key of the role phone does not sign rescue.share")
def a_phone_gives_a_share(w: World) -> Iterator[Statement]:
    yield w.say(w.here.phone, "rescue.share", share(keys.Identity.generate(), w.lead, 1))


@refused("role", "a key of the role phone does not sign rescue.use")
def a_phone_uses_a_rescue_key(w: World) -> Iterator[Statement]:
    yield w.say(w.here.phone, "rescue.use", use(w, made(w)))


@refused("role", "a key of the role vault does not sign rescue.use")
def her_vault_uses_a_rescue_key(w: World) -> Iterator[Statement]:
    yield w.say(w.here.vault, "rescue.use", use(w, made(w)))


@allowed
def a_list_names_a_rescue_key(w: World) -> Iterator[Statement]:
    rescue, other = keys.Identity.generate(), keys.Identity.generate()
    (third,) = team(w, "third")
    give(w, rescue, w.lead, w.colleague, third)
    yield say(w, listed(w, w.lead, rescue=xwing_of(rescue)))
    yield say(w, listed(w, rescue=xwing_of(rescue)))
    w.act(w.root, "key.retire", bodies.KeyRetire(third.kid))
    w.accept(say(w, listed(w, w.lead, rescue=xwing_of(rescue))))
    yield say(w, listed(w, w.lead, number=2, rescue=xwing_of(rescue)))
    yield say(w, listed(w, w.lead, number=2))
    give(w, other, w.lead, w.colleague)
    yield say(w, listed(w, w.lead, number=2, rescue=xwing_of(other)))


@refused("rescue", "a rescue key needs 2 colleagues in service who hold shares of it")
def a_list_names_a_rescue_key_that_nobody_could_use(w: World) -> Iterator[Statement]:
    rescue, other = keys.Identity.generate(), keys.Identity.generate()
    yield say(w, listed(w, w.lead, rescue=xwing_of(rescue)))
    give(w, rescue, w.lead)
    yield say(w, listed(w, w.lead, rescue=xwing_of(rescue)))
    give(w, other, w.lead, w.colleague)
    yield say(w, listed(w, w.lead, rescue=xwing_of(rescue)))
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((w.colleague.kid,)))
    yield say(w, listed(w, w.lead, rescue=xwing_of(other)))


@refused("xwing", "nothing can be wrapped to that X-Wing key")
def a_list_names_a_rescue_key_that_nothing_is_wrapped_to(w: World) -> Iterator[Statement]:
    yield say(w, listed(w, w.lead, rescue=ids.Base64("AAAA")))


@refused("spent", SPENT)
def a_list_names_a_rescue_key_that_was_used(w: World) -> Iterator[Statement]:
    rescue = made(w)
    used(w, rescue)
    yield say(w, listed(w, w.lead, number=2, rescue=xwing_of(rescue)))


@allowed
def a_colleague_asks_and_another_agrees(w: World) -> Iterator[Statement]:
    rescue = made(w)
    yield w.say(w.colleague, "rescue.use", use(w, rescue))
    yield w.say(w.colleague, "rescue.use", use(w, rescue, until=w.after(LONGEST_USE), reason="x" * MAX_REASON))
    yield w.say(w.colleague, "rescue.use", use(w, rescue, until=w.after(A_MOMENT)))
    request = w.act(w.colleague, "rescue.use", use(w, rescue))
    yield w.say(w.lead, "rescue.use", agreed(request))
    yield w.say(w.lead, "rescue.use", use(w, rescue))  # both may have asked
    w.wait(DAY - A_MOMENT)
    yield w.say(w.lead, "rescue.use", agreed(request))
    w.wait(A_MOMENT)
    yield w.say(w.colleague, "rescue.use", use(w, rescue))  # the first has lapsed
    w.wait(120 * DAY)  # her list has ended long ago
    yield w.say(w.lead, "rescue.use", agreed(w.act(w.colleague, "rescue.use", use(w, rescue))))


@allowed
def a_colleague_asks_again_with_her_next_key(w: World) -> Iterator[Statement]:
    before, rescue = made(w), keys.Identity.generate()
    w.act(w.colleague, "rescue.use", use(w, before))
    give(w, rescue, w.lead, w.colleague)
    w.accept(say(w, listed(w, w.lead, number=2, rescue=xwing_of(rescue))))
    yield w.say(w.colleague, "rescue.use", use(w, rescue))


@refused("unknown-rescue", NO_SHARE)
def whoever_holds_no_share_asks_or_agrees(w: World) -> Iterator[Statement]:
    third, fourth = team(w, "third", "fourth")
    rescue = made(w, w.lead, w.colleague, third)
    yield w.say(fourth, "rescue.use", use(w, rescue))
    yield w.say(w.lead, "rescue.use", use(w, keys.Identity.generate()))
    request = w.act(w.colleague, "rescue.use", use(w, rescue))
    yield w.say(fourth, "rescue.use", agreed(request))


@refused("unknown-case", "there is no such case")
def an_excluded_holder_uses_a_share(w: World) -> Iterator[Statement]:
    rescue = made(w)
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((w.colleague.kid,)))
    yield w.say(w.colleague, "rescue.use", use(w, rescue))


@refused("unknown-rescue", ENDED)
def a_rescue_key_that_no_list_names_is_used(w: World) -> Iterator[Statement]:
    unnamed = keys.Identity.generate()
    give(w, unnamed, w.lead, w.colleague)
    yield w.say(w.colleague, "rescue.use", use(w, unnamed))
    rescue = made(w)
    yield w.say(w.colleague, "rescue.use", use(w, unnamed))
    request = w.act(w.colleague, "rescue.use", use(w, rescue))
    w.accept(say(w, listed(w, w.lead, number=2)))
    yield w.say(w.lead, "rescue.use", agreed(request))


@refused("unknown-rescue", ENDED)
def a_rescue_key_of_a_list_that_has_not_begun_is_used(w: World) -> Iterator[Statement]:
    rescue = keys.Identity.generate()
    give(w, rescue, w.lead, w.colleague)
    w.accept(say(w, listed(w, w.lead, rescue=xwing_of(rescue), since=w.after(A_MOMENT))))
    yield w.say(w.colleague, "rescue.use", use(w, rescue))


@refused("spent", SPENT)
def a_rescue_key_is_used_twice(w: World) -> Iterator[Statement]:
    rescue = made(w)
    request = w.act(w.colleague, "rescue.use", use(w, rescue))
    w.act(w.lead, "rescue.use", agreed(request))
    yield w.say(w.lead, "rescue.use", agreed(request))
    for who in (w.lead, w.colleague):
        yield w.say(who, "rescue.use", use(w, rescue))


@refused("reason", f"breaking the glass needs a reason, of at most {MAX_REASON} characters")
def a_rescue_key_is_used_for_no_reason(w: World) -> Iterator[Statement]:
    rescue = made(w)
    for reason in ("", " \n\t", "x" * (MAX_REASON + 1)):
        yield w.say(w.colleague, "rescue.use", use(w, rescue, reason=reason))


@refused("until", f"a rescue key is used for {LONGEST_USE.days} days at most")
def a_use_has_ended_or_hardly_ever_ends(w: World) -> Iterator[Statement]:
    rescue = made(w)
    for delay in (timedelta(), -A_MOMENT, LONGEST_USE + A_MOMENT):
        yield w.say(w.colleague, "rescue.use", use(w, rescue, until=w.after(delay)))
    request = w.act(w.colleague, "rescue.use", use(w, rescue))
    w.wait(DAY)
    yield w.say(w.lead, "rescue.use", agreed(request))


@refused("share", "whoever agrees gives a share, and whoever asks gives none")
def whoever_asks_gives_a_share_or_whoever_agrees_none(w: World) -> Iterator[Statement]:
    rescue = made(w)
    yield w.say(w.colleague, "rescue.use", use(w, rescue, share=ids.Base64("AAAA")))
    request = w.act(w.colleague, "rescue.use", use(w, rescue))
    yield w.say(w.lead, "rescue.use", replace(agreed(request), share=None))


@refused("exists", "you asked already: a colleague agrees, or your request lapses")
def a_colleague_asks_twice(w: World) -> Iterator[Statement]:
    rescue = made(w)
    w.act(w.colleague, "rescue.use", use(w, rescue))
    yield w.say(w.colleague, "rescue.use", use(w, rescue))
    w.wait(DAY - A_MOMENT)
    yield w.say(w.colleague, "rescue.use", use(w, rescue, until=w.after(DAY)))


@refused("unknown-request", NOBODY_ASKED)
def nobody_asked_for_what_is_agreed_to(w: World) -> Iterator[Statement]:
    third, fourth = team(w, "third", "fourth")
    rescue = made(w, w.lead, w.colleague, third, fourth)
    request = w.act(w.colleague, "rescue.use", use(w, rescue))
    yield w.say(w.colleague, "rescue.use", agreed(request))  # one person, twice
    yield w.say(w.lead, "rescue.use", replace(agreed(request), agrees=ZERO))
    yield w.say(w.lead, "rescue.use", agreed(request, reason="iets anders"))
    yield w.say(w.lead, "rescue.use", agreed(request, until=w.after(DAY - A_MOMENT)))
    w.act(w.root, "key.retire", bodies.KeyRetire(w.colleague.kid))
    yield w.say(w.lead, "rescue.use", agreed(request))
    other = w.act(third, "rescue.use", use(w, rescue))
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((third.kid,)))
    yield w.say(w.lead, "rescue.use", agreed(other))


@refused("unknown-request", NOBODY_ASKED)
def what_was_asked_of_another_rescue_key_is_agreed_to(w: World) -> Iterator[Statement]:
    request = w.act(w.colleague, "rescue.use", use(w, made(w)))
    rescue = keys.Identity.generate()
    give(w, rescue, w.lead, w.colleague)
    w.accept(say(w, listed(w, w.lead, number=2, rescue=xwing_of(rescue))))
    yield w.say(w.lead, "rescue.use", agreed(request, rescue=rescue.opening_kid))


@refused("reader", NOT_LISTED)
def a_key_is_wrapped_afterwards_to_another_rescue_key(w: World) -> Iterator[Statement]:
    item, rescue, other = added(w), made(w), keys.Identity.generate()
    yield w.say(w.here.vault, "item.wrap", replace(wrap(item, other), reader=other.opening_kid))
    yield w.say(w.here.vault, "item.wrap", wrap(item, rescue))
    yield w.say(w.here.vault, "item.wrap", replace(wrap(item, w.colleague), to=rescue.opening_kid))
    w.accept(say(w, listed(w, w.lead, number=2)))
    yield w.say(w.here.vault, "item.wrap", replace(wrap(item, rescue), reader=rescue.opening_kid))


@allowed
def a_key_is_wrapped_afterwards_to_the_rescue_key(w: World) -> Iterator[Statement]:
    before, rescue = added(w), made(w)
    after = added(w)
    for item in (before, after):
        yield w.say(w.here.vault, "item.wrap", replace(wrap(item, rescue), reader=rescue.opening_kid))
    yield w.say(w.lead, "item.wrap", replace(wrap(after, rescue), reader=rescue.opening_kid))
