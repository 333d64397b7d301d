"""Refusals that ask who signs: keys in force, roles, invitations, a phone's numbers, and whose case it is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from evidence import ids, keys
from evidence.statements import bodies, dsse, statement
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from tests.support.refusals.world import A_MOMENT, ORIGIN, House, World, allowed, key_of, new, refused

TEAM = bodies.TeamOpen(new(ids.TeamId), "x")


@allowed
def the_first_statement_opens_the_log(w: World) -> Iterator[Statement]:
    w.history.clear()
    yield w.say(w.root, "log.open", bodies.LogOpen(ORIGIN, bodies.RootKey(key_of(w.root), "x"), w.log_vkey))


@refused("log-state", "the log opens once, with its first statement")
def a_log_is_opened_twice(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "log.open", bodies.LogOpen(ORIGIN, bodies.RootKey(key_of(w.root), "x"), w.log_vkey))


@refused("unknown-key", "the key that signed is not known here, or no longer in force")
def a_key_that_is_not_in_force_signs(w: World) -> Iterator[Statement]:
    yield w.say(w.nobody, "team.open", TEAM)
    stranger = bodies.LogOpen(ORIGIN, bodies.RootKey(key_of(w.nobody), "x"), w.log_vkey)
    yield w.say(w.nobody, "log.open", stranger)
    w.act(w.root, "key.retire", bodies.KeyRetire(w.colleague.kid))
    yield w.say(w.colleague, "item.open", bodies.ItemOpen(new(ids.ItemId), w.seal(w.card).head))
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.here.device))
    yield w.say(w.here.phone, "item.seal", w.seal(new(ids.ItemId)))


@refused("unknown-key", "the key that signed is not known here, or no longer in force")
def a_phone_in_use_is_not_known_before_the_log_is_open(w: World) -> Iterator[Statement]:
    w.history.clear()
    yield w.say(w.root, "team.open", TEAM)


@refused("signature", "the statement is not signed by every key that it needs")
def an_enrolment_lacks_the_signature_of_its_invitation(w: World) -> Iterator[Statement]:
    phone, one_time = keys.Identity.generate(), w.invite(w.here)
    yield w.enrolment(w.here, phone, one_time, cosigner=None)
    both = w.enrolment(w.here, phone, one_time)
    alone = replace(both.envelope, signatures=both.envelope.signatures[1:])
    yield statement.from_envelope(alone)


@refused("signature", "the signature does not fit the key and the bytes")
def a_signature_is_of_another_statement(w: World) -> Iterator[Statement]:
    one, other = w.say(w.root, "team.open", TEAM), w.say(w.root, "key.retire", bodies.KeyRetire(w.lead.kid))
    forged: dsse.Envelope = replace(one.envelope, signatures=other.envelope.signatures)
    yield statement.from_envelope(forged)


@refused("role", "a key of the role server does not sign team.open")
def a_server_opens_a_team(w: World) -> Iterator[Statement]:
    yield w.say(w.server, "team.open", TEAM)


@refused("role", "a key of the role alarm_device does not sign item.seal")
def an_alarm_device_seals_an_item(w: World) -> Iterator[Statement]:
    device = keys.Identity.generate()
    body = replace(w.device(new(ids.DeviceId), None), sign=key_of(device))
    w.act(w.lead, "alarm_device.enrol", body)
    yield w.say(device, "item.seal", w.seal(new(ids.ItemId)), chain=None)


@refused("unknown-key", "the key that signed is not known here, or no longer in force")
def a_phone_that_was_shut_out_comes_back_with_a_new_invitation(w: World) -> Iterator[Statement]:
    one_time = w.invite(w.here)
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.here.device))
    yield w.enrolment(w.here, w.here.phone, one_time)


@allowed
def a_phone_is_enrolled_until_its_invitation_expires(w: World) -> Iterator[Statement]:
    one_time = w.invite(w.here)
    w.wait(timedelta(hours=1) - A_MOMENT)
    yield w.enrolment(w.here, keys.Identity.generate(), one_time)


@refused("invitation-expired", "this invitation has expired")
def an_invitation_has_expired(w: World) -> Iterator[Statement]:
    one_time = w.invite(w.here)
    w.wait(timedelta(hours=1))
    yield w.enrolment(w.here, keys.Identity.generate(), one_time)
    w.wait(A_MOMENT)
    yield w.enrolment(w.here, keys.Identity.generate(), one_time)


@refused("invitation", "this invitation does not exist or was used before")
def an_invitation_is_of_nobody_or_of_another_case_or_used(w: World) -> Iterator[Statement]:
    yield w.enrolment(w.here, keys.Identity.generate(), w.nobody)
    yield w.enrolment(w.here, keys.Identity.generate(), w.invite(w.elsewhere))
    one_time = w.invite(w.here)
    w.accept(w.enrolment(w.here, keys.Identity.generate(), one_time))
    yield w.enrolment(w.here, keys.Identity.generate(), one_time)


@refused("chain", "only a phone and a vault number their statements")
def a_caseworker_numbers_a_statement(w: World) -> Iterator[Statement]:
    yield w.say(w.lead, "item.seal", w.seal(new(ids.ItemId)), chain=Chain(0, FIRST_PREV))


@refused("chain", "expected number 1, naming the statement that came before it")
def a_phone_leaves_a_gap(w: World) -> Iterator[Statement]:
    body = w.seal(new(ids.ItemId))
    last = w.history.pop()  # the case's own: an item of an alarm device
    while last.by != w.here.phone.kid or last.type != "item.seal":
        last = w.history.pop()
    link = Chain(1, last.chain.prev if last.chain else FIRST_PREV)
    for wrong in (None, Chain(0, FIRST_PREV), Chain(2, link.prev), Chain(1, FIRST_PREV)):
        yield w.say(w.here.phone, "item.seal", body, chain=wrong)


@refused("chain", "expected number 1, naming the statement that came before it")
def a_vault_leaves_a_gap_or_says_two_things_under_one_number(w: World) -> Iterator[Statement]:
    w.act(w.here.vault, "grant", w.grant_of(w.here.item))
    link = w.standing.next_link(w.here.vault.kid)
    wrong = (None, Chain(0, FIRST_PREV), Chain(1, FIRST_PREV), Chain(2, link.prev), w.link(w.here.phone))
    for kind, body in (
        ("grant", w.grant_of(w.here.item)),
        ("device.revoke", bodies.DeviceRevoke(w.here.device)),
        ("erase.request", bodies.EraseRequest(new(ids.ErasureId), (w.here.item,))),
    ):
        for chain in wrong:
            yield w.say(w.here.vault, kind, body, chain=chain)


@refused("chain", "expected number 0, naming the statement that came before it")
def a_new_phone_begins_in_the_middle(w: World) -> Iterator[Statement]:
    one_time = w.invite(w.here)
    yield w.enrolment(w.here, keys.Identity.generate(), one_time, chain=Chain(1, FIRST_PREV))
    yield w.enrolment(w.here, keys.Identity.generate(), one_time, chain=None)


@refused("unknown-case", "there is no such case")
def the_case_does_not_exist_or_is_somebody_elses(w: World) -> Iterator[Statement]:
    nowhere, seal = House(), w.seal(new(ids.ItemId))
    for who in (w.bridge, w.here.phone, w.lead):
        yield w.say(who, "item.seal", seal, nowhere)
    for who in (w.here.phone, w.lead):
        yield w.say(who, "item.seal", seal, w.elsewhere)
    asked = bodies.EraseRequest(new(ids.ErasureId), (w.elsewhere.item,))
    yield w.say(w.here.vault, "erase.request", asked, w.elsewhere)


@allowed
def each_acts_in_its_own_case(w: World) -> Iterator[Statement]:
    seal = w.seal(new(ids.ItemId))
    for who in (w.here.phone, w.lead, w.colleague, w.bridge):
        yield w.say(who, "item.seal", seal)
    yield w.say(w.bridge, "item.seal", seal, w.elsewhere)
    yield w.say(w.outsider, "item.seal", seal, w.elsewhere)
    yield w.say(w.elsewhere.phone, "item.seal", seal, w.elsewhere)
