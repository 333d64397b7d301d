"""People behind keys, as answers name them."""

from pydantic import BaseModel

from evidence import ids
from evidence.statements.standing import Standing


class Person(BaseModel):
    """Whoever signed: the name of the key, and what the root calls it (empty for phones and vault keys)."""

    kid: str
    label: str
    role: str


def person(standing: Standing, kid: ids.KeyId) -> Person:
    """Return who is behind a key, also when it is not in force any more."""
    known = standing.certified.get(kid)
    if known is not None:
        return Person(kid=kid, label=known.body.label, role=known.body.role)
    if kid in standing.case_of_vault:
        return Person(kid=kid, label="", role="vault")
    return Person(kid=kid, label="", role="phone" if kid in standing.device_of_key else "root")
