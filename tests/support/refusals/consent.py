"""Refusals about who is given what: proposals, grants, exports, disputes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.statement import Statement
from tests.support.refusals.items import begun
from tests.support.refusals.world import A_MOMENT, ZERO, World, allowed, new, refused

NOT_A_READER = "the reader's key is not one that the root certified for a person who may read"
NO_SUCH_ITEM = "this case has no such item"


def proposal(*items: ids.ItemId, reader: keys.Identity) -> bodies.Disclose:
    """Return the body that proposes items to a reader."""
    return bodies.Disclose(new(ids.DisclosureId), reader.kid, "x", items)


@refused("exists", "this proposal exists")
def a_proposal_is_made_twice(w: World) -> Iterator[Statement]:
    body = proposal(w.here.item, reader=w.investigator)
    w.act(w.lead, "disclose", body)
    yield w.say(w.lead, "disclose", body)


@refused("reader", NOT_A_READER)
def a_reader_is_nobody_who_may_read(w: World) -> Iterator[Statement]:
    for who in (w.nobody, w.server, w.dispatcher, w.here.phone, w.here.vault, w.root):
        yield w.say(w.lead, "disclose", proposal(w.here.item, reader=who))
        yield w.say(w.here.vault, "grant", w.grant_of(w.here.item, reader=who))
    swapped = replace(w.grant_of(w.here.item), to=w.nobody.opening_kid)
    yield w.say(w.here.vault, "grant", swapped)
    w.act(w.root, "key.retire", bodies.KeyRetire(w.investigator.kid))
    yield w.say(w.lead, "disclose", proposal(w.here.item, reader=w.investigator))
    yield w.say(w.here.vault, "grant", w.grant_of(w.here.item))


@refused("unknown-item", NO_SUCH_ITEM)
def what_is_given_is_not_of_this_case_or_nothing(w: World) -> Iterator[Statement]:
    for items in ((), (new(ids.ItemId),), (w.elsewhere.item,), (w.here.item, w.elsewhere.item)):
        yield w.say(w.lead, "disclose", proposal(*items, reader=w.investigator))
        yield w.say(w.here.vault, "grant", w.grant_of(*items))


@refused("exists", "this grant exists")
def a_grant_is_made_twice(w: World) -> Iterator[Statement]:
    body = w.grant_of(w.here.item)
    w.act(w.here.vault, "grant", body)
    yield w.say(w.here.vault, "grant", body)
    w.act(w.here.vault, "revoke", bodies.Revoke(body.grant))
    yield w.say(w.here.vault, "grant", body)


@allowed
def items_are_proposed_and_granted(w: World) -> Iterator[Statement]:
    announced = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, announced))
    for who in (w.investigator, w.lead, w.outsider):
        yield w.say(w.lead, "disclose", proposal(w.here.item, announced, reader=who))
        yield w.say(w.here.vault, "grant", w.grant_of(w.here.item, announced, reader=who))


@refused("unknown-grant", "this case has no such grant in force")
def a_grant_is_taken_back_that_is_not_in_force_here(w: World) -> Iterator[Statement]:
    yield w.say(w.here.vault, "revoke", bodies.Revoke(new(ids.GrantId)))
    theirs = w.grant_of(w.elsewhere.item)
    w.act(w.elsewhere.vault, "grant", theirs, w.elsewhere)
    yield w.say(w.here.vault, "revoke", bodies.Revoke(theirs.grant))
    hers = w.grant_of(w.here.item)
    w.act(w.here.vault, "grant", hers)
    w.act(w.here.vault, "revoke", bodies.Revoke(hers.grant))
    yield w.say(w.here.vault, "revoke", bodies.Revoke(hers.grant))


@allowed
def a_grant_is_taken_back(w: World) -> Iterator[Statement]:
    body = w.grant_of(w.here.item)
    w.act(w.here.vault, "grant", body)
    yield w.say(w.here.vault, "revoke", bodies.Revoke(body.grant))


def export(*items: ids.ItemId) -> bodies.Export:
    """Return the body of an export."""
    return bodies.Export(new(ids.ExportId), "126nd Sv", ZERO, items, bodies.ExportHead("log.example", 1, ZERO), ())


@refused("exists", "this export exists")
def an_export_is_made_twice(w: World) -> Iterator[Statement]:
    w.act(w.here.vault, "grant", w.grant_of(w.here.item))
    body = export(w.here.item)
    w.act(w.investigator, "export", body)
    yield w.say(w.investigator, "export", body)


@refused("not-granted", "the export names an item that was not granted")
def an_export_names_what_was_not_granted(w: World) -> Iterator[Statement]:
    yield w.say(w.investigator, "export", export(w.here.item))
    w.act(w.here.vault, "grant", w.grant_of(w.here.item, reader=w.lead))
    yield w.say(w.investigator, "export", export(w.here.item))
    w.act(w.elsewhere.vault, "grant", w.grant_of(w.elsewhere.item), w.elsewhere)
    yield w.say(w.investigator, "export", export(w.elsewhere.item))
    body = w.grant_of(w.here.item)
    w.act(w.here.vault, "grant", body)
    yield w.say(w.investigator, "export", export(w.here.item, w.card))
    w.wait(timedelta(days=1))
    yield w.say(w.investigator, "export", export(w.here.item))


@allowed
def an_export_names_what_was_granted_until_that_ends(w: World) -> Iterator[Statement]:
    w.act(w.here.vault, "grant", w.grant_of(w.here.item))
    w.wait(timedelta(days=1) - A_MOMENT)
    yield w.say(w.investigator, "export", export(w.here.item))


@refused("unknown-device", "this case has no such device")
def a_device_is_disputed_that_is_not_of_this_case(w: World) -> Iterator[Statement]:
    for device in (new(ids.DeviceId), w.elsewhere.device):
        yield w.say(w.here.vault, "dispute", bodies.Dispute(device, w.now, w.now))


@refused("window", "the window ends before it begins")
def a_disputed_window_ends_before_it_begins(w: World) -> Iterator[Statement]:
    yield w.say(w.here.vault, "dispute", bodies.Dispute(w.here.device, w.now, w.after(-A_MOMENT)))


@allowed
def a_device_is_disputed(w: World) -> Iterator[Statement]:
    yield w.say(w.here.vault, "dispute", bodies.Dispute(w.here.device, w.now, w.now))
