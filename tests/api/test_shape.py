"""Proves what holds for all of the API: each route demands a principal, each error is documented and in plain words."""

import re
from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from evidence import keys
from server.app import create_app
from server.auth.dependencies import PRINCIPALS
from server.auth.rates import Limiter, Pace
from server.edge import allowed_hosts
from server.founding import found
from server.parts import Given, Parts
from server.problems import ProblemError, document, prefers_english
from server.problems.kinds import ProblemType
from server.problems.registry import ALL, BY_NAME
from server.settings import Settings
from tests.support import documented
from tests.support.server_world import World, problem, settings_in

APP = documented.application()
ROUTES = list(iter_route_contexts(APP.routes))
DOCUMENT = documented.document()
OPERATIONS = [
    (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]


def principals(route: RouteContext) -> list[object]:
    """Return the principals that a route names itself (not those that another principal is made from)."""
    dependant: Dependant | None = getattr(route, "dependant", None)
    return [] if dependant is None else [one.call for one in dependant.dependencies if one.call in PRINCIPALS]


def named(route: RouteContext) -> str:
    return f"{min(route.methods or {'?'})} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_route_demands_exactly_one_principal(route: RouteContext) -> None:
    assert len(principals(route)) == 1


def test_finding_out_who_asks_wakes_no_thread() -> None:
    """Waking one costs more than the rest of a small request."""
    found = {one for route in ROUTES for one in calls_of(getattr(route, "dependant", None))}
    assert len(found) > len(PRINCIPALS)
    assert [one for one in found if not iscoroutinefunction(one) and not isinstance(one, Given)] == []


def test_every_documented_operation_is_among_them() -> None:
    walked = {
        (method.lower(), (route.path or "").replace(":path", "")) for route in ROUTES for method in route.methods or ()
    }
    assert {(method, path) for method, path, _ in OPERATIONS} <= walked


def can_be_refused(parameter: dict[str, Any]) -> bool:
    """Whether FastAPI itself refuses some values: all but free text."""
    choices = parameter["schema"].get("anyOf", [parameter["schema"]])
    free = [one for one in choices if one in ({"type": "string"}, {"type": "null"})]
    return parameter["in"] in {"path", "query"} and len(free) < len(choices)


def test_what_a_route_refuses_in_its_address_is_documented() -> None:
    refusing = 0
    for method, path, operation in OPERATIONS:
        shaped = [
            {**one, "schema": {k: v for k, v in one["schema"].items() if k not in {"title", "examples", "description"}}}
            for one in operation.get("parameters", [])
        ]
        if any(can_be_refused(one) for one in shaped):
            refusing += 1
            assert "422" in operation["responses"], (method, path)
    assert refusing > 5


def test_a_route_without_principal_would_be_found() -> None:
    app = create_app(Settings())

    @app.get("/open")
    def left_open() -> None: ...

    (route,) = [one for one in iter_route_contexts(app.routes) if one.path == "/open"]
    assert principals(route) == []


def calls_of(dependant: Dependant | None) -> Iterator[Callable[..., Any]]:
    """Yield all that is called before a route."""
    for one in dependant.dependencies if dependant is not None else ():
        if one.call is not None:
            yield one.call
        yield from calls_of(one)


def kinds_of(dependant: Dependant | None) -> Iterator[type]:
    """Yield the parts that a route is given, also through what it depends on."""
    for one in dependant.dependencies if dependant is not None else ():
        if isinstance(one.call, Given):
            yield one.call.kind
        yield from kinds_of(one)


async def test_every_part_that_a_route_asks_for_is_there_and_every_part_is_asked_for(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    found(settings, keys.SigningKey.generate(), "Getuige")
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        assert {kind for route in ROUTES for kind in kinds_of(getattr(route, "dependant", None))} == (
            app.state.parts.kinds
        )


def test_two_parts_of_one_type_are_a_mistake() -> None:
    with pytest.raises(TypeError, match="two parts of one type"):
        Parts("a", "b")


def test_operation_ids_are_unique_and_in_snake_case() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names) > 25
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda value: str(value)[:40])
def test_every_operation_documents_its_errors(method: str, path: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    assert {"413", "429", "500"} <= answers.keys(), (method, path)
    for status, answer in answers.items():
        if int(status) >= 400 and "application/problem+json" in answer.get("content", {}):
            for name in answer["content"]["application/problem+json"]["examples"]:
                assert BY_NAME[name].status == int(status)
    if "security" in operation:
        assert {"401", "404"} <= answers.keys()
    assert operation["description"]


def test_an_error_that_is_given_is_one_that_is_documented(world: World) -> None:
    answer = httpx.get(f"{world.url}/api/v1/cases")
    examples = DOCUMENT["paths"]["/api/v1/cases"]["get"]["responses"]["401"]["content"]["application/problem+json"]
    assert problem(answer) in examples["examples"]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_problems_are_calm_and_in_two_languages(kind: ProblemType) -> None:
    for words in (kind.dutch, kind.english):
        assert "!" not in words.title + words.detail
        assert words.detail.endswith(".")
    assert kind.dutch.detail != kind.english.detail
    assert document(kind, english=True)["type"] in {f"urn:getuige:problem:{kind.name}", kind.registered}


@pytest.mark.parametrize(
    ("header", "english"),
    [
        ("", False),
        ("en", True),
        ("nl-NL,nl;q=0.9,en;q=0.8", False),
        ("en-GB,en;q=0.9,nl;q=0.5", True),
        ("fr", False),
        ("en;q=x", False),
        ("*", False),
    ],
)
def test_language_is_chosen_by_the_reader(header: str, english: bool) -> None:  # noqa: FBT001 - a table of cases
    assert prefers_english(header) is english


def test_an_unknown_address_and_a_wrong_method_are_problems(world: World) -> None:
    assert problem(httpx.get(f"{world.url}/api/v1/nothing")) == "not-found"
    wrong = httpx.put(f"{world.url}/api/v1/time")
    assert (wrong.status_code, problem(wrong)) == (405, "method")


def test_validation_names_places_and_repeats_no_value(world: World) -> None:
    secret = "bado kemi lute"
    answer = httpx.post(f"{world.url}/api/v1/sign-in/challenge", json={"handle": "a", "phrase": secret})
    assert (answer.status_code, problem(answer)) == (422, "validation")
    assert answer.json()["errors"][0]["where"] == "body.phrase"
    assert secret not in answer.text


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b'"x"'])
def test_malformed_json_is_a_problem(world: World, body: bytes) -> None:
    where = f"{world.url}/api/v1/sign-in/challenge"
    answer = httpx.post(where, content=body, headers={"content-type": "application/json"})
    assert problem(answer) in {"validation", "malformed"}


def test_another_host_name_is_refused(world: World) -> None:
    answer = httpx.get(f"{world.url}/api/v1/time", headers={"host": "elders.example"})
    assert (answer.status_code, problem(answer)) == (421, "host")
    assert "elders.example" not in allowed_hosts(world.settings)


def test_answers_carry_headers_that_keep_a_browser_in_check(world: World) -> None:
    for path in ("/api/v1/time", "/api/v1/cases", "/docs"):
        headers = httpx.get(world.url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_too_many_requests_are_asked_to_wait_and_lose_nothing() -> None:

    now = 0.0
    limiter = Limiter(Pace(per_second=2, burst=3), lambda: now)
    for _ in range(3):
        limiter.take("a")
    with pytest.raises(ProblemError) as refused:
        limiter.take("a")
    assert refused.value.headers == {"retry-after": "1"}
    limiter.take("b")
    now = 0.6
    limiter.take("a")


def test_the_server_says_whether_it_is_well(world: World) -> None:
    assert httpx.get(f"{world.url}/health/live").json() == {"alive": True}
    assert httpx.get(f"{world.url}/health/ready").json() == {"ready": True, "trouble": {}}
