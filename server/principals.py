"""Principals, who is asking, as typed values: what a route may do stands in its signature.

A principal is computed from the journal and from nothing else. A route that asks for a `Phone` cannot be reached by
anyone else; whoever else comes hears the same 404 as for an address that does not exist.
"""

from dataclasses import dataclass

from evidence import ids
from evidence.statements.standing import Standing


@dataclass(frozen=True, slots=True)
class Anyone:
    """No proof was asked for; `address` is the peer's, for the limits on its pace."""

    address: str


@dataclass(frozen=True, slots=True)
class Invitee:
    """Holds the one-time key of an invitation that is open. The body of its request carries the proof."""

    address: str


@dataclass(frozen=True, slots=True)
class Root:
    """The organisation's root."""

    kid: ids.KeyId


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone of one case: it only adds."""

    kid: ids.KeyId
    device: ids.DeviceId
    case: ids.CaseId


@dataclass(frozen=True, slots=True)
class Vault:
    """Her consenting key."""

    kid: ids.KeyId
    case: ids.CaseId


@dataclass(frozen=True, slots=True)
class Caseworker:
    """A caseworker and the team whose cases she sees."""

    kid: ids.KeyId
    team: ids.TeamId


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Someone in the control room."""

    kid: ids.KeyId


@dataclass(frozen=True, slots=True)
class Investigator:
    """Someone of the police who sees what was granted."""

    kid: ids.KeyId


Uploader = Phone | Vault | Caseworker
"""Who brings items: hers, corrections by her vault, and papers of staff."""

Staff = Caseworker | Dispatcher | Investigator
Signer = Root | Phone | Vault | Staff
"""Everyone who signs statements or requests. Services (server, bridge, desks) do not come in through HTTP."""

KeyOwner = Staff | Vault
"""Whose key is kept here under a pass phrase."""

Reader = Vault | Caseworker | Investigator
"""Who may read a case, each as far as the rules of `server.items.access` go."""


def identify(standing: Standing, kid: ids.KeyId) -> Signer | None:
    """Return who signs with this key now; None for keys that are unknown, revoked, retired or of a service."""
    known = standing.certified.get(kid)
    found: Signer | None = None
    match standing.role_of(kid):
        case "root":
            found = Root(kid)
        case "phone":
            device = standing.devices[standing.device_of_key[kid]]
            found = Phone(kid, device.device, device.case)
        case "vault":
            found = Vault(kid, standing.case_of_vault[kid])
        case "caseworker" if known is not None and known.body.team is not None:
            found = Caseworker(kid, known.body.team)
        case "dispatcher":
            found = Dispatcher(kid)
        case "investigator":
            found = Investigator(kid)
        case _:
            pass
    return found
