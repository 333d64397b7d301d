"""Proves that strangers are slowed down before their bodies are read, and nobody else is; and what a request must be.

Each test with a flood has a server of its own: a bucket that is empty would be empty for the next test, too.
"""

import base64
import hashlib
import secrets
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import Response

from evidence import ids, keys
from evidence.store.database.access import AccessStore, Session
from evidence.store.database.engine import open_engine
from server.auth import sessions
from server.auth.rates import STRANGER
from tests.support.server_world import (
    CONNECTIONS,
    STATEMENTS,
    TUS,
    UPLOADS,
    CaseOfHers,
    Person,
    Signed,
    World,
    problem,
    running_world,
    settings_in,
)
from tests.support.waiting import patience

PHRASE = "zes woorden zonder verband"
MANY_TRIES = 20 * STRANGER.burst
"""More than a bucket gives while it is asked; a slow machine asks slowly, and meanwhile it fills."""


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(settings_in(tmp_path_factory.mktemp("door"))) as world:
        yield world


def locked(who: Person, handle: str, phrase: str = PHRASE) -> bytes:
    return keys.lock(who.identity, handle, phrase, keys.Kdf.fresh(1, keys.MIN_MEMLIMIT)).to_bytes()


def raw(world: World, request: bytes) -> bytes:
    """Send bytes as they are and return the beginning of the answer."""
    place = urlsplit(world.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as line:
        line.sendall(request)
        return line.recv(65536)


def test_whoever_signs_wrongly_is_slowed_down_and_whoever_signs_rightly_is_not(alone: World) -> None:
    """Also with the name of a key that is in force: names are no secret."""
    stranger = alone.certify("caseworker", "Kort hier", alone.team)
    stranger.identity = keys.Identity.generate()
    wrong = httpx.Client(base_url=alone.url, transport=CONNECTIONS, auth=Signed(stranger.identity))
    heard: list[str] = []
    while "rate" not in heard and len(heard) < MANY_TRIES:
        heard.append(problem(wrong.post(STATEMENTS, content=b"{}")))
    assert heard[: STRANGER.burst] == ["signature"] * STRANGER.burst
    assert heard[-1] == "rate"
    assert alone.caseworker.http.get("/api/v1/session").status_code == 200  # from the very same address
    nobody = httpx.Client(base_url=alone.url, transport=CONNECTIONS)
    assert nobody.post("/api/v1/sign-in/challenge", json={"handle": "iemand"}).status_code == 200
    assert alone.open_case().phone().http.get("/api/v1/session").status_code == 200


def test_invented_sessions_are_slowed_down_too(alone: World) -> None:
    heard = set()
    guesser = httpx.Client(base_url=alone.url, transport=CONNECTIONS)
    for _ in range(MANY_TRIES):
        cookie = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        heard.add(problem(guesser.get("/api/v1/session", headers={"cookie": f"getuige_session={cookie}"})))
        if "rate" in heard:
            break
    assert heard == {"session", "rate"}
    assert alone.dispatcher.http.get("/api/v1/session").status_code == 200


@pytest.mark.parametrize("path", [STATEMENTS, "/api/v1/locked-keys/naam", UPLOADS])
def test_a_stranger_is_answered_before_a_byte_of_its_body_came(world: World, path: str) -> None:
    """Four megabytes are announced, and none of them is sent: an answer comes all the same."""
    method = "PUT" if "locked" in path else "POST"
    auth = Signed(keys.Identity.generate())
    request = httpx.Request(method, world.url + path, content=b"x", headers=TUS)
    signed = next(auth.auth_flow(request))
    names = ("signature-input", "signature", "content-digest")
    head = f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(world.url).netloc}\r\nContent-Length: 4000000\r\n"
    head += "".join(f"{name}: {signed.headers[name]}\r\n" for name in names)
    assert raw(world, f"{head}\r\n".encode()).startswith(b"HTTP/1.1 401 ")


def test_a_stolen_session_changes_no_locked_key(world: World) -> None:
    who = world.certify("caseworker", "Bestolen collega", world.team)
    handle = f"collega-{who.kid[:6]}"
    first = locked(who, handle)
    assert who.http.put(f"/api/v1/locked-keys/{handle}", content=first).status_code == 204
    engine = open_engine(world.settings.database_url)
    store = AccessStore(engine)
    token = secrets.token_bytes(32)
    store.open_session(token, Session(who.kid, ids.Time("2100-01-01T00:00:00.000Z")), ids.now())
    thief = httpx.Client(base_url=world.url, headers={"origin": world.url}, transport=CONNECTIONS)
    thief.cookies.set("getuige_session", base64.urlsafe_b64encode(token).decode())
    assert thief.get("/api/v1/session").status_code == 200
    refused = thief.put(f"/api/v1/locked-keys/{handle}", content=locked(who, handle, "een andere zin"))
    assert (refused.status_code, problem(refused)) == (401, "unauthenticated")
    kept = store.locked_key(handle)
    assert kept is not None
    assert kept.key.to_bytes() == first
    second = locked(who, handle, "een nieuwe zin van haarzelf")
    for _ in range(2):  # the same bytes again replace nothing
        assert who.http.put(f"/api/v1/locked-keys/{handle}", content=second).status_code == 204
    former = store.former_locked_key(handle)
    assert former is not None
    assert former.key.to_bytes() == first
    engine.dispose()


def test_over_https_the_cookie_belongs_to_this_host_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cookie")
    with running_world(settings_in(folder)) as world:
        engine = open_engine(world.settings.database_url)
        answer = Response()
        sessions.open_session(AccessStore(engine), world.caseworker.kid, answer, secure=True)
        engine.dispose()
    name, *rest = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-getuige_session=")
    assert {"HttpOnly", "Path=/", "SameSite=strict", "Secure"} <= set(rest)
    assert not [part for part in rest if part.lower().startswith("domain")]


@pytest.mark.parametrize(
    ("line", "hosts"),
    [
        ("GET /api/v1/time HTTP/1.1", ("{own}", "{own}")),
        ("GET /api/v1/time HTTP/1.1", ("{own}", "elders.example")),
        ("GET /api/v1/time HTTP/1.1", ("elders.example",)),
        ("GET /api/v1/time HTTP/1.1", ()),
        ("GET http://elders.example/api/v1/time HTTP/1.1", ("{own}",)),
        ("GET http://{own}/api/v1/time HTTP/1.1", ("elders.example",)),
        ("GET http://elders.example@{own}.example/api/v1/time HTTP/1.1", ("{own}",)),
    ],
)
def test_a_request_names_one_host_and_that_is_ours(world: World, line: str, hosts: tuple[str, ...]) -> None:
    own = urlsplit(world.url).netloc
    named = "".join(f"Host: {host.format(own=own)}\r\n" for host in hosts)
    status = raw(world, f"{line.format(own=own)}\r\n{named}\r\n".encode()).split(b" ", 2)[1]
    assert status in {b"421", b"400"}


def test_an_absolute_target_with_our_name_is_answered(world: World) -> None:
    own = urlsplit(world.url).netloc
    assert raw(world, f"GET http://{own}/api/v1/time HTTP/1.1\r\nHost: {own}\r\n\r\n".encode()).startswith(
        b"HTTP/1.1 200 "
    )


@pytest.mark.parametrize("path", ["entries/x000/000", "0/x000/000", "entries/000.p/0", "99/000", "0/x000/x000/000"])
def test_a_tile_that_cannot_be_is_not_found(world: World, path: str) -> None:
    assert problem(httpx.get(f"{world.url}/log/tile/{path}")) == "not-found"


# ------------------------------------------------------------------------------------------------ tus


def test_parts_that_are_to_be_joined_are_refused_with_a_reason(phone: Person) -> None:
    for value in ("partial", "final;/api/v1/uploads/a /api/v1/uploads/b"):
        refused = phone.create(100, "ab" * 32, **{"upload-concat": value})
        assert (refused.status_code, problem(refused)) == (400, "malformed")
        assert "Upload-Concat" in refused.json()["reason"]


def test_a_post_that_says_patch_is_a_patch(case: CaseOfHers, phone: Person) -> None:
    content = secrets.token_bytes(1000)
    where = phone.create(len(content), hashlib.sha256(content).hexdigest()).headers["location"]
    kind = {"content-type": "application/offset+octet-stream", "upload-offset": "0", **TUS}
    told = {**kind, "x-http-method-override": "PATCH"}
    as_patch = next(Signed(phone.identity).auth_flow(httpx.Request("PATCH", where, content=content, headers=told)))
    done = httpx.post(where, content=content, headers=dict(as_patch.headers))
    assert (done.status_code, done.headers["upload-offset"]) == (204, "1000")
    again = phone.create(10, "cd" * 32).headers["location"]
    for method in ("DELETE", "GET", "PUT"):
        refused = phone.http.post(again, headers={**TUS, "x-http-method-override": method})
        assert refused.status_code == 405
    assert int(phone.head(again).headers["upload-offset"]) == 0
    assert case.case == phone.case


def test_a_refusal_known_from_the_headers_waits_for_a_small_body(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is still sending the body when the answer comes would break the answer off."""
    monkeypatch.setattr("server.edge.SMALL_BODY_S", patience(20))
    with refused_from_its_headers(alone, b'{"handle"') as line:
        line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.recv(65536)
        line.settimeout(patience(20))
        line.sendall(b':"x"}')
        assert line.recv(65536).startswith(b"HTTP/1.1 421 ")


def test_a_refusal_does_not_wait_long_for_a_body_that_never_comes(
    alone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.edge.SMALL_BODY_S", 0.1)
    with refused_from_its_headers(alone, b'{"handle"') as line:
        assert line.recv(65536).startswith(b"HTTP/1.1 421 ")


def refused_from_its_headers(world: World, body: bytes) -> socket.socket:
    """A connection on which a request to another host's name has begun: 14 bytes of body are announced."""
    place = urlsplit(world.url)
    line = socket.create_connection((place.hostname, place.port), timeout=patience(20))
    line.sendall(
        b"POST /api/v1/sign-in/challenge HTTP/1.1\r\nhost: elsewhere.example\r\n"
        b"content-type: application/json\r\ncontent-length: 14\r\n\r\n" + body
    )
    return line
