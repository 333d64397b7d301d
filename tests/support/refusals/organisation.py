"""Refusals about the organisation: its log, its keys, its teams, and dispatchers' shifts."""

from collections.abc import Iterator
from dataclasses import replace

from evidence import canonical, ids, keys, xwing
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.note import generate_key
from evidence.statements import bodies, rotation
from evidence.statements.statement import Statement
from tests.support.refusals.world import ORIGIN, World, allowed, box_of, key_of, new, refused

NEXT = generate_key("next.example").vkey
NO_KEY = "that is no X-Wing public key"


def ending(size: int, origin: str = ORIGIN, vkey: str = NEXT) -> bodies.LogRotate:
    """Return the end of the log at `size` entries."""
    return bodies.LogRotate(rotation.head_of(Checkpoint(origin, size, bytes(32))), vkey)


def xwing_of(who: keys.Identity) -> ids.Base64:
    """Return somebody's X-Wing public key."""
    return ids.Base64(canonical.b64(xwing.public_of(xwing.seed_of(who))))


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
    short = ids.Base64(canonical.b64(bytes(xwing.PUBLIC_BYTES - 1)))
    out_of_range = ids.Base64(canonical.b64(b"\xff" * xwing.PUBLIC_BYTES))
    for wrong in (short, out_of_range):
        yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, "investigator"), xwing=wrong))
        shared = bodies.SharedXwing(wrong, ids.Base64(""))
        yield w.say(w.root, "key.share", bodies.KeyShare(box_of(w.nobody), w.lead.kid, ids.Base64(""), shared))


@allowed
def keys_are_published_shared_and_retired(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "caseworker", w.team))
    yield w.say(w.root, "key.publish", w.publish(w.nobody, "dispatcher"))
    yield w.say(w.root, "key.publish", replace(w.publish(w.nobody, "desk"), xwing=xwing_of(w.nobody)))
    yield w.say(w.root, "key.retire", bodies.KeyRetire(w.lead.kid))
    yield w.say(w.root, "team.open", bodies.TeamOpen(new(ids.TeamId), "x"))


@refused("unknown-key", "that key was never published")
def a_key_is_retired_that_was_never_published(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.retire", bodies.KeyRetire(w.nobody.kid))
    yield w.say(w.root, "key.retire", bodies.KeyRetire(w.here.phone.kid))


@refused("unknown-key", "that reader has no key in force")
def a_desk_is_shared_with_nobody(w: World) -> Iterator[Statement]:
    yield w.say(w.root, "key.share", bodies.KeyShare(box_of(w.server), w.nobody.kid, ids.Base64("")))
    w.act(w.root, "key.retire", bodies.KeyRetire(w.dispatcher.kid))
    yield w.say(w.root, "key.share", bodies.KeyShare(box_of(w.server), w.dispatcher.kid, ids.Base64("")))


@refused("xwing", "a key that is shared is shared whole: with the X-Wing key that the root certified, or none")
def half_a_desk_is_shared(w: World) -> Iterator[Statement]:
    desk, other = keys.Identity.generate(), keys.Identity.generate()
    w.act(w.root, "key.publish", replace(w.publish(desk, "desk"), xwing=xwing_of(desk)))
    half = bodies.KeyShare(box_of(desk), w.dispatcher.kid, ids.Base64(""))
    yield w.say(w.root, "key.share", half)
    yield w.say(w.root, "key.share", replace(half, xwing=bodies.SharedXwing(xwing_of(other), ids.Base64(""))))


@allowed
def a_desk_is_shared_whole(w: World) -> Iterator[Statement]:
    desk, plain = keys.Identity.generate(), keys.Identity.generate()
    w.act(w.root, "key.publish", w.publish(plain, "desk"))
    half = bodies.KeyShare(box_of(plain), w.dispatcher.kid, ids.Base64(""))
    yield w.say(w.root, "key.share", half)
    shared = bodies.KeyShare(box_of(desk), w.dispatcher.kid, ids.Base64(""))
    whole = replace(shared, xwing=bodies.SharedXwing(xwing_of(desk), ids.Base64("")))
    yield w.say(w.root, "key.share", whole)  # the root certifies it later, or never
    yield w.say(w.root, "key.share", shared)
    w.act(w.root, "key.publish", replace(w.publish(desk, "desk"), xwing=xwing_of(desk)))
    yield w.say(w.root, "key.share", whole)


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


@allowed
def a_shift_begins_and_ends(w: World) -> Iterator[Statement]:
    mark = bodies.ShiftMark(new(ids.ShiftId))
    yield w.say(w.dispatcher, "shift.begin", mark)
    w.act(w.dispatcher, "shift.begin", mark)
    yield w.say(w.dispatcher, "shift.end", mark)


def certified(w: World, role: bodies.Role) -> keys.Identity:
    """Have the root certify somebody new who has an X-Wing key."""
    who = keys.Identity.generate()
    w.act(w.root, "key.publish", replace(w.publish(who, role), xwing=xwing_of(who), sign=key_of(who)))
    return who
