"""Acts about phones and alarm devices, and about lending those."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import Base64, DeviceId, ItemId, KeyId, PublicKey, Sha256, Time
from evidence.statements.bodies.body import Body


@dataclass(frozen=True)
class DeviceInvite(Body):
    """A caseworker invites one phone: the public half of a one-time key, until when, and which vault it will believe.

    `vault` is SHA-256 of the vault's signing key and the case's X-Wing key, `number` that of the newest standing list.
    """

    invite: PublicKey
    expires: Time
    vault: Sha256
    number: int


@dataclass(frozen=True)
class DeviceEnrol(Body):
    """A phone joins a case; also signed by the invitation's one-time key."""

    device: DeviceId
    sign: PublicKey
    invite: KeyId


@dataclass(frozen=True)
class DeviceRevoke(Body):
    """A caseworker or the vault shuts a phone or alarm device out."""

    device: DeviceId


@dataclass(frozen=True)
class CentreAccount:
    """Under which account one alarm centre or control room knows a device: it gives it out, nobody here makes it up.

    `centre` is the name that bridges have for it; an account has 3 to 16 hexadecimal digits (ANSI/SIA DC-09, 5.5.1.6).
    """

    centre: str
    account: str


@dataclass(frozen=True)
class AlarmDeviceEnrol(Body):
    """A caseworker issues an alarm device: key, supervision class, dispatcher card, basis of the dispatch."""

    device: DeviceId
    sign: PublicKey
    profile: Literal["20s", "3min", "30min"]
    covenant: str
    card: ItemId | None = None
    codes: Base64 | None = None
    """Keys of the cancel and the duress code, sealed to the bridge's box key."""
    accounts: tuple[CentreAccount, ...] | None = None


@dataclass(frozen=True)
class DeviceLend(Body):
    """A caseworker hands an alarm device to the person of the case, or to somebody of her household."""

    device: DeviceId
    to: Literal["client", "household"]
    """Never a name: the server would learn it."""

    basis: str
    """The covenant or agreement under which it is lent."""

    review: Time
    """When somebody looks again whether it is still needed."""


@dataclass(frozen=True)
class DeviceReview(Body):
    """A caseworker looked again: the lending goes on, until the next review."""

    device: DeviceId
    next: Time


@dataclass(frozen=True)
class DeviceReturn(Body):
    """A lent device came back, or never will. It is not shut out by that."""

    device: DeviceId
    condition: Literal["whole", "damaged", "lost"]
