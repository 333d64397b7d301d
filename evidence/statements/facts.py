"""Facts that the journal knows: a key, a case, a device, an item, a grant, a hold, an erasure."""

import hashlib
from dataclasses import dataclass
from typing import Final

from evidence import canonical, ids, keys
from evidence.statements import bodies

NO_LIST: Final = 0
"""Where the number of a standing list would be, before there is one: lists are numbered from 1."""


@dataclass(frozen=True)
class Certified:
    """A key that the root certified."""

    body: bodies.KeyPublish
    retired: bool = False


@dataclass(frozen=True)
class Case:
    """A case: who leads it and which keys speak for her."""

    body: bodies.CaseOpen
    opened_at: ids.Time

    @property
    def pin(self) -> ids.Sha256:
        """What an invitation pins of her vault and of the case's key."""
        return vault_pin(bytes.fromhex(self.body.vault), canonical.unb64(self.body.xwing))

    @property
    def vault_kid(self) -> ids.KeyId:
        """The name of her consenting key."""
        return keys.signing_kid(bytes.fromhex(self.body.vault))


def vault_pin(vault: bytes, xwing: bytes) -> ids.Sha256:
    """Return SHA-256 of a vault's signing key (Ed25519, 32 bytes) and its case's X-Wing key (1216 bytes).

    Both are of one length, so nothing is needed between them. A phone that holds it believes the lists of that vault.
    """
    return ids.Sha256(hashlib.sha256(vault + xwing).hexdigest())


@dataclass(frozen=True)
class Device:
    """A phone (`alarm` is None) or an alarm device of one case."""

    device: ids.DeviceId
    case: ids.CaseId
    sign: bytes
    alarm: bodies.AlarmDeviceEnrol | None = None
    revoked: bool = False

    @property
    def accounts(self) -> tuple[tuple[str, str], ...]:
        """Alarm centres and its account at each."""
        given = None if self.alarm is None else self.alarm.accounts
        return tuple((one.centre, one.account) for one in given or ())


@dataclass(frozen=True)
class Lending:
    """An alarm device that somebody has, or had last."""

    case: ids.CaseId
    body: bodies.DeviceLend
    by: ids.KeyId
    lent_at: ids.Time
    review: ids.Time
    reviewed_at: ids.Time | None = None
    returned_at: ids.Time | None = None
    condition: str | None = None


@dataclass(frozen=True)
class Shift:
    """A dispatcher who watched, or watches; the moments are that dispatcher's console's."""

    by: ids.KeyId
    began_at: ids.Time
    ended_at: ids.Time | None = None
    taken_over: "TakenOver | None" = None


@dataclass(frozen=True)
class TakenOver:
    """Who took over the open alarms of a shift, when (on that console's clock), and which."""

    by: ids.KeyId
    at: ids.Time
    alarms: tuple[ids.AlarmId, ...]


@dataclass(frozen=True)
class Sealed:
    """An item that was sealed, and by whom; `body` is None once its event was destroyed."""

    case: ids.CaseId
    by: ids.KeyId
    body: bodies.ItemSeal | None
    listed: int = NO_LIST
    """The number of the newest standing list before it in the journal."""


@dataclass(frozen=True)
class Begun:
    """An item that was announced (`item.open`) and not sealed: what arrived of it is evidence, and incomplete."""

    case: ids.CaseId
    by: ids.KeyId
    body: bodies.ItemOpen
    listed: int = NO_LIST


@dataclass(frozen=True)
class Granted:
    """A grant that was not revoked; `expires` in the body still ends it."""

    case: ids.CaseId
    body: bodies.Grant


@dataclass(frozen=True)
class Rescued:
    """A rescue key that was used: two colleagues agreed, and `by` reads with it until `until`. It is spent."""

    by: ids.KeyId
    agreed_by: ids.KeyId
    reason: str
    until: ids.Time


@dataclass(frozen=True)
class Hold:
    """Items that cannot be erased, and the role that said so."""

    case: ids.CaseId
    role: str
    items: frozenset[ids.ItemId]


@dataclass(frozen=True)
class Erasure:
    """A request to destroy items, and how far it has come."""

    case: ids.CaseId
    items: frozenset[ids.ItemId]
    requested_at: ids.Time
    approved: bool = False
    ended: bool = False
    """Cancelled or executed: nobody can change it any more."""
    executed_at: ids.Time | None = None
    finished: bool = False
    """What it names is destroyed, as far as `locked_until` allows."""
    locked_until: ids.Time | None = None
    """A store with a lock keeps ciphertext until then."""

    @property
    def executed(self) -> bool:
        """Whether it was decided: nobody is given these items any more."""
        return self.executed_at is not None
