"""Refusals about the organisation: its log, its keys, its teams, and dispatchers' shifts."""

from collections.abc import Iterator
from dataclasses import replace

from evidence import ids, keys
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.note import generate_key
from evidence.statements import bodies, rotation
from evidence.statements.statement import Statement
from tests.support.published import unfit
from tests.support.refusals.world import ORIGIN, World, allowed, new, refused, xwing_of

NEXT = generate_key("next.example").vkey
NO_KEY = "nothing can be wrapped to that X-Wing key"


def ending(size: int, origin: str = ORIGIN, vkey: str = NEXT) -> bodies.LogRotate:
    """Return the end of the log at `size` entries."""
    return bodies.LogRotate(rotation.head_of(Checkpoint(origin, size, bytes(32))), vkey)


@allowed
def a_log_ends_at_the_head_of_the_journal(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "log.rotate", ending(len(w.history)))


@refused("rotation", "the journal has 23 events, the head covers 22")
def a_log_ends_before_the_last_event(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "log.rotate", ending(len(w.history) - 1))


@refused("rotation", "other.example was ended, and is no log of this line")
def another_log_ends(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "log.rotate", ending(len(w.history), "other.example"))


@refused("exists", "this key was published before")
def a_key_is_published_twice(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.publish", w.publish(w.server, "server"))
    w.act(w.root, "key.retire", bodies.KeyRetire(w.colleague.kid))
    yield w.say(w.root, "key.publish", w.publish(w.colleague, "caseworker", w.team))


@refused("unknown-team", "there is no such team")
def a_key_is_of_no_team_that_there_is(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "caseworker", new(ids.TeamId)))
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "dispatcher", new(ids.TeamId)))


@refused("team", "a caseworker belongs to a team")
def a_caseworker_is_of_no_team(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "caseworker"))


@refused("xwing", NO_KEY)
def what_is_no_xwing_key_is_published_or_shared(w: World) -> Iterator[Statement]:
    for wrong in unfit():
        yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, "investigator"), xwing=wrong))
        yield w.say(w.root, "key.share", bodies.KeyShare(wrong, w.lead.kid, ids.Base64(""), 2))


@refused("xwing", "people and desks have an X-Wing key, services have none")
def a_key_has_what_another_role_has(w: World) -> Iterator[Statement]:
    for role in ("dispatcher", "desk", "investigator"):
        yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, role), xwing=None))
    yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, "caseworker", w.team), xwing=None))
    for service in ("server", "bridge"):
        yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, service), xwing=xwing_of(w.nobody)))


@refused("box", "a bridge has a box key, and nobody else")
def a_box_is_anybodys_but_a_bridges(w: World) -> Iterator[Statement]:
    bridge = keys.BridgeIdentity.generate()
    yield w.say(w.root, "key.publish", replace(w.publish(bridge, "bridge"), box=None))
    box = ids.PublicKey(bridge.box_public.hex())
    yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, "dispatcher"), box=box))
    yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, "server"), box=box))


@refused("box", "nothing can be sealed to that box key")
def a_bridge_brings_a_box_of_low_order(w: World) -> Iterator[Statement]:
    bridge = keys.BridgeIdentity.generate()
    yield w.say(w.root, "key.publish", replace(w.publish(bridge, "bridge"), box=ids.PublicKey("0" * 64)))


@allowed
def keys_are_published_shared_and_retired(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "caseworker", w.team))
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "dispatcher"))
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "desk"))
    yield w.say(w.root, "key.publish", w.publish(keys.BridgeIdentity.generate(), "bridge"))
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "server"))
    yield w.say(w.root, "key.share", bodies.KeyShare(xwing_of(w.nobody), w.dispatcher.kid, ids.Base64(""), 2))
    yield w.say(w.root, "key.retire", bodies.KeyRetire(w.lead.kid))
    yield w.say(w.root, "team.open", bodies.TeamOpen(new(ids.TeamId), "x"))


@refused("no-such-key", "that key was never published")
def a_key_is_retired_that_was_never_published(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.retire", bodies.KeyRetire(w.nobody.kid))
    yield w.say(w.root, "key.retire", bodies.KeyRetire(w.here.phone.kid))


@refused("no-such-key", "that reader has no key in force")
def a_desk_is_shared_with_nobody(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.share", bodies.KeyShare(xwing_of(w.nobody), w.nobody.kid, ids.Base64(""), 2))
    w.act(w.root, "key.retire", bodies.KeyRetire(w.dispatcher.kid))
    yield w.say(w.root, "key.share", bodies.KeyShare(xwing_of(w.nobody), w.dispatcher.kid, ids.Base64(""), 2))


@refused("exists", "this team exists")
def a_team_is_opened_twice(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "team.open", bodies.TeamOpen(w.team, "x"))


@refused("exists", "this shift exists")
def a_shift_begins_twice(w: World) -> Iterator[Statement]:
    mark = bodies.ShiftMark(new(ids.ShiftId))
    w.act(w.dispatcher, "shift.begin", mark)
    yield w.say(w.dispatcher, "shift.begin", mark)
    w.act(w.dispatcher, "shift.end", mark)
    yield w.say(w.dispatcher, "shift.begin", mark)


@refused("unknown-shift", "you have no such shift running")
def a_shift_ends_that_is_not_ones_own_or_over(w: World) -> Iterator[Statement]:
    mark = bodies.ShiftMark(new(ids.ShiftId))
    yield w.say(w.dispatcher, "shift.end", mark)
    w.act(w.dispatcher, "shift.begin", mark)
    yield w.say(w.colleague_dispatcher, "shift.end", mark)
    w.act(w.dispatcher, "shift.end", mark)
    yield w.say(w.dispatcher, "shift.end", mark)


def two_shifts(w: World) -> tuple[ids.ShiftId, ids.ShiftId]:
    """Begin a shift of the dispatcher and one of the colleague; return both names."""
    names = new(ids.ShiftId), new(ids.ShiftId)
    for who, name in zip((w.dispatcher, w.colleague_dispatcher), names, strict=True):
        w.act(who, "shift.begin", bodies.ShiftMark(name))
    return names


@refused("unknown-shift", "who takes over has a shift running")
def a_shift_is_taken_over_without_one(w: World) -> Iterator[Statement]:
    left, own = two_shifts(w)
    yield w.say(w.colleague_dispatcher, "shift.take_over", bodies.ShiftTakeOver(left, new(ids.ShiftId), ()))
    yield w.say(w.colleague_dispatcher, "shift.take_over", bodies.ShiftTakeOver(left, left, ()))
    w.act(w.colleague_dispatcher, "shift.end", bodies.ShiftMark(own))
    yield w.say(w.colleague_dispatcher, "shift.take_over", bodies.ShiftTakeOver(left, own, ()))


@refused("unknown-shift", "that is no shift of a colleague")
def a_shift_is_taken_over_that_is_none_or_ones_own(w: World) -> Iterator[Statement]:
    _, own = two_shifts(w)
    yield w.say(w.colleague_dispatcher, "shift.take_over", bodies.ShiftTakeOver(new(ids.ShiftId), own, ()))
    yield w.say(w.colleague_dispatcher, "shift.take_over", bodies.ShiftTakeOver(own, own, ()))


@refused("exists", "a colleague took this shift over")
def a_shift_is_taken_over_twice(w: World) -> Iterator[Statement]:
    left, own = two_shifts(w)
    w.act(w.colleague_dispatcher, "shift.take_over", bodies.ShiftTakeOver(left, own, ()))
    yield w.say(w.colleague_dispatcher, "shift.take_over", bodies.ShiftTakeOver(left, own, ()))


@allowed
def a_shift_is_taken_over_while_it_runs_and_after_it_ended(w: World) -> Iterator[Statement]:
    left, own = two_shifts(w)
    mine = bodies.ShiftTakeOver(left, own, (new(ids.AlarmId),))
    yield w.say(w.colleague_dispatcher, "shift.take_over", mine)
    w.act(w.dispatcher, "shift.end", bodies.ShiftMark(left))
    yield w.say(w.colleague_dispatcher, "shift.take_over", mine)


@allowed
def a_shift_begins_and_ends(w: World) -> Iterator[Statement]:
    mark = bodies.ShiftMark(new(ids.ShiftId))
    yield w.say(w.dispatcher, "shift.begin", mark)
    w.act(w.dispatcher, "shift.begin", mark)
    yield w.say(w.dispatcher, "shift.end", mark)


def certified(w: World, role: bodies.Role) -> keys.Identity:
    """Have the root certify somebody new."""
    who = keys.Identity.generate()
    w.act(w.root, "key.publish", w.publish(who, role))
    return who
