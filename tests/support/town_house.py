"""A case of the town that says anything (`tests.support.random_histories`), and what is known of it there."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.statement import Statement


def public(who: keys.SigningKey) -> ids.PublicKey:
    return ids.PublicKey(who.sign_public.hex())


@dataclass
class House:
    """A case: her vault, her phones and devices, and the names that were used there."""

    case: ids.CaseId
    team: int
    lead: keys.Identity
    vault: keys.Identity = field(default_factory=keys.Identity.generate)
    invitations: list[keys.Identity] = field(default_factory=list)
    phones: list[keys.Identity] = field(default_factory=list)
    devices: list[ids.DeviceId] = field(default_factory=list)
    buttons: list[ids.DeviceId] = field(default_factory=list)
    """Those of the devices that are alarm devices."""
    real: dict[str, list[Any]] = field(default_factory=dict)
    """Names that the journal knows."""
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    lists: int = 0
    """How many standing lists the journal knows."""
    rows: tuple[bodies.StandingReader, ...] = ()
    """The readers of the newest one."""
    rescue: keys.Identity | None = None
    """The key that her vault split last."""
    shares: int = 0
    """How many shares of it the journal knows."""
    named: ids.KeyId | None = None
    """The rescue key of the newest list."""
    rescued: list[Statement] = field(default_factory=list)
    """Requests to use it."""
