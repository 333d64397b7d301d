"""Every act in Getuige as a typed value: the body of each statement type, and who may sign it.

The table `docs/formats/statement.md` lists the same types for people. A body is a frozen dataclass; its annotations
are the format (`evidence.schema`).
"""

from dataclasses import dataclass
from typing import Final, Literal

from evidence.ids import (
    AlarmId,
    Base64,
    Commitment,
    DeviceId,
    DisclosureId,
    ErasureId,
    ExportId,
    GrantId,
    HoldId,
    ItemId,
    KeyId,
    PublicKey,
    Sha256,
    ShiftId,
    SubjectId,
    TeamId,
    Time,
)

Role = Literal["server", "bridge", "caseworker", "dispatcher", "desk", "investigator"]
AlarmKind = Literal["press", "duress", "test", "tamper"]
CloseReason = Literal["genuine", "accidental", "test", "technical"]
RetentionClass = Literal["consent", "claim", "inquiry"]
"""Why a case is kept, weakest first (`evidence.statements.retention`)."""


@dataclass(frozen=True)
class RootKey:
    """The organisation's root: the key that everyone pins at intake."""

    sign: PublicKey
    label: str


@dataclass(frozen=True)
class LogOpen:
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
class LogRotate:
    """The root ends the log and names the key of the one that takes over, whose first event is this statement."""

    closed: LogHead
    log_vkey: str


@dataclass(frozen=True)
class KeyPublish:
    """The root certifies the keys of a professional, a desk or a service."""

    subject: SubjectId
    role: Role
    label: str
    sign: PublicKey
    box: PublicKey
    team: TeamId | None = None
    xwing: Base64 | None = None
    """Its X-Wing public key (1216 bytes), for wraps in suite 2."""


@dataclass(frozen=True)
class KeyRetire:
    """The root retires a key: nothing new is wrapped to it or signed by it."""

    kid: KeyId


@dataclass(frozen=True)
class SharedXwing:
    """A shared X-Wing key: its public half (1216 bytes), and its seed wrapped to the reader in suite 2."""

    public: Base64
    sealed: Base64


@dataclass(frozen=True)
class KeyShare:
    """The root gives a reader a shared private box key (a desk's), sealed to the reader."""

    box: PublicKey
    to: KeyId
    sealed: Base64
    xwing: SharedXwing | None = None


@dataclass(frozen=True)
class TeamOpen:
    """The root founds a team of caseworkers."""

    team: TeamId
    label: str


@dataclass(frozen=True)
class CaseOpen:
    """A caseworker opens a case: its box key, its vault key, its team and its one named lead."""

    box: PublicKey
    vault: PublicKey
    team: TeamId
    lead: KeyId
    xwing: Base64 | None = None
    """The case's X-Wing public key (1216 bytes), for wraps in suite 2."""


@dataclass(frozen=True)
class DeviceInvite:
    """A caseworker invites one phone: the public half of a one-time key, and until when."""

    invite: PublicKey
    expires: Time
    xwing: Sha256 | None = None
    """SHA-256 of the case's X-Wing public key, when the invitation pins it: this phone wraps in suite 2."""


@dataclass(frozen=True)
class DeviceEnrol:
    """A phone joins a case; also signed by the invitation's one-time key."""

    device: DeviceId
    sign: PublicKey
    invite: KeyId


@dataclass(frozen=True)
class DeviceRevoke:
    """A caseworker or the vault shuts a phone or alarm device out."""

    device: DeviceId


@dataclass(frozen=True)
class AlarmDeviceEnrol:
    """A caseworker issues an alarm device: key, supervision class, dispatcher card, basis of the dispatch."""

    device: DeviceId
    sign: PublicKey
    profile: Literal["20s", "3min", "30min"]
    covenant: str
    card: ItemId | None = None
    codes: Base64 | None = None
    """Keys of the cancel and the duress code, sealed to the bridge's box key."""


@dataclass(frozen=True)
class DeviceLend:
    """A caseworker hands an alarm device to the person of the case, or to somebody of her household."""

    device: DeviceId
    to: Literal["client", "household"]
    """Never a name: the server would learn it."""

    basis: str
    """The covenant or agreement under which it is lent."""

    review: Time
    """When somebody looks again whether it is still needed."""


@dataclass(frozen=True)
class DeviceReview:
    """A caseworker looked again: the lending goes on, until the next review."""

    device: DeviceId
    next: Time


@dataclass(frozen=True)
class DeviceReturn:
    """A lent device came back, or never will. It is not shut out by that."""

    device: DeviceId
    condition: Literal["whole", "damaged", "lost"]


@dataclass(frozen=True)
class ShiftMark:
    """A dispatcher begins or ends to watch a console."""

    shift: ShiftId


@dataclass(frozen=True)
class Blob:
    """SHA-256 and size in bytes of ciphertext."""

    sha256: Sha256
    size: int


@dataclass(frozen=True)
class Part:
    """One ciphertext part of an item, and the commitment to its plaintext."""

    sha256: Sha256
    size: int
    commitment: Commitment


@dataclass(frozen=True)
class ItemSeal:
    """Something was sealed at once: an incident, a photo, an alarm. The server learns sizes only."""

    item: ItemId
    container: Blob
    head: Blob
    meta: Part
    content: Part | None = None


@dataclass(frozen=True)
class ItemOpen:
    """An item begins to arrive: its signed head is logged before the content, so that a cut recording is evidence."""

    item: ItemId
    head: Blob


@dataclass(frozen=True)
class ItemAmend:
    """A sealed item corrects or adds to an earlier one; nothing is overwritten."""

    item: ItemId
    amends: ItemId


@dataclass(frozen=True)
class GrantedItem:
    """One content key, wrapped to the reader of the grant."""

    item: ItemId
    wrap: Base64
    suite: Literal[2] | None = None
    """Absent: suite 1."""


@dataclass(frozen=True)
class Grant:
    """Her consent: these items, to this reader, for this purpose, until then."""

    grant: GrantId
    reader: KeyId
    reader_box: PublicKey
    purpose: str
    expires: Time
    items: tuple[GrantedItem, ...]


@dataclass(frozen=True)
class Revoke:
    """She takes a grant back; copies that were fetched before remain where they are."""

    grant: GrantId


@dataclass(frozen=True)
class Disclose:
    """A caseworker proposes to her that a reader gets these items; it gives nobody anything."""

    disclosure: DisclosureId
    reader: KeyId
    purpose: str
    items: tuple[ItemId, ...]


@dataclass(frozen=True)
class Dispute:
    """She says that what this device added in this window was not hers; it marks, and erases nothing."""

    device: DeviceId
    since: Time
    until: Time


@dataclass(frozen=True)
class HoldPlace:
    """These items are needed: they cannot be erased until the hold is lifted."""

    hold: HoldId
    ground: str
    items: tuple[ItemId, ...]


@dataclass(frozen=True)
class HoldLift:
    """The hold is lifted, by someone of the role that placed it."""

    hold: HoldId


@dataclass(frozen=True)
class EraseRequest:
    """She asks that these items are destroyed. Nothing happens for `authority.ERASE_DELAY`."""

    erasure: ErasureId
    items: tuple[ItemId, ...]


@dataclass(frozen=True)
class EraseStep:
    """An erasure is approved by a caseworker, cancelled by her or a caseworker, or executed by the server."""

    erasure: ErasureId


@dataclass(frozen=True)
class Remain:
    """What an erasure could not destroy: where it is, in whose hands, how many, and until when a lock keeps it."""

    where: Literal["read", "export", "object-lock", "database-files"]
    count: int
    who: KeyId | None = None
    until: Time | None = None


@dataclass(frozen=True)
class EraseFinish:
    """The server destroyed what an executed erasure named: bytes and salts of these events, these containers."""

    erasure: ErasureId
    events: tuple[int, ...]
    containers: tuple[Sha256, ...]
    remains: tuple[Remain, ...]


@dataclass(frozen=True)
class EraseRepeat:
    """An erasure that was carried out is carried out again, in a journal that came back from before it.

    `request`, `approve` and `execute` are those statements, whole (DSSE, base64): their signatures decide once more.
    """

    erasure: ErasureId
    items: tuple[ItemId, ...]
    request: Base64
    approve: Base64
    execute: Base64


@dataclass(frozen=True)
class CaseRetain:
    """The case is kept at least until then, for this class of reasons and on this ground."""

    retention: RetentionClass
    ground: str
    until: Time


@dataclass(frozen=True)
class BreakGlass:
    """A dispatcher opens a card while no alarm is open, and says why."""

    item: ItemId
    reason: str


@dataclass(frozen=True)
class Read:
    """The server is about to hand these items' bytes to a reader."""

    reader: KeyId
    items: tuple[ItemId, ...]
    part: Literal["meta", "content"]


@dataclass(frozen=True)
class Export:
    """An investigator takes a bundle: on which ground, and the SHA-256 of the bag's payload manifest."""

    export: ExportId
    ground: str
    manifest: Sha256
    items: tuple[ItemId, ...]


@dataclass(frozen=True)
class Press:
    """What names one push of a button: the device's boot number and its counter since that boot."""

    boot: int
    counter: int


@dataclass(frozen=True)
class AlarmRaise:
    """The bridge received a press; the message as received is inside the sealed `item`."""

    alarm: AlarmId
    device: DeviceId
    press: Press
    kind: AlarmKind
    item: ItemId
    cose_sha256: Sha256
    received_at: Time
    broker: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class AlarmRepeat:
    """A further press of the same device while its alarm is open."""

    alarm: AlarmId
    press: Press
    cose_sha256: Sha256
    received_at: Time
    flags: tuple[str, ...] | None = None
    """What is odd about it, and for a cancel what its code was."""


@dataclass(frozen=True)
class AlarmDeliver:
    """What became of the alarm on one route. *Delivered* means: their software has it, not: a human has it."""

    alarm: AlarmId
    route: str
    outcome: Literal["delivered", "failed"]
    detail: str
    at: Time


@dataclass(frozen=True)
class AlarmAct:
    """A named dispatcher claims, accepts, dispatches or reports on scene."""

    alarm: AlarmId


@dataclass(frozen=True)
class AlarmClose:
    """A named dispatcher closes the alarm, with the reason."""

    alarm: AlarmId
    reason: CloseReason
    note: Base64 | None = None


Body = (
    LogOpen
    | LogRotate
    | KeyPublish
    | KeyRetire
    | KeyShare
    | TeamOpen
    | CaseOpen
    | DeviceInvite
    | DeviceEnrol
    | DeviceRevoke
    | AlarmDeviceEnrol
    | DeviceLend
    | DeviceReview
    | DeviceReturn
    | ShiftMark
    | ItemOpen
    | ItemSeal
    | ItemAmend
    | Disclose
    | Grant
    | Revoke
    | Dispute
    | HoldPlace
    | HoldLift
    | EraseRequest
    | EraseStep
    | EraseFinish
    | EraseRepeat
    | CaseRetain
    | BreakGlass
    | Read
    | Export
    | AlarmRaise
    | AlarmRepeat
    | AlarmDeliver
    | AlarmAct
    | AlarmClose
)

BODIES: Final[dict[str, type[Body]]] = {
    "log.open": LogOpen,
    "log.rotate": LogRotate,
    "key.publish": KeyPublish,
    "key.retire": KeyRetire,
    "key.share": KeyShare,
    "team.open": TeamOpen,
    "case.open": CaseOpen,
    "case.retain": CaseRetain,
    "device.invite": DeviceInvite,
    "device.enrol": DeviceEnrol,
    "device.revoke": DeviceRevoke,
    "alarm_device.enrol": AlarmDeviceEnrol,
    "alarm_device.lend": DeviceLend,
    "alarm_device.review": DeviceReview,
    "alarm_device.return": DeviceReturn,
    "shift.begin": ShiftMark,
    "shift.end": ShiftMark,
    "item.open": ItemOpen,
    "item.seal": ItemSeal,
    "item.amend": ItemAmend,
    "disclose": Disclose,
    "grant": Grant,
    "revoke": Revoke,
    "dispute": Dispute,
    "hold.place": HoldPlace,
    "hold.lift": HoldLift,
    "erase.request": EraseRequest,
    "erase.approve": EraseStep,
    "erase.cancel": EraseStep,
    "erase.execute": EraseStep,
    "erase.finish": EraseFinish,
    "erase.repeat": EraseRepeat,
    "break_glass": BreakGlass,
    "read": Read,
    "export": Export,
    "alarm.raise": AlarmRaise,
    "alarm.repeat": AlarmRepeat,
    "alarm.deliver": AlarmDeliver,
    "alarm.claim": AlarmAct,
    "alarm.accept": AlarmAct,
    "alarm.dispatch": AlarmAct,
    "alarm.on_scene": AlarmAct,
    "alarm.close": AlarmClose,
}
"""The body of each statement type; a type that is not here does not exist."""

CASELESS: Final = frozenset(
    {"log.open", "log.rotate", "key.publish", "key.retire", "key.share", "team.open", "shift.begin", "shift.end"}
)
"""Types about the organisation; every other statement belongs to one case."""
