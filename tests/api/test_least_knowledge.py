"""Proves that whoever holds her phone reads no name of staff but the lead's, at no route, and hears one 404.

THREATS.md: "reads from the phone who may read". The walk goes over every route that is there, new ones too.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import RouteContext, iter_route_contexts

from evidence import ids, keys
from evidence.statements import bodies
from server.auth.door import DoorRoute
from server.web.pages import router as web
from tests.support import documented
from tests.support.server_world import CONNECTIONS, CaseOfHers, Person, World, problem

LEAD = "M. de Wit"
DOCUMENTATION = {"/openapi.json", "/docs"}
"""The same for everybody, and made without a database."""

PAGES = {route.path for route in iter_route_contexts(web.routes)} | DOCUMENTATION
ROUTES = [route for route in iter_route_contexts(documented.application().routes) if route.path not in PAGES]


@pytest.fixture(scope="module")
def staff(world: World) -> list[str]:
    """Make colleagues whom a phone has no business to know, and return every label that it must not see."""
    team = ids.TeamId(ids.new_id())
    world.root.act("team.open", bodies.TeamOpen(team, "Team Overzijde"))
    world.certify("caseworker", "Collega van het andere team", team)
    gone = world.certify("caseworker", "Collega die vertrok", world.team)
    world.root.act("key.retire", bodies.KeyRetire(gone.kid))
    world.certify("dispatcher", "Meldkamer twee")
    world.certify("investigator", "Rechercheur Zeven")
    return ["Overzijde", "andere team", "die vertrok", "Meldkamer", "Rechercheur", "R. Bos"]


def said(value: object) -> Iterator[str]:
    """Yield every text in an answer, and what is inside the ones that are base64."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from (name, *said(member))
    elif isinstance(value, list):
        for member in value:
            yield from said(member)
    elif isinstance(value, str):
        yield value
        try:
            inner = base64.b64decode(value, validate=True).decode()
        except (ValueError, binascii.Error):
            return
        yield inner
        for payload in re.findall(r'"payload":"([^"]+)"', inner):
            yield base64.b64decode(payload).decode()


def filled(route: RouteContext, names: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: names.get(found[1], "0" * 32), route.path or "")


def walk(who: httpx.Client, names: dict[str, str]) -> Iterator[tuple[str, httpx.Response]]:
    for route in ROUTES:
        if "GET" in (route.methods or ()):
            yield route.path or "", who.get(filled(route, names))


def test_every_route_is_behind_the_door() -> None:
    assert ROUTES
    assert [route.path for route in ROUTES if not isinstance(route.original_route, DoorRoute)] == []


def test_no_route_shows_a_phone_a_name_of_staff_but_its_leads(world: World, case: CaseOfHers, staff: list[str]) -> None:
    phone = case.phone()
    sealed = case.sealed(phone)
    where = phone.create(100, "ab" * 32).headers["location"].rsplit("/", 1)[1]
    names = {"case": case.case, "item": sealed.body.item, "upload": where, "index": "1", "number": "1", "size": "1"}
    leads = 0
    seen = 0
    for path, answer in walk(phone.http, names):
        seen += 1
        texts = [answer.text, *(said(answer.json()) if "json" in answer.headers.get("content-type", "") else ())]
        for label in staff:
            assert not [text for text in texts if label in text], (path, label)
        leads += any(LEAD in text for text in texts)
    assert seen > 25
    assert leads == 2  # of /authority and /trust: the walk can see a name where there is one
    shown = [text for path in ("authority", "trust") for text in _texts(world.caseworker.http.get(f"/api/v1/{path}"))]
    assert all(any(label in text for text in shown) for label in staff)  # and where it would have seen them


def _texts(answer: httpx.Response) -> list[str]:
    return list(said(answer.json())) if answer.headers.get("content-type", "") == "application/json" else []


def test_a_stranger_sees_no_name_at_all(world: World, staff: list[str]) -> None:
    nobody = httpx.Client(base_url=world.url, transport=CONNECTIONS)
    for path, answer in walk(nobody, {}):
        for text in (answer.text, *_texts(answer)):
            assert not [label for label in (*staff, LEAD) if label in text], path


def test_a_phone_hears_of_a_foreign_case_what_it_hears_of_none(world: World, case: CaseOfHers) -> None:
    phone, other = case.phone(), world.open_case()
    hers = other.sealed(other.phone())
    there = {"case": other.case, "item": hers.body.item, "index": "0", "number": "1", "size": "1", "kind": "tsr"}
    nowhere = {**there, "case": ids.new_id(), "item": ids.new_id()}
    for (path, one), (_, none) in zip(walk(phone.http, there), walk(phone.http, nowhere), strict=True):
        if "{case}" in path or "{item}" in path:
            assert (one.status_code, one.text) == (none.status_code, none.text), path
            assert problem(one) == "not-found", path


def test_a_phone_computes_receipts_from_what_it_is_shown(world: World, case: CaseOfHers) -> None:
    """Less is enough: the server's key, which its receipts need, is among it, and so are its retirements."""
    trust: dict[str, Any] = case.phone().http.get("/api/v1/trust").json()
    roles = {text["body"].get("role", text["type"]) for text in map(_payload, trust["certificates"])}
    assert roles == {"server", "caseworker"}
    full = world.investigator.http.get("/api/v1/trust").json()
    assert len(full["certificates"]) > len(trust["certificates"])


def _payload(envelope: dict[str, str]) -> dict[str, Any]:
    from evidence import canonical  # noqa: PLC0415 - only here

    found: dict[str, Any] = canonical.decode(base64.b64decode(envelope["payload"]))
    return found


PHRASE = "zes woorden zonder verband"


def locked(who: Person, handle: str, phrase: str = PHRASE) -> bytes:
    return keys.lock(who.identity, handle, phrase, keys.Kdf.fresh(1, keys.MIN_MEMLIMIT)).to_bytes()


def test_only_certified_staff_and_vaults_have_handles(world: World, case: CaseOfHers) -> None:
    handle = f"naam-{ids.new_id()[:6]}"
    for who in (case.phone(), world.root):
        refused = who.http.put(f"/api/v1/locked-keys/{handle}", content=locked(who, handle))
        assert problem(refused) == "not-found"
    for who in (case.vault, world.dispatcher):
        name = f"{handle}-{who.kid[:4]}"
        assert who.http.put(f"/api/v1/locked-keys/{name}", content=locked(who, name)).status_code == 204
