"""Handlers from problems to responses, for every way in which a request can go wrong below the edge."""

from typing import Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from evidence.errors import EvidenceError
from server.problems import MEDIA_TYPE, Member, ProblemError, document, general, prefers_english, translate
from server.problems.kinds import ProblemType

MAX_NAMED_FAULTS: Final = 20
"""Faults named in one validation problem; a longer list helps nobody."""

_BY_STATUS: dict[int, ProblemType] = {
    404: general.NOT_FOUND,
    405: general.METHOD,
    413: general.TOO_LARGE,
}


def response(error: ProblemError, accept_language: str) -> Response:
    """Return the problem as `application/problem+json`."""
    body = document(error.kind, english=prefers_english(accept_language), members=error.members)
    headers = {"cache-control": "no-store", "vary": "accept-language", **(error.headers or {})}
    return JSONResponse(body, error.kind.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every refusal below `app` a problem document. What nobody foresaw is answered by `server.edge`."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(EvidenceError, _evidence)


async def _problem(request: Request, error: Exception) -> Response:
    problem = cast("ProblemError", error)
    request.state.problem = problem.kind.name
    return response(problem, request.headers.get("accept-language", ""))


async def _http(request: Request, error: Exception) -> Response:
    known = cast("HTTPException", error)
    kind = _BY_STATUS.get(known.status_code, general.MALFORMED)
    return await _problem(request, ProblemError(kind, known.headers))


async def _evidence(request: Request, error: Exception) -> Response:
    return await _problem(request, translate.of(cast("EvidenceError", error)))


async def _validation(request: Request, error: Exception) -> Response:
    """Name the places and rules that were broken; never repeat what was sent."""
    faults = cast("RequestValidationError", error).errors()[:MAX_NAMED_FAULTS]
    named: Member = [{"where": ".".join(map(str, fault["loc"])), "what": str(fault["msg"])} for fault in faults]
    return await _problem(request, ProblemError(general.VALIDATION, errors=named))
