"""Acts about the organisation: its log, its keys, its teams, and dispatchers' shifts."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import AlarmId, Base64, KeyId, PublicKey, Sha256, ShiftId, SubjectId, TeamId
from evidence.statements.bodies.body import Body

Role = Literal["server", "bridge", "caseworker", "dispatcher", "desk", "investigator"]
"""What the root certifies a key for."""


@dataclass(frozen=True)
class RootKey:
    """The organisation's root: the key that everyone pins at intake."""

    sign: PublicKey
    label: str


@dataclass(frozen=True)
class LogOpen(Body):
    """The first event of a journal: which log it is and which root it obeys. Signed by the root."""

    origin: str
    root: RootKey
    log_vkey: str


@dataclass(frozen=True)
class LogHead:
    """A head of a custody log: its name, its entries and their root."""

    origin: str
    size: int
    root: Sha256


@dataclass(frozen=True)
class LogRotate(Body):
    """The root ends the log and names the key of the one that takes over, whose first event is this statement."""

    closed: LogHead
    log_vkey: str


@dataclass(frozen=True)
class KeyPublish(Body):
    """The root certifies the keys of a professional, a desk or a service."""

    subject: SubjectId
    role: Role
    label: str
    sign: PublicKey
    team: TeamId | None = None
    xwing: Base64 | None = None
    """The X-Wing public key (1216 bytes) of whoever opens: people and desks."""

    box: PublicKey | None = None
    """The X25519 key of a bridge, for the codes of alarm devices."""


@dataclass(frozen=True)
class KeyRetire(Body):
    """The root retires a key: nothing new is wrapped to it or signed by it."""

    kid: KeyId


@dataclass(frozen=True)
class KeyShare(Body):
    """The root gives a reader the private half of a shared X-Wing key (a desk's): its seed, wrapped to the reader."""

    xwing: Base64
    reader: KeyId
    wrap: Base64
    suite: Literal[2]


@dataclass(frozen=True)
class TeamOpen(Body):
    """The root founds a team of caseworkers."""

    team: TeamId
    label: str


@dataclass(frozen=True)
class ShiftMark(Body):
    """A dispatcher begins or ends to watch a console."""

    shift: ShiftId


@dataclass(frozen=True)
class ShiftTakeOver(Body):
    """A dispatcher takes over the open alarms of a colleague's shift (`shift`), in a shift of their own."""

    shift: ShiftId
    own: ShiftId
    alarms: tuple[AlarmId, ...]
