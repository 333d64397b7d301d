"""Problem documents (RFC 9457): every error that this server gives stands in one registry, in plain words.

`raise ProblemError(general.NOT_FOUND)` anywhere below a route; a handler turns it into `application/problem+json`, in
Dutch or English by Accept-Language. A text says what happened, what is safe, and what to do next. Members beside
those of the RFC: `reason`, a stable word for machines, and some problems' own (`server_time`, `upload_offset`).
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException

from server.errors import ServerError
from server.problems.kinds import ProblemType

MEDIA_TYPE: Final = "application/problem+json"

Member = str | int | list[dict[str, Any]] | dict[str, Any]


class ProblemError(ServerError, HTTPException):
    """A refusal that the registry knows, on its way to the client.

    It is an HTTPException as well, because FastAPI lets only those through while it reads a body.
    """

    def __init__(self, kind: ProblemType, headers: Mapping[str, str] | None = None, **members: Member) -> None:
        HTTPException.__init__(self, kind.status, kind.name, dict(headers or {}))
        self.kind = kind
        self.members = members


def prefers_english(accept_language: str) -> bool:
    """Decide the language: English only when it is asked for before Dutch (RFC 9110, 12.5.4)."""
    best = {"nl": 0.0, "en": 0.0}
    for entry in accept_language.lower().split(",")[:20]:
        tag, _, quality = entry.partition(";")
        language = tag.strip().split("-")[0]
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if language in best:
            best[language] = max(best[language], weight)
    return best["en"] > best["nl"]


def document(kind: ProblemType, *, english: bool, members: Mapping[str, Member] | None = None) -> dict[str, Member]:
    """Return the problem document as plain JSON."""
    words = kind.english if english else kind.dutch
    return {
        "type": kind.uri,
        "title": words.title,
        "status": kind.status,
        "detail": words.detail,
        **(members or {}),
    }
