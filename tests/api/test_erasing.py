"""Proves what an erasure does at a running server: decided by two, after fourteen days, and then gone from every file.

The server's clock is moved by the test. What she sealed, its key wraps and its salt are searched for in every file of
the data folder, with another item beside it that must still be found, so that the search can fail.
"""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.statements import bodies
from evidence.statements import event as events
from evidence.statements.rules.erasure import ERASE_DELAY
from evidence.statements.tombstone import instead_of
from evidence.store.database.engine import open_engine
from evidence.store.errors import ErasedError
from evidence.store.journal import verifying
from evidence.store.journal.journal import SqlJournal
from server.erasure.sweeper import Sweeper
from server.keeping.backup import make
from server.settings import Settings
from tests.support.begun_items import announced
from tests.support.erasing_world import Story, found_in, needles, ready, sweeping, told
from tests.support.server_world import Person, problem, running_world, settings_in
from tests.support.timeline_page import timeline
from tests.support.waiting import until


def test_after_fourteen_days_it_is_in_no_file_and_the_other_item_is(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        assert story.state() == "waiting"
        wrapped = [base64.b64encode(one.encode()[at : at + 36]) for one in story.wraps for at in (0, 3, 30)]
        going, staying = needles(story, story.going), needles(story, story.staying)
        with sweeping(settings, ERASE_DELAY - timedelta(hours=1)) as early:
            assert early.sweep() == 0
        assert world.investigator.http.get(f"/api/v1/items/{story.going.body.item}/container").status_code == 200
        until((settings.data / "log" / "checkpoint").exists, "a head is published")
    assert len(found_in(settings.data, going)) >= 2  # database and blob
    assert found_in(settings.data, staying)
    with sweeping(settings) as sweeper:
        assert sweeper.sweep() == 1
        assert sweeper.sweep() == 0
    assert not found_in(settings.data, [*going, *wrapped])
    assert len(found_in(settings.data, staying)) >= 2
    engine = open_engine(settings.database_url)
    judged = verifying.verify(engine, ())
    engine.dispose()
    assert judged.faults == []
    assert [one.type for one in judged.tombstones] == ["item.seal", "grant"]
    assert judged.standing.erased == {story.going.body.item}
    with running_world(settings, world.root.identity):
        after_it_was_erased(story)
        the_proof_holds(story, tmp_path)


def after_it_was_erased(story: Story) -> None:
    """Readers of the case, and who held a grant, hear that it was erased; for others it never was."""
    where = f"/api/v1/items/{story.going.body.item}/container"
    outsider = story.world.certify("investigator", "B. Uitenstaander")
    stranger = Person(story.world.url, story.case.case)
    for who in (story.case.vault, story.world.caseworker, story.world.investigator):
        answer = who.http.get(where)
        assert answer.status_code == 410
        assert problem(answer) == "erased"
    unknown = outsider.http.get(f"/api/v1/items/{ids.new_id()}/container")
    answer = outsider.http.get(where)
    assert (answer.status_code, answer.json()["type"]) == (404, unknown.json()["type"])
    assert stranger.http.get(where).status_code in {401, 404}
    assert (
        story.world.investigator.http.get(f"/api/v1/items/{story.staying.body.item}/container").content
        == story.staying.container
    )
    page = timeline(story.case.vault, story.case.case)
    assert [(one["type"], one["items"]) for one in page["erased"]] == [
        ("item.seal", [story.going.body.item]),
        ("grant", [story.going.body.item]),
    ]
    paged: list[dict[str, Any]] = []
    since: int | None = -1
    while since is not None:
        part = timeline(story.case.vault, story.case.case, since=since, limit=2)
        paged += part["erased"]
        since = part["next"]
    assert paged == page["erased"]
    assert story.going.body.item not in [one["item"]["item"] for one in page["events"] if one["item"]]
    assert story.staying.body.item in [one["item"]["item"] for one in page["events"] if one["item"]]
    again = story.phone.create(len(story.going.container), story.going.body.container.sha256, story.going.body.item)
    assert problem(again) == "erased"
    assert story.state() == "finished"
    story.case.sealed(story.phone, "En verder.")  # the phone's chain goes on over the tombstone


def the_proof_holds(story: Story, folder: Path) -> None:
    where = f"/api/v1/cases/{story.case.case}/erasures/{story.erasure}/proof"
    answer = until(lambda: ready(story.case.vault, where), "the erasure is in the log")
    file = folder / "erasure.json"
    file.write_bytes(answer)
    anchors = trust.load(story.settings.data / "trust")
    report = verify(file, anchors)
    assert report.exit_code == 0, report.to_json()
    codes = [claim.code for claim in report.claims]
    assert {"erasure-decided", "erasure-leaves", "erasure-finished", "erasure-remains-read"} <= set(codes)
    for language in ("nl", "en"):
        assert "{" not in " ".join(line for _, line in report.lines(language))
    story.world.root.act("key.retire", bodies.KeyRetire(story.world.caseworker.kid))
    file.write_bytes(until(lambda: ready(story.case.vault, where), "it is asked for again"))
    assert verify(file, anchors).exit_code == 0, "whoever agreed has left since"
    for damage in damages(json.loads(answer)):
        file.write_text(json.dumps(damage, separators=(",", ":"), sort_keys=True))
        assert verify(file, anchors).exit_code == 1


def damages(proof: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield proofs that must not hold: without a step, with a tombstone less, with another one's tombstone."""
    kinds = [events.parse(base64.b64decode(one["event"])).statement.type for one in proof["events"]]
    for step in ("erase.request", "erase.approve", "erase.execute", "erase.finish", "case.open", "log.open"):
        rest = [one for one, kind in zip(proof["events"], kinds, strict=True) if kind != step]
        yield {**proof, "events": rest}
    yield {**proof, "tombstones": proof["tombstones"][1:]}
    yield {**proof, "tombstones": [proof["tombstones"][0]] * 2}
    first = proof["tombstones"][0]
    tombstone = json.loads(base64.b64decode(first["tombstone"]))
    other = {**tombstone, "items": [ids.new_id()]}
    changed = base64.b64encode(json.dumps(other, separators=(",", ":"), sort_keys=True).encode()).decode()
    yield {**proof, "tombstones": [{**first, "tombstone": changed}, *proof["tombstones"][1:]]}


def test_a_tombstone_that_no_erasure_explains_is_a_fault(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        story = told(world)
    with sweeping(settings) as sweeper:  # an operator destroys an event, and nobody asked for it
        journal = sweeper.destroyer.journal
        sealed = next(one for one in journal.erasable(story.case.case) if one.index == _index_of(settings, story))
        journal.bury([instead_of(sealed, story.erasure)])
    engine = open_engine(settings.database_url)
    faults = verifying.verify(engine, ()).faults
    engine.dispose()
    assert any("no erasure that was executed names it" in fault for fault in faults)


def _index_of(settings: Settings, story: Story) -> int:
    engine = open_engine(settings.database_url)
    sealed = SqlJournal(engine).seal_of(story.going.body.item)
    engine.dispose()
    assert sealed is not None
    return sealed.index


def test_a_hold_placed_before_the_date_keeps_everything(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        hold = bodies.HoldPlace(ids.HoldId(ids.new_id()), "onderzoek", (story.going.body.item,))
        world.investigator.act("hold.place", hold, story.case.case)
        assert story.state() == "held"
        with sweeping(settings) as sweeper:
            assert sweeper.sweep() == 0
        where = f"/api/v1/items/{story.going.body.item}/container"
        assert story.case.vault.http.get(where).content == story.going.container


class Killed(BaseException):
    """Stands for a process that dies at a step: nothing after it runs."""


@pytest.mark.parametrize("step", ["uploads", "buried", "blobs"])  # all of them, one after another: tests/faults
def test_a_sweep_that_dies_at_any_step_is_ended_by_the_next(tmp_path: Path, step: str) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        going, staying = needles(story, story.going), needles(story, story.staying)

    def die(reached: str) -> None:
        if reached == step:
            raise Killed

    with sweeping(settings, reached=die) as sweeper, pytest.raises(Killed):
        sweeper.sweep()
    with sweeping(settings) as sweeper:
        assert sweeper.sweep() == 1
        with pytest.raises(ErasedError):
            sweeper.destroyer.journal.by_statement(_sealed_as(sweeper, story))
    assert not found_in(settings.data, going)
    assert len(found_in(settings.data, staying)) >= 2
    engine = open_engine(settings.database_url)
    assert verifying.verify(engine, ()).faults == []
    engine.dispose()


def _sealed_as(sweeper: Sweeper, story: Story) -> ids.Sha256:
    buried = sweeper.destroyer.journal.tombstones(case=story.case.case)
    return next(one.statement for one in buried if one.type == "item.seal")


def test_what_arrived_of_an_announced_item_is_erased_too(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        story = told(world)
        item, _where = announced(story.case, story.phone, 100_000)
        story.case.vault.act("erase.request", bodies.EraseRequest(story.erasure, (item.body.item,)))
        world.caseworker.act("erase.approve", bodies.EraseStep(story.erasure), story.case.case)
        going = [item.container[at : at + 64] for at in range(2000, 90_000, 20_000)]
        assert found_in(settings.data, going)
        until((settings.data / "log" / "checkpoint").exists, "a head is published")
        make(settings, tmp_path / "backup")
        assert found_in(tmp_path / "backup", going)
        with sweeping(settings) as sweeper:
            assert sweeper.sweep() == 1
        make(settings, tmp_path / "backup")
        assert not found_in(settings.data, going)
        assert not found_in(tmp_path / "backup", going)
        assert problem(story.case.vault.http.get(f"/api/v1/items/{item.body.item}/container")) == "erased"
        late = story.phone.post(story.phone.sign("item.seal", item.body))
        assert late.status_code >= 400  # what was erased is not finished afterwards
        page = timeline(story.case.vault, story.case.case)
        assert [one["type"] for one in page["erased"]] == ["item.open"]
        where = f"/api/v1/cases/{story.case.case}/erasures/{story.erasure}/proof"
        (tmp_path / "proof.json").write_bytes(until(lambda: ready(story.case.vault, where), "it is in the log"))
        assert verify(tmp_path / "proof.json", trust.load(settings.data / "trust")).exit_code == 0
    engine = open_engine(settings.database_url)
    judged = verifying.verify(engine, ())
    engine.dispose()
    assert judged.faults == []
    assert judged.standing.opened.keys() == judged.standing.erased
