"""Two servers on one PostgreSQL while the log's key is rotated: one line of logs, every receipt in its log."""

import signal
import threading
from collections.abc import Collection
from contextlib import ExitStack
from functools import partial

import httpx
import pytest

from evidence import canonical, ids, keys
from evidence.bundle.checking import trust
from evidence.custody.log import tlogproof
from evidence.statements import bodies
from evidence.store.database import migrating
from evidence.store.database.engine import connect, open_engine
from evidence.store.journal.journal import SqlJournal
from server.founding import found
from server.rotation import rotating
from server.settings import Settings
from tests.support.ports import free_port
from tests.support.postgres_world import PostgresServer
from tests.support.server_process import serving
from tests.support.server_world import Person, settings_in
from tests.support.waiting import until

pytestmark = pytest.mark.need("initdb", "postgres")

PACE_S = 0.5
"""Between two statements of one writer: a rotation needs a moment between two of them."""


class Writer(threading.Thread):
    """Posts at one server until it is told to stop; keeps what it was told."""

    def __init__(self, url: str, root: keys.Identity) -> None:
        super().__init__()
        self.who = Person(url, identity=root)
        self.told: list[dict[str, object]] = []
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.wait(PACE_S):
            team = self.who.sign("team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team"))
            try:
                answer = self.who.post(team)
            except httpx.TransportError:
                continue
            if answer.status_code == 201:
                receipt = canonical.decode(canonical.unb64(answer.json()["receipt"]["payload"]))
                assert isinstance(receipt, dict)
                self.told.append(receipt)


@pytest.fixture(name="two")
def make_two(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Settings]:
    url = postgres.database()
    engine = connect(url)
    migrating.migrate(engine)
    engine.dispose()
    first = settings_in(tmp_path_factory.mktemp("two") / "data", database_url=url)
    port = free_port()
    return first, Settings(**{**first.model_dump(), "port": port, "public_url": f"http://localhost:{port}"})


def test_both_servers_follow_and_no_receipt_names_the_wrong_log(two: tuple[Settings, Settings]) -> None:
    root = keys.Identity.generate()
    found(two[0], root, "Filomena")
    with ExitStack() as stack:
        stack.enter_context(serving(two[0]))
        victim = stack.enter_context(serving(two[1]))
        writers = [Writer(one.public_url, root) for one in two]
        for writer in writers:
            writer.start()
        try:
            until(lambda: all(len(writer.told) > 2 for writer in writers), "both servers give receipts")
            line = rotating.rotate(two[0], root)
            before = [len(writer.told) for writer in writers]
            until(lambda: all(len(one.told) > old + 2 for one, old in zip(writers, before, strict=True)), "they go on")
            victim.send_signal(signal.SIGKILL)
            victim.wait()
        finally:
            for writer in writers:
                writer.stop.set()
                writer.join()
        stack.enter_context(serving(two[1]))
        told = {int(str(one["index"])): one for writer in writers for one in writer.told}
        assert {one["log"] for one in told.values()} == {era.origin for era in line.eras}
        assert all(one["log"] == line.of_event(index).origin for index, one in told.items())
        check(two, root, told.keys())


def check(two: tuple[Settings, Settings], root: keys.Identity, told: Collection[int]) -> None:
    """Every event is proven in the log in which it stands, by either server."""
    engine = open_engine(two[0].database_url)
    journal = SqlJournal(engine)
    stored = journal.read(limit=10_000)
    journal.close()
    engine.dispose()
    assert set(told) <= {one.index for one in stored}
    anchors = trust.load(two[0].data / "trust")
    line = anchors.line()
    assert [era.number for era in line.eras] == [1, 2]
    people = [Person(one.public_url, identity=root) for one in two]
    for one in (*stored[:3], *stored[line.current.first_event - 1 : line.current.first_event + 2], *stored[-3:]):
        for who in people:
            until(partial(proves, who, one.index), f"event {one.index} is proven")
            proven = tlogproof.verify(proof(who, one.index), one.leaf, line.policy(anchors.policy))
            assert (line.admit(proven.checkpoint), proven.index) == (
                line.of_event(one.index),
                line.of_event(one.index).entry_of(one.index),
            )
    for who in people:
        assert httpx.get(f"{who.url}/health/ready").json() == {"ready": True, "trouble": {}}


def proves(who: Person, index: int) -> bool:
    return who.http.get(f"/api/v1/receipts/{index}/proof").status_code == 200


def proof(who: Person, index: int) -> bytes:
    return who.http.get(f"/api/v1/receipts/{index}/proof").content
