"""Refusals about who gets what is added from now on: standing lists, keys that are wrapped afterwards, exclusions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from evidence import ids, keys
from evidence.statements import bodies, reader_lists
from evidence.statements.rules.readers import AHEAD, CLOCK, MAX_EXCLUDED, MAX_KINDS, MAX_WRAPS, TO_SIGN
from evidence.statements.statement import Statement
from tests.support.published import sha256_of
from tests.support.refusals.consent import export
from tests.support.refusals.world import A_MOMENT, World, allowed, new, refused

DAY: Final = timedelta(days=1)
NOT_OF_THE_TEAM: Final = "a list names caseworkers of the team by the key that the root certified"
NOT_LISTED: Final = "a key is wrapped afterwards to a reader on the list in force only"
TOO_SOON: Final = "this takes readers away, or brings one in: it waits a day, or the lead signs it too"


def row(who: keys.OpeningKey, *kinds: str) -> bodies.StandingReader:
    """Return what a list says of somebody."""
    kid = getattr(who, "kid", None)
    assert kid is not None
    return bodies.StandingReader(kid, sha256_of(who), kinds or None)


def listed(w: World, *readers: keys.Identity, number: int = 1, **more: Any) -> bodies.ListSet:  # noqa: ANN401 - members of a body
    """Return the body of a list for ninety days, from now on."""
    rows = tuple(row(one) for one in readers)
    return replace(bodies.ListSet(number, w.now, w.after(timedelta(days=90)), rows), **more)


def team(w: World, *names: str) -> list[keys.Identity]:
    """Certify more caseworkers of the team."""
    made = [keys.Identity.generate() for _ in names]
    for one in made:
        w.act(w.root, "key.publish", w.publish(one, "caseworker", w.team))
    return made


def say(w: World, body: bodies.ListSet, **more: Any) -> Statement:  # noqa: ANN401 - as in statement.sign
    """Return the statement of her vault that sets a list."""
    return w.say(w.here.vault, "list.set", body, **more)


def set_list(w: World, *readers: keys.Identity, number: int = 1, **more: Any) -> None:  # noqa: ANN401 - members of a body
    """Have her set a list, which the lead signs too."""
    body = listed(w, *readers, number=number, agreed=w.lead.kid, **more)
    w.accept(say(w, body, cosigner=w.lead))


def added(w: World) -> ids.ItemId:
    """Have her phone add an item."""
    item = new(ids.ItemId)
    w.act(w.here.phone, "item.seal", w.seal(item))
    return item


def wrap(item: ids.ItemId, reader: keys.Identity) -> bodies.ItemWrap:
    """Return a body of a key that is wrapped afterwards."""
    return bodies.ItemWrap(item, reader.kid, reader.opening_kid, ids.Base64("AAAA"), 2)


@allowed
def a_list_names_her_readers(w: World) -> Iterator[Statement]:
    yield say(w, listed(w))
    yield say(w, listed(w, w.lead, w.colleague))
    yield say(w, listed(w, w.lead, since=w.after(-CLOCK)))
    yield say(w, listed(w, w.lead, since=w.after(-TO_SIGN), agreed=w.lead.kid), cosigner=w.lead)
    yield say(w, listed(w, w.lead, since=w.after(AHEAD), until=w.after(AHEAD + DAY)))
    yield say(w, listed(w, w.lead, until=w.after(reader_lists.LONGEST)))
    yield say(w, listed(w, w.lead, until=w.after(DAY)))
    kinds = ("a", "a" * 32, *(f"kind-{letter * length}" for letter in "ab" for length in range(1, MAX_KINDS // 2)))
    yield say(w, listed(w, readers=(row(w.lead, *kinds),)))
    yield say(w, listed(w, w.lead, *team(w, *"1234567")))
    set_list(w, w.lead)
    yield say(w, listed(w, w.lead, number=2))


@refused("list", "the next list of this case has the number 1")
def the_first_list_has_another_number(w: World) -> Iterator[Statement]:
    for number in (0, 2):
        yield say(w, listed(w, w.lead, number=number))


@refused("list", "the next list of this case has the number 3")
def a_list_is_out_of_turn(w: World) -> Iterator[Statement]:
    set_list(w, w.lead)
    set_list(w, w.lead, number=2)
    for number in (1, 2, 4):
        yield say(w, listed(w, w.lead, number=number))


@refused("clock", f"a list begins at the present, or within {AHEAD.days} days")
def a_list_begins_in_the_past_or_far_ahead(w: World) -> Iterator[Statement]:
    yield say(w, listed(w, w.lead, since=w.after(-CLOCK - A_MOMENT)))
    late = w.after(-TO_SIGN - A_MOMENT)
    yield say(w, listed(w, w.lead, since=late, agreed=w.lead.kid), cosigner=w.lead)
    yield say(w, listed(w, w.lead, since=w.after(AHEAD + A_MOMENT)))


@refused("until", f"a list lasts a day to {reader_lists.LONGEST.days} days")
def a_list_ends_at_once_or_hardly_ever(w: World) -> Iterator[Statement]:
    for until in (DAY - A_MOMENT, -DAY, reader_lists.LONGEST + A_MOMENT):
        yield say(w, listed(w, w.lead, until=w.after(until)))


@refused("list", f"a list names at most {reader_lists.MAX_READERS} readers, each once")
def a_list_names_too_many_or_one_twice(w: World) -> Iterator[Statement]:
    yield say(w, listed(w, w.lead, *team(w, *"12345678")))
    yield say(w, listed(w, readers=(row(w.lead), row(w.lead, "incident"))))


@refused("reader", NOT_OF_THE_TEAM)
def a_list_names_somebody_who_is_no_caseworker_of_the_team(w: World) -> Iterator[Statement]:
    for who in (w.nobody, w.investigator, w.dispatcher, w.server, w.outsider, w.here.vault, w.here.phone):
        yield say(w, listed(w, w.lead, who))
    swapped = replace(row(w.lead), xwing=sha256_of(w.colleague))
    yield say(w, listed(w, readers=(swapped,)))
    w.act(w.root, "key.retire", bodies.KeyRetire(w.colleague.kid))
    yield say(w, listed(w, w.lead, w.colleague))


@refused("kinds", "a reader of some kinds has one or more, each once")
def a_list_names_kinds_that_cannot_be(w: World) -> Iterator[Statement]:
    many = tuple(f"kind-{letter * length}" for letter in "abcd" for length in range(1, 10))
    odd = (("Incident",), ("incident", "Order"), ("",), ("a" * 33,))
    for kinds in ((), ("incident", "incident"), *odd, many[: MAX_KINDS + 1]):
        yield say(w, listed(w, readers=(replace(row(w.lead), kinds=kinds),)))


@refused("excluded", "this person is no reader of this case")
def an_excluded_person_becomes_a_reader(w: World) -> Iterator[Statement]:
    item = added(w)
    set_list(w, w.lead, w.colleague)
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((w.colleague.kid, w.investigator.kid)))
    yield say(w, listed(w, w.lead, w.colleague, number=2))
    yield w.say(w.here.vault, "grant", w.grant_of(item))
    yield w.say(w.here.vault, "grant", w.grant_of(item, reader=w.colleague))
    yield w.say(w.here.vault, "item.wrap", wrap(item, w.colleague))
    body = bodies.Disclose(new(ids.DisclosureId), w.investigator.kid, "x", (item,))
    yield w.say(w.lead, "disclose", body)


@refused("unknown-case", "there is no such case")
def an_excluded_caseworker_acts_in_the_case(w: World) -> Iterator[Statement]:
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((w.colleague.kid,)))
    yield w.say(w.colleague, "item.seal", w.seal(new(ids.ItemId)))


@refused("not-granted", "the export names an item that was not granted")
def an_excluded_investigator_exports_what_was_granted_before(w: World) -> Iterator[Statement]:
    w.act(w.here.vault, "grant", w.grant_of(w.here.item))
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((w.investigator.kid,)))
    yield w.say(w.investigator, "export", export(w.here.item))


@allowed
def an_exclusion_ends_with_the_next(w: World) -> Iterator[Statement]:
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude((w.colleague.kid, w.investigator.kid)))
    w.act(w.lead, "readers.exclude", bodies.ReadersExclude(()))
    yield say(w, listed(w, w.lead, w.colleague))
    yield w.say(w.here.vault, "grant", w.grant_of(w.here.item))
    full = tuple(new(ids.KeyId) for _ in range(MAX_EXCLUDED))
    yield w.say(w.colleague, "readers.exclude", bodies.ReadersExclude(full))


@refused("list", f"at most {MAX_EXCLUDED} people are excluded, each once")
def too_many_are_excluded_or_one_twice(w: World) -> Iterator[Statement]:
    many = tuple(new(ids.KeyId) for _ in range(MAX_EXCLUDED + 1))
    for readers in (many, (w.colleague.kid, w.colleague.kid)):
        yield w.say(w.lead, "readers.exclude", bodies.ReadersExclude(readers))


@refused("lead", "the lead of the case is not excluded from it")
def the_lead_is_excluded(w: World) -> Iterator[Statement]:
    yield w.say(w.colleague, "readers.exclude", bodies.ReadersExclude((w.nobody.kid, w.lead.kid)))


@refused("too-soon", TOO_SOON)
def a_list_takes_two_readers_away_or_the_last_at_once(w: World) -> Iterator[Statement]:
    third, fourth = team(w, "third", "fourth")
    set_list(w, w.lead, w.colleague, third, fourth)
    soon = w.after(DAY - A_MOMENT)
    for since in (w.now, soon):
        until = ids.time_of(ids.moment_of(since) + DAY)
        yield say(w, listed(w, number=2, since=since, until=until))
        yield say(w, listed(w, third, fourth, number=2, since=since, until=until))
        some = (row(w.lead, "incident"), row(w.colleague, "photo"), row(third), row(fourth))
        yield say(w, listed(w, number=2, since=since, until=until, readers=some))
    set_list(w, w.lead, w.colleague, third, number=2)
    yield say(w, listed(w, w.lead, w.colleague, number=3))  # one after the other is two in a day
    w.wait(DAY + A_MOMENT)
    set_list(w, w.lead, w.colleague, number=3)
    w.wait(DAY + A_MOMENT)
    set_list(w, w.lead, number=4)
    yield say(w, listed(w, number=5))
    w.wait(DAY + A_MOMENT)
    yield say(w, listed(w, number=5))
    yield say(w, listed(w, w.colleague, number=5, readers=(row(w.colleague, "photo"),)))


@refused("too-soon", TOO_SOON)
def a_list_that_ended_within_a_day_is_made_empty(w: World) -> Iterator[Statement]:
    set_list(w, w.lead, until=w.after(timedelta(days=2)))
    w.wait(timedelta(days=3))
    yield say(w, listed(w, number=2))


@allowed
def a_list_that_ended_a_day_ago_takes_nobody_away(w: World) -> Iterator[Statement]:
    set_list(w, w.lead, until=w.after(timedelta(days=2)))
    w.wait(timedelta(days=3) + A_MOMENT)
    yield say(w, listed(w, number=2))


@allowed
def a_list_that_never_began_takes_nobody_away(w: World) -> Iterator[Statement]:
    (third,) = team(w, "third")
    set_list(w, w.lead, third)
    set_list(w, w.lead, third, w.colleague, number=2, since=w.after(2 * DAY))
    w.wait(DAY)
    set_list(w, w.lead, number=3)
    w.wait(timedelta(days=2))
    yield say(w, listed(w, third, number=4))


@refused("too-soon", TOO_SOON)
def a_list_brings_in_somebody_at_once(w: World) -> Iterator[Statement]:
    third, fourth = team(w, "third", "fourth")
    set_list(w, readers=(row(w.lead), row(third, "incident", "photo")), until=w.after(3 * DAY))
    for one in (row(w.colleague), row(w.colleague, "photo"), row(third), row(third, "photo", "sound")):
        yield say(w, listed(w, number=2, readers=(row(w.lead), one)))
    set_list(w, w.lead, fourth, number=2, since=w.after(2 * DAY))  # in force before: not what only would have begun
    w.wait(DAY)
    yield say(w, listed(w, w.lead, fourth, number=3))
    set_list(w, w.lead, number=3)
    w.wait(timedelta(days=100))  # it has no reader any more: those who were are restored, nobody else
    yield say(w, listed(w, w.colleague, number=4))


@allowed
def who_was_a_reader_before_is_one_again_by_one_act(w: World) -> Iterator[Statement]:
    (third,) = team(w, "third")
    set_list(w, readers=(row(w.lead), row(third, "incident"), row(w.colleague)))
    w.wait(DAY)
    set_list(w, readers=(row(w.lead), row(third, "photo")), number=2)
    w.wait(2 * DAY)
    set_list(w, number=3)
    yield say(w, listed(w, w.lead, w.colleague, number=4))
    w.wait(timedelta(days=200))
    yield say(w, listed(w, number=4, readers=(row(third, "incident", "photo"),)))
    yield say(w, listed(w, number=4, readers=(row(third, "photo"), row(w.colleague, "order"))))


@allowed
def a_list_takes_one_reader_away_or_waits_or_the_lead_signs_it_too(w: World) -> Iterator[Statement]:
    third, fourth = team(w, "third", "fourth")
    set_list(w, w.lead, w.colleague, third)
    yield say(w, listed(w, w.lead, w.colleague, number=2))
    yield say(w, listed(w, w.lead, w.colleague, fourth, number=2, agreed=w.lead.kid), cosigner=w.lead)
    tomorrow = {"since": w.after(DAY), "until": w.after(2 * DAY)}
    yield say(w, listed(w, number=2, **tomorrow))
    yield say(w, listed(w, w.lead, number=2, **tomorrow))
    for readers in ((), (w.lead,)):
        yield say(w, listed(w, *readers, number=2, agreed=w.lead.kid), cosigner=w.lead)
    set_list(w, w.lead, w.colleague, number=2)
    w.wait(DAY + A_MOMENT)
    yield say(w, listed(w, w.lead, number=3))
    set_list(w, number=3, since=w.after(DAY), until=w.after(3 * DAY))
    w.wait(2 * DAY)
    yield say(w, listed(w, number=4, agreed=w.lead.kid), cosigner=w.lead)
    w.wait(A_MOMENT)
    yield say(w, listed(w, number=4))


@refused("lead", "only the lead of the case agrees that a list need not wait")
def somebody_else_than_the_lead_agrees(w: World) -> Iterator[Statement]:
    for who in (w.colleague, w.outsider, w.investigator, w.here.phone):
        yield say(w, listed(w, w.lead, agreed=who.kid), cosigner=who)


@refused("unknown-key", "the key that signed is not known here, or no longer in force")
def nobody_agrees(w: World) -> Iterator[Statement]:
    yield say(w, listed(w, w.lead, agreed=w.nobody.kid), cosigner=w.nobody)


@refused("signature", "the statement is not signed by every key that it needs")
def the_lead_did_not_sign(w: World) -> Iterator[Statement]:
    yield say(w, listed(w, w.lead, agreed=w.lead.kid))


def alarmed(w: World, kind: bodies.AlarmKind = "press") -> None:
    """Let her press."""
    w.act(w.bridge, "alarm.raise", replace(w.alarm_of(w.button), kind=kind))


@refused("too-soon", TOO_SOON)
def a_reader_is_taken_away_within_a_day_of_an_alarm(w: World) -> Iterator[Statement]:
    set_list(w, w.lead, w.colleague)
    alarmed(w)
    yield say(w, listed(w, w.lead, number=2))
    w.act(w.bridge, "alarm.raise", replace(w.alarm_of(w.button), received_at=w.after(-timedelta(days=9))))
    w.wait(DAY - A_MOMENT)
    yield say(w, listed(w, w.lead, number=2))
    w.wait(timedelta(days=3))
    alarmed(w, "duress")
    yield say(w, listed(w, w.lead, number=2))


@allowed
def a_reader_is_taken_away_a_day_after_an_alarm_or_beside_a_test(w: World) -> Iterator[Statement]:
    set_list(w, w.lead, w.colleague)
    alarmed(w)
    yield say(w, listed(w, w.lead, w.colleague, number=2))
    w.wait(DAY)
    yield say(w, listed(w, w.lead, number=2))
    for kind in ("test", "tamper", "overdue"):
        alarmed(w, kind)
    w.act(w.bridge, "alarm.raise", replace(w.alarm_of(w.far_button), alarm=new(ids.AlarmId)), w.elsewhere)
    yield say(w, listed(w, w.lead, number=2))


@refused("reader", NOT_LISTED)
def a_key_is_wrapped_afterwards_to_nobody_on_the_list_in_force(w: World) -> Iterator[Statement]:
    item = added(w)
    yield w.say(w.here.vault, "item.wrap", wrap(item, w.lead))  # there is no list
    set_list(w, w.lead, since=w.after(timedelta(hours=1)), until=w.after(timedelta(hours=25)))
    w.wait(timedelta(hours=1) - A_MOMENT)
    yield w.say(w.here.vault, "item.wrap", wrap(item, w.lead))
    w.wait(A_MOMENT)
    for who in (w.colleague, w.investigator, w.outsider, w.nobody, w.here.phone):
        yield w.say(w.here.vault, "item.wrap", wrap(item, who))
    yield w.say(w.here.vault, "item.wrap", replace(wrap(item, w.lead), to=w.colleague.opening_kid))
    w.wait(DAY)
    yield w.say(w.here.vault, "item.wrap", wrap(item, w.lead))


@refused("reader", NOT_LISTED)
def a_key_is_wrapped_afterwards_to_a_key_that_was_retired(w: World) -> Iterator[Statement]:
    item = added(w)
    set_list(w, w.lead, w.colleague)
    w.act(w.root, "key.retire", bodies.KeyRetire(w.colleague.kid))
    yield w.say(w.here.vault, "item.wrap", wrap(item, w.colleague))


@refused("unknown-item", "this case has no such item")
def a_key_of_an_item_that_is_not_here_or_not_theirs_is_wrapped(w: World) -> Iterator[Statement]:
    before = added(w)
    set_list(w, w.lead)
    between = added(w)
    for item in (new(ids.ItemId), w.elsewhere.item):
        yield w.say(w.here.vault, "item.wrap", wrap(item, w.lead))
    yield w.say(w.lead, "item.wrap", wrap(before, w.lead))
    yield w.say(w.colleague, "item.wrap", wrap(between, w.lead))
    set_list(w, w.lead, w.colleague, number=2)
    for item in (before, between, w.card):
        yield w.say(w.colleague, "item.wrap", wrap(item, w.colleague))
    w.wait(DAY)
    later = added(w)
    set_list(w, w.lead, number=3)
    yield w.say(w.colleague, "item.wrap", wrap(later, w.lead))
    announced = new(ids.ItemId)
    w.act(w.here.phone, "item.open", bodies.ItemOpen(announced, w.seal(announced).head))
    yield w.say(w.colleague, "item.wrap", wrap(announced, w.lead))
    erased = added(w)
    erasure = w.asked(erased)
    w.wait(timedelta(days=14))
    w.act(w.server, "erase.execute", bodies.EraseStep(erasure))
    yield w.say(w.lead, "item.wrap", wrap(erased, w.lead))


@allowed
def a_key_is_wrapped_afterwards_by_her_or_by_who_has_the_item(w: World) -> Iterator[Statement]:
    before = added(w)
    set_list(w, w.lead, until=w.after(2 * DAY))
    item, announced = added(w), new(ids.ItemId)
    w.act(w.here.phone, "item.open", bodies.ItemOpen(announced, w.seal(announced).head))
    set_list(w, w.lead, w.colleague, number=2, until=w.after(2 * DAY))
    for one in (before, item, announced, w.card):
        yield w.say(w.here.vault, "item.wrap", wrap(one, w.colleague))
    for one in (item, announced, w.card):  # the card is sealed by the lead
        yield w.say(w.lead, "item.wrap", wrap(one, w.colleague))
    w.act(w.here.vault, "grant", w.grant_of(before, reader=w.colleague))
    yield w.say(w.colleague, "item.wrap", wrap(before, w.lead))
    for _ in range(MAX_WRAPS - 1):
        w.act(w.here.vault, "item.wrap", wrap(item, w.colleague))
    w.wait(2 * DAY - A_MOMENT)
    yield w.say(w.lead, "item.wrap", wrap(item, w.colleague))


@refused("exists", "this reader has several keys of this item already")
def one_item_is_wrapped_to_one_reader_again_and_again(w: World) -> Iterator[Statement]:
    item = added(w)
    set_list(w, w.lead)
    for _ in range(MAX_WRAPS):
        w.act(w.here.vault, "item.wrap", wrap(item, w.lead))
    yield w.say(w.here.vault, "item.wrap", wrap(item, w.lead))
