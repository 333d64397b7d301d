"""The JSON of a case's keys, for OpenAPI and for the one place that fills it."""

from pydantic import BaseModel, ConfigDict

from server.timeline.shapes import OrganisationEvent


class CaseKeys(BaseModel):
    """The case's X-Wing public key, its vault's signing key, and its `case.open` (not to a phone).

    `lists` are the standing lists in force and to come (DSSE, base64), `readers` the X-Wing keys of whom they name, by
    key name. A phone is told no certificate: whose keys these are is nothing for whoever holds it.
    """

    model_config = ConfigDict(
        json_schema_extra={"example": {"xwing": "AAAA", "vault": "bb" * 32, "events": [], "lists": [], "readers": {}}}
    )
    xwing: str
    vault: str
    events: list[OrganisationEvent]
    lists: list[str]
    readers: dict[str, str]
