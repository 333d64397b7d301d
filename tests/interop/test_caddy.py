"""Proves that Getuige works behind Caddy with the Caddyfile that we ship, and that Caddy takes off it what it should.

Caddy is the real program, with TLS by a CA of its own; the servers are processes of their own (`getuige serve`).
"""

import hashlib
import json
import random
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database import migrating
from evidence.store.database.engine import connect
from server.auth.rates import ANYONE
from server.founding import found
from server.settings import Settings
from tests.support.caddy import caddy
from tests.support.ports import free_port
from tests.support.postgres_world import postgres_server
from tests.support.server_process import serving
from tests.support.server_world import Person, Signed, World, problem, settings_in
from tests.support.waiting import patience, until

MIB = 1024 * 1024
READ_HEADER_S = 10
"""As in the Caddyfile."""


@dataclass
class Front:
    """Caddy and what is behind it."""

    url: str
    trusted: ssl.SSLContext
    settings: Settings
    root: keys.Identity

    def client(self, identity: keys.Identity | None = None) -> httpx.Client:
        auth = Signed(identity) if identity else None
        return httpx.Client(base_url=self.url, verify=self.trusted, auth=auth, timeout=patience(20))

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.url)
        return url.host, url.port or 443


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("caddy")
    port = free_port()
    url = f"https://localhost:{port}"
    settings = settings_in(folder / "getuige", public_url=url, proxies=("127.0.0.1",))
    root = keys.Identity.generate()
    found(settings, root, "Filomena")
    with serving(settings), caddy(folder, port, [settings.port]) as trusted:
        yield Front(url, trusted, settings, root)


@pytest.fixture(scope="module")
def phone(front: Front) -> Iterator[Person]:
    """A phone that signs for the address of Caddy and sends to it."""
    with httpx.HTTPTransport(verify=front.trusted) as transport, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.support.server_world.CONNECTIONS", transport)
        yield World(front.settings, Person(front.url, identity=front.root)).open_case().phone()


def test_a_phone_uploads_through_it_and_goes_on_after_a_cut(front: Front, phone: Person) -> None:
    content = random.Random(1).randbytes(5 * MIB)
    sha256 = hashlib.sha256(content).hexdigest()
    where = phone.create(len(content), sha256).headers["location"]

    def broken() -> Iterator[bytes]:
        yield content[: 2 * MIB]
        raise ConnectionError("the train went into a tunnel")

    with pytest.raises(ConnectionError):
        phone.patch(where, 0, broken())
    at = int(phone.head(where).headers["upload-offset"])
    assert 0 <= at <= 2 * MIB
    assert phone.patch(where, at, content[at:]).status_code == 204
    assert DirectoryBlobs(front.settings.data / "blobs").size(ids.Sha256(sha256)) == len(content)


def test_another_host_name_reaches_nothing(front: Front) -> None:
    with front.client() as client:
        assert not client.get("/api/v1/time", headers={"host": "elsewhere.example"}).content


def test_who_drips_headers_is_cut_off(front: Front) -> None:
    with (
        socket.create_connection(front.address) as raw,
        front.trusted.wrap_socket(raw, server_hostname="localhost") as dripping,
    ):
        dripping.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n")
        dripping.settimeout(patience(READ_HEADER_S + 5))
        assert not dripping.recv(1024)


@pytest.mark.usefixtures("phone")  # it enrols before this address has used up its pace, in any order of the tests
def test_a_pace_counts_the_address_that_asks_and_not_what_it_claims(front: Front) -> None:
    """Each request claims another address; all of them count for the one that Caddy saw."""
    with front.client() as client:
        answers = [
            client.post("/api/v1/sign-in/challenge", json={"handle": "x"}, headers={"x-forwarded-for": f"10.1.0.{n}"})
            for n in range(ANYONE.burst + 60)
        ]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert all("retry-after" in one.headers for one in refused)


def test_numbers_of_the_process_are_not_outside(front: Front) -> None:
    with front.client() as client:
        assert client.get("/metrics").status_code == 404


@pytest.mark.need("initdb", "postgres")
def test_restarting_one_of_two_servers_refuses_nobody(tmp_path: Path) -> None:
    with postgres_server() as server:
        restart_one_of_two(server.database(), tmp_path)


def restart_one_of_two(database: str, tmp_path: Path) -> None:
    engine = connect(database)
    migrating.migrate(engine)
    engine.dispose()
    port = free_port()
    shared = {"public_url": f"https://localhost:{port}", "proxies": ("127.0.0.1",), "drain_s": 3}
    first = settings_in(tmp_path / "data", database_url=database, **shared)
    second = Settings(**{**first.model_dump(), "port": free_port()})
    found(first, keys.Identity.generate(), "Filomena")
    answers: list[int | str] = []
    stop = threading.Event()
    with ExitStack() as stack:
        victim = stack.enter_context(serving(first))
        stack.enter_context(serving(second))
        trusted = stack.enter_context(caddy(tmp_path, port, [first.port, second.port]))

        def ask() -> None:
            with httpx.Client(base_url=f"https://localhost:{port}", verify=trusted, timeout=patience(10)) as client:
                n = 0
                while not stop.is_set():
                    n += 1
                    try:
                        answers.append(client.get(f"/health/live?n={n}").status_code)
                    except httpx.TransportError as error:
                        answers.append(repr(error))
                    time.sleep(0.01)

        asker = threading.Thread(target=ask)
        asker.start()
        until(lambda: len(answers) > 20, "requests are answered")
        victim.send_signal(signal.SIGTERM)
        direct = httpx.get(f"http://127.0.0.1:{first.port}/health/ready", headers={"host": f"localhost:{first.port}"})
        assert direct.status_code == 503, "a server that stops says so first"
        assert "server" in direct.json()["trouble"]
        assert victim.wait(patience(20)) in {0, -signal.SIGTERM}
        before = len(answers)
        stack.enter_context(serving(first))
        until(lambda: len(answers) > before + 50, "requests go on being answered")
        stop.set()
        asker.join()
    assert set(answers) == {200}, [one for one in answers if one != 200][:5]


def test_a_log_that_stands_still_takes_no_evidence_and_goes_on_with_alarms(tmp_path: Path) -> None:
    port = free_port()
    settings = settings_in(tmp_path / "getuige", public_url=f"https://localhost:{port}")
    root = keys.Identity.generate()
    found(settings, root, "Filomena")
    with serving(settings), caddy(tmp_path, port, [settings.port]) as trusted:
        until((settings.data / "log" / "checkpoint").exists, "a head is published")
        (settings.data / "log" / "checkpoint").write_bytes(b"something else")
        with (
            httpx.HTTPTransport(verify=trusted) as transport,
            pytest.MonkeyPatch.context() as patch,
            httpx.Client(base_url=settings.public_url, verify=trusted, timeout=patience(10)) as client,
        ):
            patch.setattr("tests.support.server_world.CONNECTIONS", transport)
            World(settings, Person(settings.public_url, identity=root)).open_case()
            until(lambda: client.options("/api/v1/uploads").status_code == 503, "uploads are turned away")
            assert client.get("/console").status_code == 200
            assert client.post("/api/v1/sign-in/challenge", json={"handle": "marit"}).status_code == 200
            assert problem(client.get("/api/v1/alarms")) == "unauthenticated"


def test_log_lines_hold_no_address_of_a_person(front: Front) -> None:
    with front.client() as client:
        client.post("/api/v1/sign-in/challenge", json={"handle": "x"}, headers={"x-forwarded-for": "10.1.0.7"})
    written = Path(str(front.settings.data) + ".log").read_text()
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert lines
    assert "10.1." not in written
