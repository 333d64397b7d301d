"""The door of every route: who asks is known before a byte of the body is read, and JSON is read strictly.

FastAPI reads a body before it looks at a dependency, so a stranger could make us take in four megabytes with each
request that is refused. Here the headers are judged first: a signature covers them, the body's digest among them.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from evidence import canonical
from evidence.errors import FormatError
from server.auth.dependencies import PRINCIPALS, admit


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


def _principal_of(dependant: Dependant) -> Callable[..., Any]:
    """Return the one dependency at the top that gives a principal; a route without one is a mistake of ours."""
    found = [one.call for one in dependant.dependencies if one.call in PRINCIPALS]
    if len(found) != 1 or found[0] is None:
        raise TypeError(f"{dependant.path} demands {len(found)} principals, and must demand one")
    return found[0]
