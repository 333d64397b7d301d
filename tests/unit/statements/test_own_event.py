"""An own event is read quickly as it is read in full: every act that a case is told, in every form that is accepted.

What does not fit its leaf, or does not come out, is read in full: then the full reader's word is the only one.
"""

import re
from collections.abc import Callable
from operator import attrgetter

import pytest

from evidence import canonical, ids, keys
from evidence.custody.log import leaf as leaves
from evidence.errors import FormatError
from evidence.statements import bodies, catalogue, event, own_event, statement
from evidence.statements.statement import Statement, Told
from tests.support import hostile_bodies
from tests.support.refusals.speaking import SPEAKERS, names_in
from tests.support.refusals.world import World, founded

NOW = ids.now()
OF_CASES = sorted(catalogue.READ_WITH_CASE)


def recorded(said: Statement) -> event.Recorded:
    return event.record(said, 7, NOW)


@pytest.fixture(scope="module")
def world() -> World:
    return founded()


@pytest.mark.parametrize("kind", OF_CASES)
def test_every_form_that_is_accepted_is_read_the_same(world: World, kind: str) -> None:
    seen = 0
    for role in sorted(catalogue.ACTS[kind].signers):
        who: keys.SigningKey = attrgetter(SPEAKERS[role])(world)
        for wrong, envelope in hostile_bodies.envelopes(
            who, kind, world.here.case, world.link(who), names_in(world), NOW
        ):
            try:
                said = statement.from_envelope(envelope)
            except FormatError:
                continue
            row = recorded(said)
            assert own_event.read(row.event, row.salt, row.leaf) == Told.of(said), wrong
            seen += 1
    assert seen


def sealing(world: World) -> event.Recorded:
    return recorded(world.say(world.here.phone, "item.seal", world.seal(ids.ItemId(ids.new_id()))))


def odd(row: event.Recorded) -> bytes:
    """Return the event with a size that is text, as no statement is taken in."""
    payload = event.parse(row.event).statement.envelope.body
    strange, found = re.subn(rb'"size":(\d+)', rb'"size":"\1"', payload, count=1)
    assert found
    return row.event.replace(canonical.b64(payload).encode(), canonical.b64(strange).encode())


def test_what_does_not_fit_its_leaf_is_read_in_full(world: World) -> None:
    row = sealing(world)
    changed = odd(row)
    with pytest.raises(FormatError, match="whole number"):
        own_event.read(changed, row.salt, row.leaf)
    with pytest.raises(FormatError, match="whole number"):
        event.parse(changed)


def test_what_fits_its_leaf_is_asked_nothing_again(world: World) -> None:
    """So it answers questions inside the server: what leaves it is read in full (`tests/api/test_own_rows.py`)."""
    row = sealing(world)
    changed = odd(row)
    told = own_event.read(changed, row.salt, leaves.leaf_entry(row.salt, changed))
    assert told.type == "item.seal"
    assert isinstance(told.body, bodies.ItemSeal)
    assert type(told.body.container.size).__name__ == "str"


@pytest.mark.parametrize(
    "changed",
    [
        lambda data: b" " + data,
        lambda data: data[:100],
        lambda data: data.replace(b'"payload":"', b'"payload":"!', 1),
        lambda data: data.replace(b'"payload":"', b'"payload":"AAAA', 1),
    ],
)
def test_what_does_not_come_out_is_read_in_full(world: World, changed: Callable[[bytes], bytes]) -> None:
    row = sealing(world)
    data = changed(row.event)
    with pytest.raises(FormatError):
        own_event.read(data, row.salt, leaves.leaf_entry(row.salt, data))


def test_an_act_of_the_organisation_tells_no_case() -> None:
    world = founded()
    said = world.say(world.root, "team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team"))
    row = recorded(said)
    with pytest.raises(TypeError, match="belongs to no case"):
        own_event.read(row.event, row.salt, row.leaf)
