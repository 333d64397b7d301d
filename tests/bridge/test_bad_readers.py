"""A key that nothing can be wrapped to costs its owner the alarm, and nobody else: the press stands, and health is red.

The journal's rules and whoever seals refuse such a key. Here it stands in the journal all the same, as after a fault in
those rules: the bridge is the last that meets it, with a press in its hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import presses
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic, down_topic
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.rules import authority
from tests.support import published
from tests.support.bridge_world import World, world
from tests.support.lane_threads import reading_of
from tests.support.waiting import until

UNFIT = published.unfit()[-1]
"""Its X25519 half is of low order: ML-KEM's numbers are in range, and sealing to it fails."""


@dataclass
class Answered:
    """What a device was answered, and the alarm as consoles see it."""

    state: Told
    alarm: dict[str, Any]
    sent: bytes


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def spoil_case(made: World, unfit: ids.Base64) -> None:
    """Have the next case, to which new devices belong, opened with a bad key."""
    people = made.organisation
    people.case = ids.CaseId(ids.new_id())
    people.vault = keys.Identity.generate()
    opened = replace(published.case_of(people.vault, people.team, people.caseworker.kid), xwing=unfit)
    people.append(statements.sign(people.caseworker, "case.open", opened, case=people.case))


def spoil_desk(made: World, unfit: ids.Base64) -> None:
    """Retire the desk and certify another, with a bad key."""
    people, desk = made.organisation, keys.Identity.generate()
    body = replace(published.certificate(desk, "desk"), xwing=unfit)
    people.append(
        statements.sign(people.root, "key.retire", bodies.KeyRetire(people.desk.kid)),
        statements.sign(people.root, "key.publish", body),
    )


def press(made: World, memory: DeviceMemory, counter: int = 1) -> Answered:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(
        memory.device, PressId(1, counter), 0, None, 0, Kind.PRESS, 50, "t", Location(51.9, 4.4, 9, 2, "gnss")
    )
    sent = message.seal(said, memory.identity, topic)
    answer = httpx.post(made.press_url, params={"topic": topic}, content=sent)
    made.bridge.taking.take()
    answer.raise_for_status()
    made.sealed()
    heard = message.open_downlink(answer.content, memory.bridge_public, down_topic(memory.device))
    return Answered(heard.state, made.bridge.feed._view.alarms()[0], sent)


def test_an_alarm_goes_to_the_readers_whose_keys_are_good(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as careless:
        careless.setattr(authority, "check", lambda *_: None)
        spoil_case(made, UNFIT)
    memory = made.new_device()
    told = press(made, memory)
    assert told.state is Told.STORED
    assert made.organisation.open_item(told.alarm["item"]["head"]).position is not None, "the desk sees where she is"
    (wrap,) = told.alarm["item"]["wraps"]
    assert wrap["to"] == made.organisation.desk.opening_kid
    health = made.bridge.feed._view.health()
    assert not health["ok"]
    assert "1 key(s) of cases or desks cannot be sealed to; alarms go to the others" in health["troubles"]
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
    said = [one.type for one in made.organisation.journal() if one.by == made.organisation.bridge.kid]
    assert said[:2] == ["item.seal", "alarm.raise"]


def test_a_press_that_nobody_could_open_is_stored_answered_and_sent_on_its_routes(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as careless:
        careless.setattr(authority, "check", lambda *_: None)
        spoil_case(made, UNFIT)
        spoil_desk(made, UNFIT)
    memory = made.new_device()
    told = press(made, memory)
    assert told.state is Told.STORED, "she is told that her press is safe"
    assert (told.alarm["state"], told.alarm["item"]) == ("raised", None)
    until(lambda: made.bridge.feed._view.alarms()[0]["routes"], "a route reports what became of the alarm")
    assert press(made, memory).alarm["repeats"] == 0, "the same bytes are the same press"
    again = press(made, memory, 2)
    assert (again.alarm["alarm"], again.alarm["repeats"]) == (told.alarm["alarm"], 1)

    health = made.bridge.feed._view.health()
    assert not health["ok"]
    assert "2 press(es) could be sealed to nobody and are kept at the bridge" in health["troubles"]
    kept = [one.raw for one in presses.taken(reading_of(made.bridge), 0, 9, "unsealed")]
    assert {made.bridge.identity.open_box(one) for one in kept if one is not None} == {told.sent, again.sent}
    assert told.sent not in (made.settings.folder / "spool.db").read_bytes(), "not even the bridge's disk has it open"

    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
    said = [one.type for one in made.organisation.journal() if one.by == made.organisation.bridge.kid]
    assert said[0] == "alarm.raise"
    assert "item.seal" not in said
    made.restart_bridge()
    assert not made.bridge.feed._view.health()["ok"], "a restart forgets nothing"
    assert presses.unsealed_count(reading_of(made.bridge)) == 2


def test_what_is_sealed_later_keeps_the_place_of_its_press(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest place stays the newest, and the spool has everything in the order in which it was pressed."""
    with monkeypatch.context() as careless:
        careless.setattr(authority, "check", lambda *_: None)
        spoil_case(made, UNFIT)
        spoil_desk(made, UNFIT)
    memory = made.new_device()
    for counter in (1, 2):
        assert press(made, memory, counter).alarm["item"] is None
    people = made.organisation
    desk = keys.Identity.generate()
    people.append(statements.sign(people.root, "key.publish", published.certificate(desk, "desk")))
    made.bridge.forwarder.loop.wake()
    until(lambda: knows(made, desk), "the bridge has the good key")
    assert press(made, memory, 3).alarm["item"]["counter"] == 3
    assert made.bridge.completion.seal_again() == 2
    assert made.bridge.feed._view.alarms()[0]["item"]["counter"] == 3, "where she was last"
    assert presses.unsealed_count(reading_of(made.bridge)) == 0
    rows = reading_of(made.bridge).sql.execute(
        "SELECT counter FROM statement JOIN item ON item.item = statement.item ORDER BY statement.n"
    )
    assert [row[0] for row in rows] == [1, 2, 3]
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
    assert [one.type for one in people.journal()].count("item.seal") == 3


def knows(made: World, desk: keys.Identity) -> bool:
    readers = made.bridge.registry.readers_of_alarm(made.organisation.case, ids.now())
    return desk.xwing_public in readers
