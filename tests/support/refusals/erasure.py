"""Refusals about holds and erasures: nobody destroys alone, and nothing is destroyed that is needed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.rules.erasure import ERASE_CLOCK, ERASE_DELAY, ERASE_LAPSE, MAX_ERASED
from evidence.statements.statement import Statement
from tests.support.refusals.cases import kept
from tests.support.refusals.items import begun
from tests.support.refusals.world import A_MOMENT, ZERO, World, allowed, new, refused, whole

NO_SUCH_ITEM = "this case has no such item"
NOT_UNDER_WAY = "this case has no such erasure under way"
TOO_EARLY = f"an erasure waits {ERASE_DELAY.days} days, so that it can be cancelled"
DAY = timedelta(days=1)


def hold(*items: ids.ItemId) -> bodies.HoldPlace:
    """Return the body that holds items."""
    return bodies.HoldPlace(new(ids.HoldId), "x", items)


def step(erasure: ids.ErasureId) -> bodies.EraseStep:
    """Return the body of a step."""
    return bodies.EraseStep(erasure)


@refused("exists", "this hold exists")
def a_hold_is_placed_twice(w: World) -> Iterator[Statement]:
    body = hold(w.here.item)
    w.act(w.lead, "hold.place", body)
    yield w.say(w.lead, "hold.place", body)
    w.act(w.lead, "hold.lift", bodies.HoldLift(body.hold))
    yield w.say(w.lead, "hold.place", body)


@refused("unknown-item", NO_SUCH_ITEM)
def what_is_held_or_to_be_erased_is_not_of_this_case(w: World) -> Iterator[Statement]:
    for items in ((), (new(ids.ItemId),), (w.elsewhere.item,)):
        yield w.say(w.lead, "hold.place", hold(*items))
        yield w.say(w.here.vault, "erase.request", bodies.EraseRequest(new(ids.ErasureId), items))
    erasure = w.asked()
    w.wait(ERASE_DELAY)
    w.act(w.server, "erase.execute", step(erasure))
    yield w.say(w.lead, "hold.place", hold(w.here.item))
    yield w.say(w.here.vault, "erase.request", bodies.EraseRequest(new(ids.ErasureId), (w.here.item,)))


@refused("not-granted", "an investigator holds what was granted to them")
def an_investigator_holds_what_was_not_granted(w: World) -> Iterator[Statement]:
    yield w.say(w.investigator, "hold.place", hold(w.here.item))
    w.act(w.here.vault, "grant", w.grant_of(w.here.item))
    yield w.say(w.investigator, "hold.place", hold(w.here.item, w.card))


@refused("unknown-hold", "this case has no such hold in force")
def a_hold_is_lifted_that_is_not_in_force_here(w: World) -> Iterator[Statement]:
    yield w.say(w.lead, "hold.lift", bodies.HoldLift(new(ids.HoldId)))
    theirs = hold(w.elsewhere.item)
    w.act(w.outsider, "hold.place", theirs, w.elsewhere)
    yield w.say(w.lead, "hold.lift", bodies.HoldLift(theirs.hold))


@refused("role", "a hold is lifted by the role that placed it: investigator")
def a_hold_is_lifted_by_another_role(w: World) -> Iterator[Statement]:
    w.act(w.here.vault, "grant", w.grant_of(w.here.item))
    body = hold(w.here.item)
    w.act(w.investigator, "hold.place", body)
    yield w.say(w.lead, "hold.lift", bodies.HoldLift(body.hold))


@allowed
def a_hold_is_placed_and_lifted(w: World) -> Iterator[Statement]:
    announced = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, announced))
    yield w.say(w.lead, "hold.place", hold(w.here.item, announced))
    w.act(w.here.vault, "grant", w.grant_of(w.here.item, w.card))
    yield w.say(w.investigator, "hold.place", hold(w.here.item))
    yield w.say(w.investigator, "hold.place", hold(w.here.item, w.card))
    body = hold(w.here.item)
    w.act(w.lead, "hold.place", body)
    yield w.say(w.colleague, "hold.lift", bodies.HoldLift(body.hold))


@refused("exists", "this request exists")
def an_erasure_is_asked_twice(w: World) -> Iterator[Statement]:
    erasure = w.asked()
    yield w.say(w.here.vault, "erase.request", bodies.EraseRequest(erasure, (w.here.item,)))


@refused("clock", "the time in the request is not the present: the delay counts from it")
def an_erasure_is_asked_at_another_time(w: World) -> Iterator[Statement]:
    for wrong in (-ERASE_CLOCK - A_MOMENT, ERASE_CLOCK + A_MOMENT):
        body = bodies.EraseRequest(new(ids.ErasureId), (w.here.item,))
        yield w.say(w.here.vault, "erase.request", body, at=w.after(wrong))


@allowed
def an_erasure_is_asked_by_a_clock_that_is_a_little_off(w: World) -> Iterator[Statement]:
    announced = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, announced))
    for off in (-ERASE_CLOCK, timedelta(), ERASE_CLOCK):
        body = bodies.EraseRequest(new(ids.ErasureId), (w.here.item, announced))
        yield w.say(w.here.vault, "erase.request", body, at=w.after(off))


@refused("too-many", "one request names at most 2000 items: ask for the rest in another one")
def more_is_to_be_erased_at_once_than_a_proof_can_tell(w: World) -> Iterator[Statement]:
    items = tuple(new(ids.ItemId) for _ in range(MAX_ERASED + 1))
    yield w.say(w.here.vault, "erase.request", bodies.EraseRequest(new(ids.ErasureId), items))


@refused("unknown-item", NO_SUCH_ITEM)
def as_much_as_a_proof_can_tell_is_to_be_erased_and_none_of_it_is_here(w: World) -> Iterator[Statement]:
    items = tuple(new(ids.ItemId) for _ in range(MAX_ERASED))
    yield w.say(w.here.vault, "erase.request", bodies.EraseRequest(new(ids.ErasureId), items))


@refused("in-use", "one of the items is the card of an alarm device in use: revoke the device first")
def a_card_in_use_is_to_be_erased(w: World) -> Iterator[Statement]:
    yield w.say(w.here.vault, "erase.request", bodies.EraseRequest(new(ids.ErasureId), (w.here.item, w.card)))
    erasure = w.asked()
    w.act(w.lead, "alarm_device.enrol", w.device(new(ids.DeviceId), w.here.item))
    w.wait(ERASE_DELAY)
    yield w.say(w.server, "erase.execute", step(erasure))


@allowed
def a_card_of_no_device_in_use_is_to_be_erased(w: World) -> Iterator[Statement]:
    w.act(w.lead, "device.revoke", bodies.DeviceRevoke(w.button))
    yield w.say(w.here.vault, "erase.request", bodies.EraseRequest(new(ids.ErasureId), (w.card,)))


@refused("exists", "this erasure was approved before")
def an_erasure_is_approved_twice(w: World) -> Iterator[Statement]:
    yield w.say(w.lead, "erase.approve", step(w.asked()))


@refused("unknown-erasure", NOT_UNDER_WAY)
def a_step_is_of_no_erasure_under_way_here(w: World) -> Iterator[Statement]:
    theirs, called_off, carried_out = new(ids.ErasureId), w.asked(), w.asked()
    w.act(w.elsewhere.vault, "erase.request", bodies.EraseRequest(theirs, (w.elsewhere.item,)), w.elsewhere)
    w.act(w.here.vault, "erase.cancel", step(called_off))
    w.wait(ERASE_DELAY)
    yield w.say(w.server, "erase.finish", bodies.EraseFinish(carried_out, (), (), ()))
    w.act(w.server, "erase.execute", step(carried_out))
    for erasure in (new(ids.ErasureId), theirs, called_off, carried_out):
        for who, kind in ((w.lead, "erase.approve"), (w.here.vault, "erase.cancel"), (w.server, "erase.execute")):
            yield w.say(who, kind, step(erasure))
    for erasure in (new(ids.ErasureId), called_off):
        yield w.say(w.server, "erase.finish", bodies.EraseFinish(erasure, (), (), ()))
    yield w.say(w.server, "erase.finish", bodies.EraseFinish(carried_out, (), (), ()), w.elsewhere)


@refused("not-approved", "no caseworker approved this erasure")
def an_erasure_is_carried_out_that_nobody_approved(w: World) -> Iterator[Statement]:
    erasure = new(ids.ErasureId)
    w.act(w.here.vault, "erase.request", bodies.EraseRequest(erasure, (w.here.item,)))
    w.wait(ERASE_DELAY)
    yield w.say(w.server, "erase.execute", step(erasure))


@refused("too-early", TOO_EARLY)
def an_erasure_is_carried_out_too_early(w: World) -> Iterator[Statement]:
    erasure = w.asked()
    w.wait(ERASE_DELAY - A_MOMENT)
    yield w.say(w.server, "erase.execute", step(erasure))


@refused("lapsed", f"a request counts for {ERASE_LAPSE.days} days; she can ask again")
def an_erasure_is_carried_out_too_late(w: World) -> Iterator[Statement]:
    erasure = w.asked()
    w.wait(ERASE_LAPSE + A_MOMENT)
    yield w.say(w.server, "erase.execute", step(erasure))


@refused("held", "one of the items is held")
def what_is_held_is_to_be_erased(w: World) -> Iterator[Statement]:
    announced = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, announced))
    erasure = w.asked(announced, w.here.item)
    w.act(w.lead, "hold.place", hold(w.here.item))
    repeat = repeated(w, announced, w.here.item)
    w.wait(ERASE_DELAY)
    yield w.say(w.server, "erase.execute", step(erasure))
    yield w.say(w.server, "erase.repeat", repeat)


@refused("retained", "the case is kept for a claim or an inquiry")
def what_is_kept_is_to_be_erased(w: World) -> Iterator[Statement]:
    erasure, repeat = w.asked(), repeated(w, w.here.item)
    w.act(w.lead, "case.retain", kept(w, "claim", 30 * DAY))
    w.wait(30 * DAY - A_MOMENT)
    yield w.say(w.server, "erase.execute", step(erasure))
    yield w.say(w.server, "erase.repeat", repeat)


@refused("erased", "one of the items was erased by another request")
def what_was_erased_is_to_be_erased(w: World) -> Iterator[Statement]:
    one, other = w.asked(), w.asked(w.here.item)
    w.wait(ERASE_DELAY)
    w.act(w.server, "erase.execute", step(one))
    yield w.say(w.server, "erase.execute", step(other))


@allowed
def an_erasure_is_approved_cancelled_or_carried_out(w: World) -> Iterator[Statement]:
    erasure = new(ids.ErasureId)
    w.act(w.here.vault, "erase.request", bodies.EraseRequest(erasure, (w.here.item,)))
    yield w.say(w.colleague, "erase.approve", step(erasure))
    yield w.say(w.colleague, "erase.cancel", step(erasure))
    w.act(w.lead, "erase.approve", step(erasure))
    yield w.say(w.here.vault, "erase.cancel", step(erasure))
    w.act(w.lead, "case.retain", kept(w, "consent", 300 * DAY))
    other = hold(w.card)
    w.act(w.lead, "hold.place", other)
    w.wait(ERASE_DELAY)
    yield w.say(w.server, "erase.execute", step(erasure))


@allowed
def an_erasure_waits_for_a_claim_and_no_longer_than_it_counts(w: World) -> Iterator[Statement]:
    erasure, repeat = w.asked(), repeated(w, w.here.item)
    w.act(w.lead, "case.retain", kept(w, "claim", 30 * DAY))
    w.wait(30 * DAY)
    yield w.say(w.server, "erase.execute", step(erasure))
    yield w.say(w.server, "erase.repeat", repeat)
    w.wait(ERASE_LAPSE - 30 * DAY)
    yield w.say(w.server, "erase.execute", step(erasure))


def locked(erasure: ids.ErasureId, *remains: bodies.Remain) -> bodies.EraseFinish:
    """Return the last word on an erasure."""
    return bodies.EraseFinish(erasure, (9,), (ZERO,), remains)


def carried_out(w: World) -> ids.ErasureId:
    """Have an erasure carried out."""
    erasure = w.asked()
    w.wait(ERASE_DELAY)
    w.act(w.server, "erase.execute", step(erasure))
    return erasure


@refused("exists", "this erasure was finished before")
def an_erasure_is_finished_twice(w: World) -> Iterator[Statement]:
    erasure = carried_out(w)
    w.act(w.server, "erase.finish", locked(erasure, bodies.Remain("object-lock", 1, None, w.after(DAY))))
    w.wait(DAY - A_MOMENT)
    yield w.say(w.server, "erase.finish", locked(erasure))
    w.wait(A_MOMENT)
    w.act(w.server, "erase.finish", locked(erasure))
    yield w.say(w.server, "erase.finish", locked(erasure))


@allowed
def an_erasure_is_finished_and_once_more_after_a_lock(w: World) -> Iterator[Statement]:
    erasure = carried_out(w)
    yield w.say(w.server, "erase.finish", locked(erasure))
    w.act(w.server, "erase.finish", locked(erasure, bodies.Remain("object-lock", 1, None, w.after(DAY))))
    w.wait(DAY)
    yield w.say(w.server, "erase.finish", locked(erasure))


def repeated(
    w: World,
    *items: ids.ItemId,
    erasure: ids.ErasureId | None = None,
    by: tuple[keys.Identity, keys.Identity, keys.Identity] | None = None,
    after: timedelta = ERASE_DELAY,
    **parts: ids.Base64,
) -> bodies.EraseRepeat:
    """Return an erasure that an earlier journal knew, and this one forgot."""
    name = erasure or new(ids.ErasureId)
    her, agrees, does = by or (w.here.vault, w.colleague, w.server)
    made = {
        "request": w.say(her, "erase.request", bodies.EraseRequest(name, items)),
        "approve": w.say(agrees, "erase.approve", step(name)),
        "execute": w.say(does, "erase.execute", step(name), at=w.after(after)),
    }
    return bodies.EraseRepeat(name, items, **{part: whole(said) for part, said in made.items()} | parts)


@refused("exists", "this erasure was executed or cancelled")
def an_erasure_is_repeated_that_the_journal_ended(w: World) -> Iterator[Statement]:
    erasure = w.asked()
    w.act(w.here.vault, "erase.cancel", step(erasure))
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, erasure=erasure))
    erasure = carried_out(w)
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, erasure=erasure))


@refused("unknown-item", NO_SUCH_ITEM)
def an_erasure_is_repeated_of_what_is_not_here(w: World) -> Iterator[Statement]:
    for items in ((), (new(ids.ItemId),), (w.elsewhere.item,)):
        yield w.say(w.server, "erase.repeat", repeated(w, *items))


@refused("unknown-item", "she did not ask for one of these items")
def more_is_erased_than_she_asked_for(w: World) -> Iterator[Statement]:
    name = new(ids.ErasureId)
    asked = whole(w.say(w.here.vault, "erase.request", bodies.EraseRequest(name, (w.here.item,))))
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, w.card, erasure=name, request=asked))


@refused("not-approved", "it was not asked by her vault, or nobody of the team agreed")
def an_erasure_is_repeated_that_she_or_her_team_did_not_want(w: World) -> Iterator[Statement]:
    teammate = keys.Identity.generate()
    w.act(w.root, "key.publish", w.publish(teammate, "investigator", w.team))
    for by in (
        (w.lead, w.colleague, w.server),
        (w.elsewhere.vault, w.colleague, w.server),
        (w.here.vault, w.server, w.server),
        (w.here.vault, w.outsider, w.server),
        (w.here.vault, w.here.vault, w.server),
        (w.here.vault, teammate, w.server),
    ):
        yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, by=by))


@refused("not-approved", "no server carried it out")
def an_erasure_is_repeated_that_no_server_carried_out(w: World) -> Iterator[Statement]:
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, by=(w.here.vault, w.colleague, w.lead)))


@refused("too-early", TOO_EARLY)
def an_erasure_is_repeated_that_came_too_early(w: World) -> Iterator[Statement]:
    early = ERASE_DELAY - ERASE_CLOCK - A_MOMENT
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, after=early))


@refused("form", "a step of the erasure cannot be read")
def a_step_that_is_repeated_is_no_statement(w: World) -> Iterator[Statement]:
    whole, wrong = repeated(w, w.here.item), ids.Base64("e30=")
    for one in (replace(whole, request=wrong), replace(whole, approve=wrong), replace(whole, execute=wrong)):
        yield w.say(w.server, "erase.repeat", one)


@refused("not-approved", "a step is of another erasure, or by a key that is not known here")
def a_step_that_is_repeated_is_of_something_else(w: World) -> Iterator[Statement]:
    name, other = new(ids.ErasureId), new(ids.ErasureId)
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, by=(w.nobody, w.colleague, w.server)))
    agreed = whole(w.say(w.colleague, "erase.approve", step(other)))
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, erasure=name, approve=agreed))
    called_off = whole(w.say(w.colleague, "erase.cancel", step(name)))
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, erasure=name, approve=called_off))
    far = whole(w.say(w.colleague, "erase.approve", step(name), w.elsewhere))
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, erasure=name, approve=far))


@allowed
def an_erasure_is_repeated_in_a_journal_that_forgot_it(w: World) -> Iterator[Statement]:
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item))
    just = ERASE_DELAY - ERASE_CLOCK
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, after=just))
    announced = new(ids.ItemId)
    w.act(w.here.phone, "item.open", begun(w, announced))
    yield w.say(w.server, "erase.repeat", repeated(w, announced))
    erasure = w.asked()
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, erasure=erasure))
    name = new(ids.ErasureId)
    asked = whole(w.say(w.here.vault, "erase.request", bodies.EraseRequest(name, (w.here.item, w.card))))
    yield w.say(w.server, "erase.repeat", repeated(w, w.here.item, erasure=name, request=asked))
