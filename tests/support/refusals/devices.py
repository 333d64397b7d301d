"""Refusals about phones and alarm devices, and about lending those."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.facts import vault_pin
from evidence.statements.rules import lending
from evidence.statements.statement import Statement
from tests.support import published
from tests.support.refusals.world import A_MOMENT, World, allowed, key_of, new, refused


@refused("exists", "this invitation exists")
def an_invitation_is_made_twice_or_with_a_key_that_signs_already(w: World) -> Iterator[Statement]:
    one_time = w.invite(w.here)
    for who in (one_time, w.lead, w.here.phone):
        yield w.say(w.lead, "device.invite", published.invitation(w.here.vault, who, w.now))


@refused("vault", "the invitation pins another vault, or another X-Wing key, than the case's")
def an_invitation_pins_another_vault_than_the_case_has(w: World) -> Iterator[Statement]:
    body = bodies.DeviceInvite(key_of(w.nobody), w.now, ids.Sha256("1" * 64), 0)
    yield w.say(w.lead, "device.invite", body)
    yield w.say(w.lead, "device.invite", published.invitation(w.elsewhere.vault, w.nobody, w.now))
    swapped = vault_pin(w.here.vault.sign_public, w.elsewhere.vault.xwing_public)
    yield w.say(w.lead, "device.invite", replace(body, vault=swapped))


@refused("list", "the invitation names another number than the newest list has")
def an_invitation_names_another_list_than_the_newest(w: World) -> Iterator[Statement]:
    yield w.say(w.lead, "device.invite", published.invitation(w.here.vault, w.nobody, w.now, 1))
    row = bodies.StandingReader(w.lead.kid, published.sha256_of(w.lead))
    until = w.after(timedelta(days=9))
    w.act(w.here.vault, "list.set", bodies.ListSet(1, w.now, until, (row,)))
    for number in (0, 2):
        yield w.say(w.lead, "device.invite", published.invitation(w.here.vault, w.nobody, w.now, number))
    w.act(w.here.vault, "list.set", bodies.ListSet(2, w.now, until, (row,)))
    yield w.say(w.lead, "device.invite", published.invitation(w.here.vault, w.nobody, w.now, 1))


@allowed
def an_invitation_is_made(w: World) -> Iterator[Statement]:
    yield w.say(w.lead, "device.invite", published.invitation(w.here.vault, w.nobody, w.now))
    row = bodies.StandingReader(w.lead.kid, published.sha256_of(w.lead))
    w.act(w.here.vault, "list.set", bodies.ListSet(1, w.now, w.after(timedelta(days=9)), (row,)))
    yield w.say(w.lead, "device.invite", published.invitation(w.here.vault, w.nobody, w.now, 1))


@refused("exists", "this device exists, or the statement is signed by another key")
def a_phone_is_enrolled_under_a_name_or_with_a_key_that_is_taken(w: World) -> Iterator[Statement]:
    one_time, phone = w.invite(w.here), keys.Identity.generate()
    for taken in (w.here.device, w.button):
        body = bodies.DeviceEnrol(taken, key_of(phone), one_time.kid)
        yield w.enrolment(w.here, phone, one_time, body=body)
    vars(phone)["kid"] = w.nobody.kid  # it says that it is another key than the one that signs
    yield w.enrolment(w.here, phone, one_time)


@refused("role", "a key of the role phone does not sign device.enrol")
def a_phone_enrols_twice(w: World) -> Iterator[Statement]:
    one_time = w.invite(w.here)
    yield w.enrolment(w.here, w.here.phone, one_time)


@refused("exists", "this device or its key exists")
def an_alarm_device_is_issued_twice(w: World) -> Iterator[Statement]:
    yield w.say(w.lead, "alarm_device.enrol", w.device(w.button, None))
    yield w.say(w.lead, "alarm_device.enrol", w.device(w.here.device, None))
    for who in (w.here.phone, w.lead, w.here.vault):
        yield w.say(w.lead, "alarm_device.enrol", replace(w.device(new(ids.DeviceId), None), sign=key_of(who)))


@refused("unknown-item", "the dispatcher card is not an item of this case")
def an_alarm_device_has_a_card_of_another_case_or_none_that_there_is(w: World) -> Iterator[Statement]:
    for card in (new(ids.ItemId), w.far_card):
        yield w.say(w.lead, "alarm_device.enrol", w.device(new(ids.DeviceId), card))


@refused("account", "an account has 3 to 16 digits (0-9, A-F), one for each centre")
def an_account_is_none_that_a_centre_gives(w: World) -> Iterator[Statement]:
    for accounts in (("c", "12"), ("c", "1" * 17), ("c", "12G4"), ("c", "abc"), ("", "1234"), ("c=", "1234")):
        yield w.say(w.lead, "alarm_device.enrol", with_accounts(w, accounts))
    yield w.say(w.lead, "alarm_device.enrol", with_accounts(w, ("c", "1234"), ("c", "5678")))


@refused("account", "another device in use has this account at this centre")
def an_account_is_another_devices(w: World) -> Iterator[Statement]:
    w.act(w.lead, "alarm_device.enrol", with_accounts(w, ("c", "1234"), ("d", "99999")))
    yield w.say(w.lead, "alarm_device.enrol", with_accounts(w, ("c", "1234")))
    yield w.say(w.lead, "alarm_device.enrol", with_accounts(w, ("e", "1234"), ("d", "99999")))


@allowed
def an_account_is_given_again_or_by_another_centre(w: World) -> Iterator[Statement]:
    former = with_accounts(w, ("c", "1234"))
    w.act(w.lead, "alarm_device.enrol", former)
    yield w.say(w.lead, "alarm_device.enrol", with_accounts(w, ("d", "1234")))
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(former.device))
    yield w.say(w.lead, "alarm_device.enrol", with_accounts(w, ("c", "1234")))


def with_accounts(w: World, *accounts: tuple[str, str]) -> bodies.AlarmDeviceEnrol:
    given = tuple(bodies.CentreAccount(*one) for one in accounts)
    return replace(w.device(new(ids.DeviceId), None), accounts=given)


@allowed
def an_alarm_device_is_issued(w: World) -> Iterator[Statement]:
    for card in (None, w.card):
        yield w.say(w.lead, "alarm_device.enrol", w.device(new(ids.DeviceId), card))


@refused("unknown-device", "this case has no such device in use")
def a_device_is_shut_out_that_is_not_here(w: World) -> Iterator[Statement]:
    for device in (new(ids.DeviceId), w.elsewhere.device, w.far_button):
        yield w.say(w.lead, "device.revoke", bodies.DeviceRevoke(device))
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.button))
    yield w.say(w.lead, "device.revoke", bodies.DeviceRevoke(w.button))


@allowed
def a_device_is_shut_out(w: World) -> Iterator[Statement]:
    for device in (w.here.device, w.button):
        yield w.say(w.here.vault, "device.revoke", bodies.DeviceRevoke(device))


def lent(w: World, device: ids.DeviceId, review: timedelta = timedelta(days=1), basis: str = "x") -> bodies.DeviceLend:
    """Return the body that lends a device."""
    return bodies.DeviceLend(device, "client", basis, w.after(review))


@refused("unknown-device", "this case has no such alarm device in use")
def a_device_is_lent_that_is_no_alarm_device_of_this_case(w: World) -> Iterator[Statement]:
    for device in (new(ids.DeviceId), w.here.device, w.far_button):
        yield w.say(w.lead, "alarm_device.lend", lent(w, device))
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.button))
    yield w.say(w.lead, "alarm_device.lend", lent(w, w.button))


@refused("exists", "this device is lent out already")
def a_device_is_lent_twice(w: World) -> Iterator[Statement]:
    w.act(w.lead, "alarm_device.lend", lent(w, w.button))
    yield w.say(w.lead, "alarm_device.lend", lent(w, w.button))


@refused("basis", f"a lending names its basis in at most {lending.MAX_BASIS_CHARACTERS} characters")
def a_device_is_lent_on_no_basis_or_a_story(w: World) -> Iterator[Statement]:
    for basis in ("", " ", "x" * (lending.MAX_BASIS_CHARACTERS + 1)):
        yield w.say(w.lead, "alarm_device.lend", lent(w, w.button, basis=basis))


@refused("review", f"a lending is reviewed within {lending.REVIEW_WITHIN.days} days")
def a_lending_is_reviewed_too_late_or_in_the_past(w: World) -> Iterator[Statement]:
    for review in (timedelta(), -A_MOMENT, lending.REVIEW_WITHIN + A_MOMENT):
        yield w.say(w.lead, "alarm_device.lend", lent(w, w.button, review))
    w.act(w.lead, "alarm_device.lend", lent(w, w.button))
    for review in (timedelta(), lending.REVIEW_WITHIN + A_MOMENT):
        yield w.say(w.lead, "alarm_device.review", bodies.DeviceReview(w.button, w.after(review)))


@refused("unknown-lending", "this case has no such device lent out")
def a_device_comes_back_that_was_not_lent_here(w: World) -> Iterator[Statement]:
    w.act(w.outsider, "alarm_device.lend", lent(w, w.far_button), w.elsewhere)
    for device in (w.button, w.far_button):
        yield w.say(w.lead, "alarm_device.return", bodies.DeviceReturn(device, "whole"))
        yield w.say(w.lead, "alarm_device.review", bodies.DeviceReview(device, w.after(A_MOMENT)))
    w.act(w.lead, "alarm_device.lend", lent(w, w.button))
    w.act(w.lead, "alarm_device.return", bodies.DeviceReturn(w.button, "whole"))
    yield w.say(w.lead, "alarm_device.return", bodies.DeviceReturn(w.button, "whole"))


@allowed
def a_device_is_lent_reviewed_and_comes_back(w: World) -> Iterator[Statement]:
    for review in (A_MOMENT, lending.REVIEW_WITHIN):
        yield w.say(w.lead, "alarm_device.lend", lent(w, w.button, review))
    for basis in ("x", "x" * lending.MAX_BASIS_CHARACTERS, f" {'x' * lending.MAX_BASIS_CHARACTERS} "):
        yield w.say(w.lead, "alarm_device.lend", lent(w, w.button, basis=basis))
    w.act(w.lead, "alarm_device.lend", lent(w, w.button))
    for review in (A_MOMENT, lending.REVIEW_WITHIN):
        yield w.say(w.lead, "alarm_device.review", bodies.DeviceReview(w.button, w.after(review)))
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.button))
    yield w.say(w.lead, "alarm_device.return", bodies.DeviceReturn(w.button, "whole"))
    w.act(w.lead, "alarm_device.return", bodies.DeviceReturn(w.button, "whole"))


@allowed
def a_device_that_came_back_is_lent_again(w: World) -> Iterator[Statement]:
    w.act(w.lead, "alarm_device.lend", lent(w, w.button))
    w.act(w.lead, "alarm_device.return", bodies.DeviceReturn(w.button, "damaged"))
    yield w.say(w.lead, "alarm_device.lend", lent(w, w.button))
