"""A real Getuige server on a free port, and people with keys who talk to it over HTTP."""

import base64
import io
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from evidence import http_signature, ids, keys
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.envelope import sealing
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from server.founding import found
from server.metrics import Metrics
from server.serving import configuration
from server.settings import Settings
from server.upload_addresses import is_streamed
from tests.support import published
from tests.support.incidents import incident, photo
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_S, patience, until

"""A wait that succeeds costs nothing; a machine with ten neighbours needs this long to start a server."""
TUS = {"tus-resumable": "1.0.0"}
STATEMENTS = "/api/v1/statements"
UPLOADS = "/api/v1/uploads"

CONNECTIONS = httpx.HTTPTransport()
"""Shared by all people of a test run and closed at its end (`tests/api/conftest.py`)."""


def settings_in(folder: Path, **more: Any) -> Settings:  # noqa: ANN401 - fields of Settings
    """Return the settings of a server in `folder`, on a free port, whose bridge is not there."""
    port = free_port()
    return Settings(data=folder, port=port, bridge_feed_url=more.pop("bridge", "http://127.0.0.1:9"), **more)


def problem(answer: httpx.Response) -> str:
    """Return the name of the problem that an answer is; fail when it is none, or not in plain words."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["title"]
    assert document["detail"]
    return str(document["type"]).removeprefix("urn:getuige:problem:")


class Signed(httpx.Auth):
    """Signs each request with a key (RFC 9421)."""

    def __init__(self, identity: keys.Identity, skew_s: int = 0) -> None:
        self.identity = identity
        self.skew_s = skew_s

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        streamed = None
        if is_streamed(request.method, request.url.path):
            covered = ("upload-offset", "repr-digest", "content-digest")
            streamed = {name: request.headers[name] for name in covered if name in request.headers}
        request.headers.update(
            http_signature.sign_request(
                self.identity.sign,
                self.identity.kid,
                http_signature.RequestTarget.of_url(request.method, str(request.url)),
                created=int(time.time()) + self.skew_s,
                body=request.read() if streamed is None else None,
                streamed=streamed,
            )
        )
        yield request


@dataclass
class Person:
    """Someone with keys; a phone and a vault have a chain of statements, too."""

    url: str
    case: ids.CaseId | None = None
    chain: Chain | None = None
    identity: keys.Identity = field(default_factory=keys.Identity.generate)

    @cached_property
    def http(self) -> httpx.Client:
        return self.client()

    @property
    def kid(self) -> ids.KeyId:
        return self.identity.kid

    def client(self, skew_s: int = 0) -> httpx.Client:
        """Return a client on the connections that all share; it is not closed itself."""
        auth = Signed(self.identity, skew_s)
        return httpx.Client(base_url=self.url, auth=auth, timeout=patience(20), transport=CONNECTIONS)

    def sign(self, kind: str, body: bodies.Body, case: ids.CaseId | None = None, **more: Any) -> Statement:  # noqa: ANN401 - as in statements.sign
        return statements.sign(self.identity, kind, body, case=case or self.case, chain=self.chain, **more)

    def post(self, statement: Statement, path: str = STATEMENTS) -> httpx.Response:
        answer = self.http.post(path, content=statement.envelope.to_bytes())
        if answer.status_code == 201 and self.chain is not None:
            self.chain = Chain(self.chain.seq + 1, statement.id)
        return answer

    def act(self, kind: str, body: bodies.Body, case: ids.CaseId | None = None) -> Any:  # noqa: ANN401 - JSON
        """Post a statement that must be accepted; return the answer's JSON."""
        answer = self.post(self.sign(kind, body, case))
        assert answer.status_code == 201, answer.text
        return answer.json()

    # ---------------------------------------------------------------------------------------------- uploads

    def create(self, size: int, sha256: str, item: str | None = None, **headers: str) -> httpx.Response:
        pairs = {"item": item or ids.new_id(), "sha256": sha256}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        return self.http.post(
            UPLOADS, headers={**TUS, "upload-length": str(size), "upload-metadata": metadata, **headers}
        )

    def patch(self, where: str, offset: int, content: "bytes | Iterator[bytes]", **headers: str) -> httpx.Response:
        kind = {"content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
        return self.http.patch(where, content=content, headers={**TUS, **kind, **headers})

    def head(self, where: str) -> httpx.Response:
        return self.http.head(where, headers=TUS)

    def upload(self, container: bytes, body: bodies.ItemSeal) -> None:
        created = self.create(len(container), body.container.sha256, body.item)
        assert created.status_code == 201, created.text
        done = self.patch(created.headers["location"], 0, container)
        assert done.status_code == 204, done.text
        assert done.headers["upload-offset"] == str(len(container))


@dataclass(frozen=True)
class SealedItem:
    """An item as it was sealed."""

    body: bodies.ItemSeal
    container: bytes
    key: bytes


def seal(
    who: Person,
    readers: Sequence[bytes],
    text: str = "Hij stond weer voor de deur.",
    content: bytes | None = None,
    case: ids.CaseId | None = None,
) -> SealedItem:
    """Seal an incident, or a film when there is `content`."""
    meta = incident("Voordeur", text) if content is None else photo("Voordeur", text=text, kind="video")
    file = None if content is None else sealing.Content.of_bytes(content, "opname.bin", "application/octet-stream")
    of = case or who.case
    assert of is not None
    prepared = sealing.prepare(who.identity, of, meta, readers, file)
    out = io.BytesIO()
    body = sealing.write(prepared, file, out)
    return SealedItem(body, out.getvalue(), prepared.content_key)


@dataclass
class World:
    """An organisation with its people at one running server; cases are made as tests need them."""

    settings: Settings
    root: Person
    team: ids.TeamId = field(default_factory=lambda: ids.TeamId(ids.new_id()))

    def __post_init__(self) -> None:
        self.url = self.settings.public_url
        self.root.act("team.open", bodies.TeamOpen(self.team, "Filomena"))
        self.caseworker = self.certify("caseworker", "M. de Wit", self.team)
        self.dispatcher = self.certify("dispatcher", "Meldkamer 1")
        self.investigator = self.certify("investigator", "R. Bos")

    def certify(self, role: bodies.Role, label: str, team: ids.TeamId | None = None) -> Person:
        who = Person(self.url)
        body = published.certificate(who.identity, role, label, team)
        self.root.act("key.publish", body)
        return who

    def stamped_head(self) -> SignedCheckpoint:
        """Return a head that this server's log signed and had stamped."""
        asked = httpx.Client(base_url=self.url, transport=CONNECTIONS)
        sizes: list[int] = until(lambda: asked.get("/api/v1/log/timestamps").json()["sizes"], "a head is stamped")
        return SignedCheckpoint.parse(asked.get(f"/log/timestamps/{sizes[-1]}.checkpoint").content)

    def open_case(self) -> "CaseOfHers":
        case = ids.CaseId(ids.new_id())
        vault = Person(self.url, case, Chain(0, FIRST_PREV))
        body = published.case_of(vault.identity, self.team, self.caseworker.kid)
        self.caseworker.act("case.open", body, case)
        return CaseOfHers(self, case, vault)


@dataclass
class CaseOfHers:
    """One case, its vault, and phones as they enrol."""

    world: World
    case: ids.CaseId
    vault: Person

    def invite(self, valid: timedelta = timedelta(hours=1)) -> keys.Identity:
        one_time = keys.Identity.generate()
        expires = ids.time_of(datetime.now(UTC) + valid)
        body = published.invitation(self.vault.identity, one_time, expires)
        self.world.caseworker.act("device.invite", body, self.case)
        return one_time

    def enrolment(self, phone: Person, one_time: keys.Identity) -> Statement:
        body = bodies.DeviceEnrol(
            ids.DeviceId(ids.new_id()), ids.PublicKey(phone.identity.sign_public.hex()), one_time.kid
        )
        return phone.sign("device.enrol", body, self.case, cosigner=one_time)

    def phone(self) -> Person:
        phone = Person(self.world.url, self.case, Chain(0, FIRST_PREV))
        statement = self.enrolment(phone, self.invite())
        nobody = httpx.Client(base_url=self.world.url, transport=CONNECTIONS)
        answer = nobody.post("/api/v1/enrolments", content=statement.envelope.to_bytes())
        assert answer.status_code == 201, answer.text
        phone.chain = Chain(1, statement.id)
        return phone

    def sealed(self, phone: Person, text: str = "Hij belde weer.", content: bytes | None = None) -> SealedItem:
        """Seal, upload and state an item by a phone."""
        item = seal(phone, [self.vault.identity.xwing_public], text, content)
        phone.upload(item.container, item.body)
        phone.act("item.seal", item.body)
        return item


@contextmanager
def running(settings: Settings, root: keys.Identity | None = None) -> Iterator[keys.Identity]:
    """Found a data folder if need be, and run its server in a thread; yields the root's keys."""
    root = root or keys.Identity.generate()
    found(settings, root, "Filomena")
    server = uvicorn.Server(configuration(settings, Metrics()))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), "the server starts")
    assert server.started, "the server did not start"
    try:
        yield root
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)


@contextmanager
def running_world(settings: Settings, root: keys.Identity | None = None) -> Iterator[World]:
    """Run a server as `running` does; yield the people around it."""
    with running(settings, root) as found:
        yield World(settings, Person(settings.public_url, identity=found))
