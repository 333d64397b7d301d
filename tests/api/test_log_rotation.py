"""The key of the log is rotated under a server that runs: nothing is lost, nothing forks, and everyone follows.

By the command itself, against real servers, phones and the verifier.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from evidence import canonical, ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.custody.log import auditing
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.log.tlogproof import build_proof
from evidence.custody.succession import succession
from evidence.custody.succession.lineage import Lineage
from evidence.statements import bodies, rotation
from server.layout import Layout
from server.rotation import rotating
from tests.support.exporting import ask, grant, statement
from tests.support.running_log import add, proof
from tests.support.server_world import CaseOfHers, Person, SealedItem, World, problem, running, settings_in
from tests.support.waiting import until


@pytest.fixture(name="world")
def make_world(tmp_path: Path) -> Iterator[World]:
    settings = settings_in(tmp_path / "data")
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))


def line_of(world: World) -> Lineage:
    return rotating.plan(world.settings).line


def anchors(world: World) -> trust.Anchors:
    return trust.load(world.settings.data / "trust")


def receipt_file(answer: dict[str, object], world: World, folder: Path) -> Path:
    """Write the file that `getuige verify` takes, from the server's answer to a statement."""
    certificates = httpx.get(f"{world.url}/api/v1/trust").json()["certificates"]
    path = folder / f"{ids.new_id()}.json"
    path.write_bytes(canonical.encode({**answer, "server_key": certificates[0]}))
    return path


def test_a_dry_run_changes_nothing(world: World) -> None:
    add(world)
    before = sorted(path for path in world.settings.data.rglob("*.key"))
    planned = rotating.plan(world.settings, world.root.identity.sign_public)
    assert (planned.old.number, planned.unfinished) == (1, False)
    assert planned.origin == f"{planned.old.origin}/2"
    assert sorted(path for path in world.settings.data.rglob("*.key")) == before


def test_another_root_rotates_nothing(world: World) -> None:
    with pytest.raises(rotating.RotationError, match="another root"):
        rotating.rotate(world.settings, keys.Identity.generate())
    assert len(line_of(world).eras) == 1


def test_the_api_takes_no_rotation(world: World) -> None:
    """Nobody there would see to it that the next log has a key and witnesses: the log would stand still."""
    add(world)
    proof(world, rotating.plan(world.settings).events - 1)
    shown = SignedCheckpoint.parse(FolderTiles(Layout(world.settings.data).log).read("checkpoint")).checkpoint
    body = bodies.LogRotate(rotation.head_of(shown), generate_key("next.example/log").vkey)
    answer = world.root.post(world.root.sign("log.rotate", body))
    assert (answer.status_code, problem(answer)) == (403, "not-allowed")
    assert len(line_of(world).eras) == 1


def test_the_server_goes_on_and_both_logs_prove(world: World, tmp_path: Path) -> None:
    old_event = add(world)
    body = bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team")
    old = world.root.sign("team.open", body)
    old_answer = world.root.post(old).json()
    line = rotating.rotate(world.settings, world.root.identity)
    assert [era.number for era in line.eras] == [1, 2]
    until(lambda: httpx.get(f"{world.url}/logs/2/checkpoint").status_code == 200, "the new log is published")
    new_answer = world.root.act("team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team"))
    first = line.current.first_event
    policy = line.policy(anchors(world).policy)
    for index, era in ((old_event, line.eras[0]), (first, line.current), (first + 1, line.current)):
        assert proof(world, index).startswith(b"c2sp.org/tlog-proof@v1\nindex %d\n" % era.entry_of(index))
    for answer, era in ((old_answer, line.eras[0]), (new_answer, line.current)):
        document = canonical.decode(canonical.unb64(answer["receipt"]["payload"]))
        assert isinstance(document, dict)
        assert document["log"] == era.origin
        assert verify(receipt_file(answer, world, tmp_path), anchors(world)).exit_code == 0
    assert world.root.post(old).json() == old_answer, "an old statement posted again gets the very same receipt"
    for number in (1, 2):
        folder = FolderTiles(Layout(world.settings.data).log_of(number))
        assert auditing.audit(folder, policy, lambda _: None).passed
    tiles = FolderTiles(Layout(world.settings.data).log_of(2))
    entry = build_proof(tiles, 0, SignedCheckpoint.parse(tiles.read("checkpoint")))
    final = FolderTiles(Layout(world.settings.data).log).read("checkpoint")
    proven = succession.prove(final, entry.to_bytes(), policy)
    assert (proven.final, proven.successor) == (line.eras[0].final, line.current.origin)


def test_a_second_rotation_follows_the_first_and_a_restart_goes_on(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        rotating.rotate(settings, root)
        add(world)
        rotating.rotate(settings, root, "other.example/log")
        last = add(world)
        proof(world, last)
    with running(settings, root):
        until(lambda: httpx.get(f"{settings.public_url}/logs/3/checkpoint").status_code == 200, "the third log")
        for index in range(rotating.plan(settings).events):
            proof(world, index)
    line = line_of(world)
    assert [era.origin for era in line.eras][-1] == "other.example/log"
    assert trust.load(settings.data / "trust").line() == line


def test_events_that_come_while_it_rotates_are_all_proven(world: World) -> None:
    stop = threading.Event()
    problems: list[Exception] = []

    def busy() -> None:
        try:
            while not stop.wait(0.02):
                world.root.act("team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team"))
        except Exception as error:  # noqa: BLE001 - the test says what went wrong in the thread
            problems.append(error)

    worker = threading.Thread(target=busy)
    worker.start()
    try:
        line = rotating.rotate(world.settings, world.root.identity)
        until(lambda: rotating.plan(world.settings).events > line.current.first_event + 5, "events after it")
    finally:
        stop.set()
        worker.join()
    assert not problems
    for index in range(rotating.plan(world.settings).events):
        proof(world, index)
    assert httpx.get(f"{world.url}/health/ready").json() == {"ready": True, "trouble": {}}


def test_an_investigator_gets_one_bundle_over_both_logs(world: World, tmp_path: Path) -> None:
    case = world.open_case()
    phone = case.phone()
    before = [case.sealed(phone)]
    proof(world, rotating.plan(world.settings).events - 1)
    old = export(case, before, tmp_path / "old.zip")
    old_trust = tmp_path / "old-trust"
    copy(world.settings.data / "trust", old_trust)
    rotating.rotate(world.settings, world.root.identity)
    items = [*before, case.sealed(phone)]
    new = export(case, items, tmp_path / "new.zip")
    for bundle in (old, new):
        for folder in (old_trust, world.settings.data / "trust"):
            report = verify(bundle, trust.load(folder, bundle))
            assert report.exit_code == 0, (bundle.name, folder.name, [claim.text("en") for claim in report.failed])
    codes = {claim.code for claim in verify(new, trust.load(old_trust, new)).claims}
    assert "log-rotated" in codes
    assert "log-unlinked" not in codes
    assert "log-unlinked" in {claim.code for claim in verify(old, anchors(world)).claims}


def copy(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


def export(case: CaseOfHers, items: list[SealedItem], target: Path) -> Path:
    """Grant, export and fetch as an investigator does."""
    who = case.world.certify("investigator", "R. Bos")
    grant(case, who, *items)
    prepared = ask(who, case).json()
    who.act("export", statement(prepared), case.case)
    where = f"/api/v1/exports/{prepared['export']}"
    until(lambda: who.http.get(where).json()["state"] == "ready", "the bundle is built")
    target.write_bytes(who.http.get(f"{where}/bundle.zip").content)
    return target


def test_what_the_server_says_of_rotations_is_the_root_s(world: World) -> None:
    rotating.rotate(world.settings, world.root.identity)
    shown = httpx.get(f"{world.url}/api/v1/trust").json()
    assert shown["log_vkey"] == line_of(world).eras[0].key.vkey
    kept = json.loads((world.settings.data / "trust" / "rotations.json").read_bytes())
    assert shown["rotations"] == kept
