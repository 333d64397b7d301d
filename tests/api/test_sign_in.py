"""Proves that a locked key goes only to who knows its phrase, and a session only to who holds the key."""

from functools import partial

import httpx
import pytest

from evidence import canonical, ids, keys
from evidence.keys import Kdf
from evidence.statements import bodies
from server.auth.challenges import AUTH_CONTEXT, SESSION_CONTEXT
from tests.support.server_world import CONNECTIONS, World, problem

PHRASE = "bado kemi lute sora vani pelo"
CHEAP = partial(Kdf.fresh, opslimit=1, memlimit=8 * 1024 * 1024)


class Browser:
    """A browser as far as signing in goes: cookies, and the Origin of the page."""

    def __init__(self, world: World) -> None:
        self.http = httpx.Client(base_url=world.url, transport=CONNECTIONS, headers={"origin": world.url})

    def ask(self, handle: str) -> tuple[str, Kdf]:
        answer = self.http.post("/api/v1/sign-in/challenge", json={"handle": handle})
        assert answer.status_code == 200, answer.text
        return answer.json()["challenge"], Kdf(**answer.json()["kdf"])

    def fetch(self, handle: str, phrase: str) -> httpx.Response:
        challenge, kdf = self.ask(handle)
        proof = keys.auth_signature(phrase, kdf, AUTH_CONTEXT + canonical.unb64(challenge))
        body = {"handle": handle, "challenge": challenge, "sig": canonical.b64(proof)}
        return self.http.post("/api/v1/sign-in/locked-key", json=body)

    def enter(self, handle: str, who: keys.Identity, challenge: str | None = None) -> httpx.Response:
        challenge = challenge or self.ask(handle)[0]
        proof = who.sign(SESSION_CONTEXT + canonical.unb64(challenge))
        body = {"handle": handle, "challenge": challenge, "sig": canonical.b64(proof)}
        return self.http.post("/api/v1/sign-in/session", json=body)


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(world)


@pytest.fixture
def handle(world: World) -> str:
    name = f"caseworker-{ids.new_id()[:6]}"
    locked = keys.lock(world.caseworker.identity, name, PHRASE, CHEAP())
    answer = world.caseworker.http.put(f"/api/v1/locked-keys/{name}", content=locked.to_bytes())
    assert answer.status_code == 204, answer.text
    return name


def test_from_phrase_to_session_and_out_again(world: World, browser: Browser, handle: str) -> None:
    locked = browser.fetch(handle, PHRASE).json()["locked"]
    _, kdf = browser.ask(handle)
    identity = keys.LockedKey(1, handle, kdf, ids.PublicKey("0" * 64), locked).unlock(PHRASE)
    assert identity == world.caseworker.identity
    entered = browser.enter(handle, identity)
    assert entered.json() == {"kid": identity.kid, "role": "caseworker", "label": "M. de Wit", "shares": []}
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert browser.http.get("/api/v1/session").json()["kid"] == identity.kid
    assert browser.http.delete("/api/v1/session").status_code == 204
    assert problem(browser.http.get("/api/v1/session")) in {"session", "unauthenticated"}


def test_a_closed_session_stays_closed(world: World, browser: Browser, handle: str) -> None:
    browser.enter(handle, world.caseworker.identity)
    token = browser.http.cookies["getuige_session"]
    browser.http.delete("/api/v1/session")
    answer = httpx.get(f"{world.url}/api/v1/session", headers={"cookie": f"getuige_session={token}"})
    assert problem(answer) == "session"


def test_a_wrong_phrase_gets_nothing(browser: Browser, handle: str) -> None:
    assert problem(browser.fetch(handle, "iets anders")) == "sign-in"


def test_an_unknown_handle_looks_like_any_other(browser: Browser, handle: str) -> None:
    _, real = browser.ask(handle)
    first, second = browser.ask("niemand")[1], browser.ask("niemand")[1]
    assert first == second
    assert (first.alg, len(first.salt)) == (real.alg, len(real.salt))
    unknown, wrong = (
        browser.http.post(
            "/api/v1/sign-in/locked-key",
            json={"handle": name, "challenge": browser.ask(name)[0], "sig": "A" * 86 + "=="},
        )
        for name in ("niemand", handle)
    )
    assert problem(unknown) == problem(wrong) == "sign-in"
    assert unknown.json() == wrong.json()


def test_a_challenge_is_good_for_one_session_and_one_handle(world: World, browser: Browser, handle: str) -> None:
    challenge, _ = browser.ask(handle)
    assert browser.enter(handle, world.caseworker.identity, challenge).status_code == 200
    assert problem(browser.enter(handle, world.caseworker.identity, challenge)) == "sign-in"
    other, _ = browser.ask("niemand")
    assert problem(browser.enter(handle, world.caseworker.identity, other)) == "sign-in"


def test_the_phrase_alone_opens_no_session(browser: Browser, handle: str) -> None:
    assert problem(browser.enter(handle, keys.Identity.generate())) == "sign-in"


def test_an_unsafe_request_of_another_page_is_refused(world: World, browser: Browser, handle: str) -> None:
    browser.enter(handle, world.caseworker.identity)
    for origin in ("https://elders.example", "null"):
        answer = browser.http.delete("/api/v1/session", headers={"origin": origin})
        assert (answer.status_code, problem(answer)) == (403, "origin")
    del browser.http.headers["origin"]
    assert problem(browser.http.delete("/api/v1/session")) == "origin"
    assert browser.http.get("/api/v1/session").status_code == 200


def test_a_handle_belongs_to_one_key(world: World, handle: str) -> None:
    stolen = keys.lock(world.dispatcher.identity, handle, PHRASE, CHEAP())
    answer = world.dispatcher.http.put(f"/api/v1/locked-keys/{handle}", content=stolen.to_bytes())
    assert problem(answer) == "handle-taken"


def test_a_retired_key_loses_its_session(world: World, browser: Browser) -> None:
    leaver = world.certify("caseworker", "vertrekt", world.team)
    locked = keys.lock(leaver.identity, "vertrekt", PHRASE, CHEAP())
    leaver.http.put("/api/v1/locked-keys/vertrekt", content=locked.to_bytes())
    assert browser.enter("vertrekt", leaver.identity).status_code == 200
    world.root.act("key.retire", bodies.KeyRetire(leaver.kid))
    assert problem(browser.http.get("/api/v1/session")) == "signature"
    assert problem(browser.enter("vertrekt", leaver.identity)) == "sign-in"


def test_the_database_opens_no_session(world: World, browser: Browser, handle: str) -> None:
    browser.enter(handle, world.caseworker.identity)
    token = browser.http.cookies["getuige_session"].encode()
    for path in world.settings.data.glob("getuige.db*"):
        assert token not in path.read_bytes()
