"""The JSON of the system, for OpenAPI and for the one place that fills it."""

from pydantic import BaseModel, ConfigDict

from server.statements.shapes import Dsse


class ServerTime(BaseModel):
    """The server's clock."""

    model_config = ConfigDict(json_schema_extra={"example": {"server_time": "2026-11-21T22:00:00.000Z"}})
    server_time: str


class TrustAnswer(BaseModel):
    """What this server says about its anchors. A client believes its own pinned ones, and compares.

    `origin` and `log_vkey` are those of the log that the journal opened with; `rotations` lead to the one that grows.
    """

    origin: str
    log_vkey: str
    root: str
    root_label: str
    policy: str
    certificates: list[Dsse]
    rotations: list[Dsse]


class Ready(BaseModel):
    """That the server is well; otherwise a problem document has the same members, `trouble` by part."""

    model_config = ConfigDict(json_schema_extra={"example": {"ready": True, "trouble": {}}})
    ready: bool
    trouble: dict[str, str]
