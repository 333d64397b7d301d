"""The JSON of the public log, for OpenAPI and for the one place that fills it."""

from pydantic import BaseModel, ConfigDict


class Timestamps(BaseModel):
    """Sizes of the checkpoints with an RFC 3161 token: `/log/timestamps/<size>.tsr`, and `.checkpoint` beside it.

    Those of a later log are below `/logs/<its number>/`. Where several authorities stamp, `?authority=<name>`
    chooses one.
    """

    model_config = ConfigDict(json_schema_extra={"example": {"log": 1, "sizes": [120, 245], "authorities": ["kpn"]}})

    log: int
    sizes: list[int]
    authorities: list[str]
