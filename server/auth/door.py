"""The door of every route: who asks is known before a byte of the body is read, and JSON is read strictly.

FastAPI reads a body before it looks at a dependency, so a stranger could make us take in four megabytes with each
request that is refused. Here the headers are judged first: a signature covers them, the body's digest among them.
"""

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from evidence import canonical
from evidence.errors import EvidenceError, FormatError
from server.auth.dependencies import PRINCIPALS, admit
from server.problems import translate


class StrictRequest(Request):
    """A request whose JSON is UTF-8, with each name once: the same reader as for everything that is signed."""

    async def json(self) -> Any:  # noqa: ANN401 - as in Starlette
        """Return the body's JSON; JSONDecodeError, which FastAPI knows, for everything that can be read in two ways."""
        try:
            return canonical.decode(await self.body())
        except FormatError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class DoorRoute(APIRoute):
    """A route that admits before it reads."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the door."""
        handler = super().get_route_handler()
        demand = _principal_of(self.dependant)

        async def behind_the_door(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            await admit(strict, demand)
            return await handler(strict)

        return behind_the_door


class PlainRoute(DoorRoute):
    """A route whose endpoint makes its response itself, for what many wait for at once; `Shortcut` leads to it.

    Its dependencies are asked one by one, and ask for the request alone.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint behind the same door."""
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint
        demand = _principal_of(self.dependant)
        given = {one.name: one.call for one in self.dependant.dependencies if one.name and one.call}

        async def behind_the_door(request: Request) -> Response:
            await admit(request, demand)
            return await endpoint(request=request, **{name: await call(request) for name, call in given.items()})

        return behind_the_door


class Shortcut:
    """Leads a request for a plain route to its endpoint, past the search among all routes (pure ASGI).

    FastAPI documents such a route, and would find it too. Its layers (one route after the other, stacks for what is
    closed behind an answer, a model of the answer that Pydantic checks) cost more than two signatures do.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        plain = [route for route in routes if isinstance(route, PlainRoute)]
        self._found = {
            (method, one.path): (one, one.get_route_handler()) for one in plain for method in one.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on. Raises ProblemError, which the edge answers."""
        found = self._found.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], answer = found
        try:
            response = await answer(Request(scope, receive))
        except EvidenceError as error:
            raise translate.of(error) from error
        await response(scope, receive, send)


def _principal_of(dependant: Dependant) -> Callable[..., Any]:
    """Return the one dependency at the top that gives a principal; a route without one is a mistake of ours."""
    found = [one.call for one in dependant.dependencies if one.call in PRINCIPALS]
    if len(found) != 1 or found[0] is None:
        raise TypeError(f"{dependant.path} demands {len(found)} principals, and must demand one")
    return found[0]
