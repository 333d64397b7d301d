"""Who stands on her list gets her alarms too; a reader who does not hold is left out, and no press waits for a list."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_bridge.registry import Registry
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from tests.support import published
from tests.support.bridge_world import AlarmOrganisation, World, world
from tests.support.waiting import until

NOW = datetime.now(UTC)
TROUBLE = "reader(s) on standing lists do not hold and are left out; alarms go to the others"


def row(who: keys.Identity, *kinds: str) -> bodies.StandingReader:
    return bodies.StandingReader(who.kid, published.sha256_of(who), kinds or None)


def a_list(people: AlarmOrganisation, *rows: bodies.StandingReader, number: int = 1, **more: Any) -> Statement:  # noqa: ANN401 - members of a body
    until = ids.time_of(NOW + timedelta(days=9))
    body = replace(bodies.ListSet(number, ids.time_of(NOW), until, rows), **more)
    link = Chain(number - 1, FIRST_PREV)
    lead = None if body.agreed is None else people.caseworker
    return statements.sign(people.vault, "list.set", body, case=people.case, chain=link, cosigner=lead)


def known(people: AlarmOrganisation, made: Sequence[Statement]) -> Registry:
    found = Registry(people.folder / f"{ids.new_id()}.jsonl", people.root.sign_public)
    found.load()
    said = [*people.founding(), *made]
    found.add(len(said), [one.envelope for one in said])
    return found


def readers(found: Registry, people: AlarmOrganisation, after: timedelta = timedelta()) -> list[bytes]:
    """Return whom an alarm goes to, beside the case and the desk, which always are first."""
    case, desk, *more = found.readers_of_alarm(people.case, ids.time_of(NOW + after))
    assert (case, desk) == (people.case_keys.xwing_public, people.desk.xwing_public)
    return more


@pytest.fixture
def people(tmp_path: Path) -> AlarmOrganisation:
    return AlarmOrganisation.found(tmp_path)


def test_the_list_in_force_says_who_gets_an_alarm(people: AlarmOrganisation) -> None:
    lead, colleague = people.caseworker, keys.Identity.generate()
    hired = people.publish(colleague, "caseworker", "S. Tand-In", people.team)
    found = known(people, [hired, a_list(people, row(lead), row(colleague, "alarm", "position"))])
    assert readers(found, people) == [lead.xwing_public, colleague.xwing_public]
    assert readers(found, people, timedelta(days=9)) == []
    assert readers(found, people, -timedelta(seconds=1)) == []
    assert found.trouble is None
    found = known(people, [hired, a_list(people, row(lead), row(colleague, "incident"))])
    assert readers(found, people) == [lead.xwing_public]
    assert found.trouble is None


def test_a_list_replaces_the_one_before_from_its_since_on(people: AlarmOrganisation) -> None:
    later = ids.time_of(NOW + timedelta(days=1))
    found = known(people, [a_list(people, row(people.caseworker)), a_list(people, number=2, since=later)])
    assert readers(found, people) == [people.caseworker.xwing_public]
    assert readers(found, people, timedelta(days=1)) == []
    agreed = a_list(people, number=2, agreed=people.caseworker.kid)
    found = known(people, [a_list(people, row(people.caseworker)), agreed])
    assert (readers(found, people), found.trouble) == ([], None)


def test_an_older_list_that_is_told_later_counts_no_more(people: AlarmOrganisation) -> None:
    found = known(people, [a_list(people, number=2), a_list(people, row(people.caseworker))])
    assert readers(found, people) == []


def test_only_her_vault_sets_a_list(people: AlarmOrganisation) -> None:
    honest = a_list(people, row(people.caseworker))
    for forger in (people.caseworker, people.desk, keys.Identity.generate()):
        forged = statements.sign(forger, "list.set", honest.body, case=people.case, chain=Chain(0, FIRST_PREV))
        found = known(people, [forged])
        assert readers(found, people) == []
        assert found.refused == 1


@pytest.mark.parametrize(
    "wrong", ["another key", "an investigator", "of another team", "nobody", "retired", "excluded"]
)
def test_a_reader_who_does_not_hold_is_left_out_and_said(people: AlarmOrganisation, wrong: str) -> None:
    other = keys.Identity.generate()
    named, before, after = row(other), [people.publish(other, "caseworker", "C", people.team)], []
    match wrong:
        case "another key":
            named = replace(named, xwing=published.sha256_of(people.desk))
        case "an investigator":
            before = [people.publish(other, "investigator", "R. Bos")]
        case "another team":
            before = [people.publish(other, "caseworker", "C", ids.TeamId(ids.new_id()))]
        case "nobody":
            before = []
        case "retired":
            after = [statements.sign(people.root, "key.retire", bodies.KeyRetire(other.kid))]
        case _:
            body = bodies.ReadersExclude((other.kid,))
            after = [statements.sign(people.caseworker, "readers.exclude", body, case=people.case)]
    found = known(people, [*before, a_list(people, row(people.caseworker), named), *after])
    assert readers(found, people) == [people.caseworker.xwing_public]
    assert found.trouble == f"1 {TROUBLE}"


def test_an_alarm_goes_to_the_rescue_key_of_the_list_in_force_also_when_nobody_reads(
    people: AlarmOrganisation,
) -> None:
    lead, rescue = people.caseworker, keys.Identity.generate()
    named = a_list(people, row(lead), rescue=published.opens(rescue))
    found = known(people, [named])
    assert (readers(found, people), found.trouble) == ([lead.xwing_public, rescue.xwing_public], None)
    found = known(people, [named, a_list(people, number=2, agreed=lead.kid, rescue=published.opens(rescue))])
    assert (readers(found, people), found.trouble) == ([rescue.xwing_public], None)
    assert readers(found, people, timedelta(days=9)) == []
    found = known(people, [named, a_list(people, row(lead), number=2)])
    assert readers(found, people) == [lead.xwing_public]


def test_a_rescue_key_that_nothing_is_wrapped_to_stops_no_alarm(people: AlarmOrganisation) -> None:
    for unfit in published.unfit():
        found = known(people, [a_list(people, row(people.caseworker), rescue=unfit)])
        assert readers(found, people) == [people.caseworker.xwing_public]
        assert found.trouble == f"1 {TROUBLE}"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def test_a_press_is_sealed_to_the_lead_who_stands_on_the_list(made: World) -> None:
    people, memory = made.organisation, made.new_device()
    people.append(a_list(people, row(people.caseworker), since=ids.now()))
    until(lambda: made.bridge.registry.readers_of_alarm(people.case, ids.now())[2:], "the bridge heard of the list")
    topic = str(UpTopic(memory.device, Lane.ALARM))
    where = Location(51.9, 4.4, 9, 2, "gnss")
    said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", where)
    sent = message.seal(said, memory.identity, topic)
    httpx.post(made.press_url, params={"topic": topic}, content=sent).raise_for_status()
    made.sealed()
    alarm = made.bridge.feed._view.alarms()[0]
    assert people.open_item(alarm["item"]["head"], people.caseworker).position is not None
    assert not [one for one in made.bridge.feed._view.health()["troubles"] if "lists" in one]
