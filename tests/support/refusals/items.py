"""Refusals about items: announced, sealed, amended, and a card behind glass."""

from collections.abc import Iterator
from dataclasses import replace

from evidence import ids
from evidence.statements import bodies
from evidence.statements.rules.erasure import ERASE_DELAY
from evidence.statements.statement import Statement
from tests.support.refusals.world import World, allowed, new, refused


def begun(w: World, item: ids.ItemId) -> bodies.ItemOpen:
    """Return the body that announces an item, with the head that `World.seal` names."""
    return bodies.ItemOpen(item, w.seal(item).head)


@refused("exists", "this item was opened or sealed before")
def an_item_is_announced_twice_or_after_its_seal(w: World) -> Iterator[Statement]:
    yield w.say(w.here.phone, "item.open", begun(w, w.here.item))
    fresh = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, fresh))
    yield w.say(w.here.phone, "item.open", begun(w, fresh))


@refused("exists", "this item was sealed before")
def an_item_is_sealed_twice(w: World) -> Iterator[Statement]:
    yield w.say(w.here.phone, "item.seal", w.seal(w.here.item))
    yield w.say(w.here.phone, "item.seal", w.seal(w.elsewhere.item))


@refused("exists", "this item was opened in another case, by another key, or with another head")
def an_item_is_sealed_in_another_case_by_another_key_or_with_another_head(w: World) -> Iterator[Statement]:
    fresh = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, fresh))
    yield w.say(w.lead, "item.seal", w.seal(fresh))
    seal = w.seal(fresh)
    yield w.say(w.here.phone, "item.seal", replace(seal, head=replace(seal.head, size=2)))
    pressed = new(ids.ItemId)
    w.act(w.bridge, "item.open", begun(w, pressed), w.here)
    yield w.say(w.bridge, "item.seal", w.seal(pressed), w.elsewhere)


@refused("erased", "this item was announced and erased")
def an_item_is_sealed_that_was_announced_and_erased(w: World) -> Iterator[Statement]:
    fresh = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, fresh))
    erasure = w.asked(fresh)
    w.wait(ERASE_DELAY)
    w.act(w.server, "erase.execute", bodies.EraseStep(erasure))
    yield w.say(w.here.phone, "item.seal", w.seal(fresh))


@refused("note", "a dispatcher adds a note, without a file, to a case in which there was an alarm")
def a_dispatcher_adds_a_file_or_to_a_case_without_an_alarm(w: World) -> Iterator[Statement]:
    yield w.say(w.dispatcher, "item.seal", w.seal(new(ids.ItemId)))
    w.act(w.bridge, "alarm.raise", w.alarm_of(w.button))
    yield w.say(w.dispatcher, "item.seal", w.seal(new(ids.ItemId)), w.elsewhere)
    note = w.seal(new(ids.ItemId))
    yield w.say(w.dispatcher, "item.seal", replace(note, content=note.meta))


@allowed
def a_dispatcher_adds_a_note_where_there_was_an_alarm(w: World) -> Iterator[Statement]:
    w.act(w.bridge, "alarm.raise", w.alarm_of(w.button))
    yield w.say(w.dispatcher, "item.seal", w.seal(new(ids.ItemId)))


@allowed
def an_item_is_announced_and_sealed(w: World) -> Iterator[Statement]:
    fresh = new(ids.ItemId)
    yield w.say(w.here.phone, "item.open", begun(w, fresh))
    w.act(w.here.phone, "item.open", begun(w, fresh))
    yield w.say(w.here.phone, "item.seal", w.seal(fresh))


@refused("amendment", "an item is amended by another one")
def an_item_amends_itself(w: World) -> Iterator[Statement]:
    fresh = new(ids.ItemId)
    w.act(w.here.phone, "item.seal", w.seal(fresh))
    for who, item in ((w.here.phone, fresh), (w.here.vault, fresh), (w.lead, w.card)):
        yield w.say(who, "item.amend", bodies.ItemAmend(item, item))


@refused("amendment", "whoever is not her vault amends by an item of their own")
def an_item_of_somebody_else_amends(w: World) -> Iterator[Statement]:
    fresh = new(ids.ItemId)
    w.act(w.here.phone, "item.seal", w.seal(fresh))
    yield w.say(w.lead, "item.amend", bodies.ItemAmend(fresh, w.card))
    yield w.say(w.here.phone, "item.amend", bodies.ItemAmend(w.card, w.here.item))


@refused("amendment", "a caseworker corrects papers of their own, and nothing of hers")
def a_caseworker_corrects_what_is_hers_or_a_colleagues(w: World) -> Iterator[Statement]:
    own = new(ids.ItemId)
    w.act(w.colleague, "item.seal", w.seal(own))
    yield w.say(w.colleague, "item.amend", bodies.ItemAmend(own, w.here.item))
    yield w.say(w.colleague, "item.amend", bodies.ItemAmend(own, w.card))


@refused("unknown-item", "this case has no such item")
def an_amendment_names_what_is_not_sealed_in_this_case(w: World) -> Iterator[Statement]:
    fresh, announced = new(ids.ItemId), new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, announced))
    for item, amends in (
        (w.here.item, fresh),
        (fresh, w.here.item),
        (w.here.item, w.elsewhere.item),
        (w.elsewhere.item, w.here.item),
        (w.here.item, announced),
    ):
        yield w.say(w.here.phone, "item.amend", bodies.ItemAmend(item, amends))


@allowed
def an_item_amends_another(w: World) -> Iterator[Statement]:
    fresh, hers, own = (new(ids.ItemId) for _ in range(3))
    w.act(w.here.phone, "item.seal", w.seal(fresh))
    w.act(w.here.vault, "item.seal", w.seal(hers))
    w.act(w.lead, "item.seal", w.seal(own))
    yield w.say(w.lead, "item.amend", bodies.ItemAmend(own, w.card))
    yield w.say(w.here.phone, "item.amend", bodies.ItemAmend(fresh, w.card))
    yield w.say(w.here.vault, "item.amend", bodies.ItemAmend(hers, w.here.item))
    yield w.say(w.here.vault, "item.amend", bodies.ItemAmend(fresh, w.here.item))


@refused("unknown-item", "that is not the card of an alarm device of this case")
def the_glass_is_broken_for_what_is_no_card(w: World) -> Iterator[Statement]:
    for item in (new(ids.ItemId), w.here.item, w.far_card):
        yield w.say(w.dispatcher, "break_glass", bodies.BreakGlass(item, "x"))


@refused("reason", "breaking the glass needs a reason")
def the_glass_is_broken_for_no_reason(w: World) -> Iterator[Statement]:
    yield w.say(w.dispatcher, "break_glass", bodies.BreakGlass(w.card, " "))


@allowed
def the_glass_is_broken(w: World) -> Iterator[Statement]:
    yield w.say(w.dispatcher, "break_glass", bodies.BreakGlass(w.card, "x"))
    yield w.say(w.server, "read", bodies.Read(w.investigator.kid, (w.here.item,), "meta"))


@allowed
def the_glass_is_broken_for_the_card_of_a_device_that_was_revoked(w: World) -> Iterator[Statement]:
    """Its last alarm may still be open."""
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.button))
    yield w.say(w.dispatcher, "break_glass", bodies.BreakGlass(w.card, "x"))
