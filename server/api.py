"""Parts that the routes of all domains share: the documentation of their problems, and the way to the journal."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.event import Recorded
from evidence.statements.statement import Statement
from evidence.store.journal.journal import SqlJournal
from evidence.store.ports import Offered, Requirement
from server.parts import Given
from server.problems import MEDIA_TYPE, general
from server.problems.kinds import ProblemType

V1: Final = "/api/v1"

EVERYWHERE: Final = (general.HOST, general.RATE, general.TIMEOUT, general.TOO_LARGE, general.INTERNAL)
"""Problems that the edge may give on any route."""

PROVEN: Final = (
    general.UNAUTHENTICATED,
    general.SIGNATURE,
    general.DIGEST,
    general.CLOCK,
    general.SESSION,
    general.ORIGIN,
    general.NOT_FOUND,
)
"""Problems of every route that wants to know who is asking."""

WRITING: Final = (general.BUSY, general.UNREADY, general.STORAGE_FULL)
"""Problems of every route that appends to the journal."""


def problems(*kinds: ProblemType) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route for OpenAPI: each problem under its status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, *EVERYWHERE):
        entry = by_status.setdefault(
            kind.status,
            {
                "description": "",
                "content": {
                    MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}},
                },
            },
        )
        entry["content"][MEDIA_TYPE]["examples"][kind.name] = {"$ref": f"#/components/examples/{kind.name}"}
        names = entry["content"][MEDIA_TYPE]["examples"]
        entry["description"] = ", ".join(f"`{name}`" for name in names)
    return by_status


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """The address at which people reach this server."""

    url: str

    def of(self, request: Request, path: str) -> str:
        """Return `path` as an absolute address, under the name by which the client reached us.

        RFC 9110, 10.2.2 allows a path alone, but clients of other people stumble over it (aiotus 1.1). The name is one
        of ours: the edge refuses every other.
        """
        name = request.headers["host"]
        public = urlsplit(self.url)
        scheme = public.scheme if name.lower() == public.netloc.lower() else request.url.scheme
        return f"{scheme}://{name}{path}"


AddressGiven = Annotated[PublicAddress, Depends(Given(PublicAddress))]


async def append(journal: SqlJournal, statement: Statement, requires: Requirement | None = None) -> Recorded:
    """Append a statement and return its event once it is durable. Raises the store's and the domain's errors."""
    (outcome,) = await asyncio.shield(journal.append_soon([Offered(statement, requires)]))
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def append_own(
    journal: SqlJournal,
    identity: keys.SigningKey,
    kind: str,
    body: bodies.Body,
    case: ids.CaseId,
    requires: Requirement | None = None,
) -> Recorded:
    """Append a statement of the server itself."""
    signed = statements.sign(identity, kind, body, case=case)
    return await append(journal, signed, requires)


def json_body(schema: Mapping[str, Any], example: Any, media_type: str = "application/json") -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return the `openapi_extra` of a route that reads its body itself."""
    return {
        "requestBody": {
            "required": True,
            "content": {media_type: {"schema": dict(schema), "example": example}},
        }
    }


def octets(media_type: str, description: str) -> dict[str, Any]:
    """Return the `openapi_extra` of a route whose body is bytes of a form of ours."""
    schema = {"type": "string", "format": "binary", "description": description}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}
