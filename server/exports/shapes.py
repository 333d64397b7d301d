"""The JSON of exports, for OpenAPI and for the one place that fills it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from server.timeline.shapes import CASE


class Ground(BaseModel):
    """On which ground the bundle is taken; it stands in the signed statement."""

    model_config = ConfigDict(extra="forbid")
    ground: Annotated[str, Field(min_length=1, max_length=2000, examples=["art. 126nd Sv, zaak 2026-123"])]
    grants: Annotated[list[str] | None, Field(max_length=1000, description="Only what these grants give.")] = None


class PreparedOut(BaseModel):
    """What the investigator signs for: the payload manifest (SHA-256), the items, the log's head, the last numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "export": "7e" * 16,
                "manifest": "ab" * 32,
                "items": [CASE],
                "head": {"log": "getuige.example/log", "size": 812, "root": "cd" * 32},
                "last": [{"by": "1f" * 16, "seq": 41, "statement": "ef" * 32}],
            }
        }
    )
    export: str
    manifest: str
    items: list[str]
    head: dict[str, str | int]
    last: list[dict[str, str | int]]


class StatusOut(BaseModel):
    """`waiting` for the signature, `building`, `ready`, or `failed` (asking again tries again)."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"state": "building", "progress": {"done": 1048576, "of": 20971520}}}
    )
    state: str
    progress: dict[str, int]
