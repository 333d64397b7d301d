"""Proves that several API processes on one PostgreSQL are one Getuige, also when one of them, or PostgreSQL, is killed.

The servers are processes of their own (`getuige serve`) over one data folder; people talk to them over HTTP.
"""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Self

import httpx
import pytest

from evidence import canonical, keys
from evidence.bundle.checking import trust
from evidence.custody.log import tlogproof
from evidence.keyfile import load_signing_key
from evidence.statements import dsse, event
from evidence.statements.statement import Statement
from evidence.store.database import migrating
from evidence.store.database.engine import connect, open_engine
from evidence.store.journal.journal import SqlJournal
from server.founding import found
from server.layout import Layout
from server.settings import Settings
from tests.support.ports import free_port
from tests.support.postgres_world import PostgresServer
from tests.support.server_process import invitation, serving, slowly
from tests.support.server_world import CaseOfHers, Person, World, problem, settings_in
from tests.support.starter import Process
from tests.support.waiting import until

pytestmark = pytest.mark.need("initdb", "postgres")
MIB = 1024 * 1024


@dataclass
class Pair:
    """Two servers of one Getuige; the second may be killed, and is started again."""

    settings: Settings
    second: Settings
    world: World
    victim: Process
    stack: ExitStack

    def revive(self) -> None:
        self.victim = self.stack.enter_context(serving(self.second))


@pytest.fixture(scope="module")
def pair(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    url = postgres.database()
    engine = connect(url)
    migrating.migrate(engine)
    engine.dispose()
    first = settings_in(tmp_path_factory.mktemp("pair") / "data", database_url=url)
    port = free_port()
    second = Settings(**{**first.model_dump(), "port": port, "public_url": f"http://localhost:{port}"})
    root = keys.Identity.generate()
    found(first, root, "Filomena")
    with ExitStack() as stack:
        stack.enter_context(serving(first))
        victim = stack.enter_context(serving(second))
        yield Pair(first, second, World(first, Person(first.public_url, identity=root)), victim, stack)


class Crowd:
    """Caseworkers who post statements at full speed, each at one server, until told to stop."""

    def __init__(self, case: CaseOfHers, urls: list[str]) -> None:
        self.case = case
        self.given: list[tuple[Statement, httpx.Response]] = []
        self.refused: list[str] = []
        self.by_url = dict.fromkeys(urls, 0)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(url,)) for url in urls for _ in range(2)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _post(self, url: str) -> None:
        who = Person(url, identity=self.case.world.caseworker.identity)
        while not self._stop.is_set():
            statement = invitation(who, self.case)
            answer = self._answer(who, statement)
            if answer is None:
                return
            if answer.status_code in {200, 201}:
                self.given.append((statement, answer))
                self.by_url[url] += 1
            else:
                self.refused.append(answer.text)

    def _answer(self, who: Person, statement: Statement) -> httpx.Response | None:
        """Post as a phone does: the same once more, a little later, until there is an answer or it is switched off."""
        while not self._stop.is_set():
            try:
                answer = who.post(statement)
            except httpx.TransportError:
                self._stop.wait(0.1)
                continue
            if answer.status_code not in {429, 503}:
                return answer
            self._stop.wait(0.1)
        return None

    def more(self, url: str, count: int = 30) -> None:
        """Wait until a server has given so many receipts more."""
        before = self.by_url[url]
        until(lambda: self.by_url[url] >= before + count, f"receipts come from {url}")


def check_all(world: World, crowd: Crowd) -> None:
    """Check that every receipt verifies, that the journal is one gapless order, and that the log proves its end."""
    engine = open_engine(world.settings.database_url)
    stored = SqlJournal(engine).read(limit=10_000)
    engine.dispose()
    assert [one.index for one in stored] == list(range(len(stored)))
    by_index = {one.index: one for one in stored}
    assert crowd.refused == []
    server = load_signing_key(Layout(world.settings.data).server_key).sign_public
    for statement, answer in crowd.given:
        document = answer.json()
        receipt = event.check(
            dsse.from_json(document["receipt"], dsse.RECEIPT_TYPE),
            canonical.unb64(document["event"]),
            bytes.fromhex(document["salt"]),
            statement=statement.id,
            origin=world.settings.log_origin,
            server=server,
        )
        assert by_index[receipt.index].event == canonical.unb64(answer.json()["event"])
    assert len({one.statement for one in stored}) == len(stored)
    policy = trust.load(world.settings.data / "trust").policy
    for one in (stored[0], stored[len(stored) // 2], stored[-1]):
        proof = until(partial(proof_of, world, one.index), f"the log proves event {one.index}")
        assert tlogproof.verify(proof, one.leaf, policy).index == one.index


def ready(url: str) -> bool:
    return httpx.get(f"{url}/health/ready").status_code == 200


def proof_of(world: World, index: int) -> bytes:
    answer = world.caseworker.http.get(f"/api/v1/receipts/{index}/proof")
    return answer.content if answer.status_code == 200 else b""


def test_one_order_and_one_log_while_a_server_is_killed(pair: Pair) -> None:
    first, second = pair.settings.public_url, pair.second.public_url
    with Crowd(pair.world.open_case(), [first, second]) as crowd:
        crowd.more(first)
        crowd.more(second)
        pair.victim.send_signal(signal.SIGKILL)
        pair.victim.wait()
        crowd.more(first)
    check_all(pair.world, crowd)
    pair.revive()
    with Crowd(crowd.case, [second]) as again:
        again.more(second, 5)
    check_all(pair.world, again)


def test_both_recover_by_themselves_from_a_postgresql_that_is_killed(pair: Pair, postgres: PostgresServer) -> None:
    urls = [pair.settings.public_url, pair.second.public_url]
    with Crowd(pair.world.open_case(), urls) as crowd:
        for _ in range(2):
            crowd.more(urls[0])
            postgres.kill()
            postgres.start()
        for url in urls:
            crowd.more(url)
    for url in urls:
        until(partial(ready, url), "the server is ready")
    check_all(pair.world, crowd)


def test_reading_while_postgresql_is_away_says_so_and_comes_back(pair: Pair, postgres: PostgresServer) -> None:
    who = pair.world.caseworker
    assert who.http.get("/api/v1/cases").status_code == 200
    postgres.stop()
    away = who.http.get("/api/v1/cases")

    def probe() -> httpx.Response | None:
        answer = httpx.get(f"{pair.settings.public_url}/health/ready")
        return answer if answer.status_code == 503 and "database" in answer.json()["trouble"] else None

    probed = until(probe, "readiness names the database")
    postgres.start()
    assert probed is not None
    assert (away.status_code, problem(away)) == (503, "unready")
    assert (probed.status_code, problem(probed)) == (503, "not-ready")
    assert who.http.get("/api/v1/cases").status_code == 200
    until(partial(ready, pair.settings.public_url), "the server is ready")


def test_one_upload_at_two_servers_is_written_by_one_at_a_time(pair: Pair) -> None:
    """Both write the same upload at once, with other bytes: what one was told is stored is what is there."""
    good, bad = os.urandom(4 * MIB), os.urandom(2 * MIB)
    phone = pair.world.open_case().phone()
    elsewhere = Person(pair.second.public_url, identity=phone.identity)
    created = phone.create(len(good), hashlib.sha256(good).hexdigest()).headers["location"]
    where = created.removeprefix(phone.url)  # the second server has another address
    part = Layout(pair.settings.data).uploads / f"{where.rpartition('/')[2]}.part"
    answers: list[httpx.Response] = []

    def pieces() -> Iterator[bytes]:
        for piece in slowly(good[: 3 * MIB]):
            yield piece
            time.sleep(0.02)  # a slow network, so that the other server's request comes in between

    first = threading.Thread(target=lambda: answers.append(phone.patch(where, 0, pieces())))
    first.start()
    until(lambda: part.stat().st_size > 0, "the first server writes")
    late = elsewhere.patch(where, 0, bad)
    first.join()
    assert answers[0].status_code == 204, answers[0].text
    assert (late.status_code, late.headers["upload-offset"]) == (409, str(3 * MIB))
    assert elsewhere.patch(where, 3 * MIB, good[3 * MIB :]).status_code == 204
    assert phone.head(where).headers["upload-offset"] == str(len(good))
