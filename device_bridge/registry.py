"""The bridge's own copy of the keys that a press needs: devices, cases, desks, dispatchers.

It is a file of signed statements beside the spool (JSON lines, only ever appended to), filled from the journal
when that answers and used when it does not. Every statement is checked again against the pinned root while it is
folded in, so neither a changed file nor a changed database can add a device or a dispatcher.
"""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from device_bridge.alarm.alarm import Person
from device_bridge.errors import ActError, BridgeError, UnknownDeviceError
from device_bridge.standing_readers import Professional, StandingReaders
from evidence import canonical, ids, keys, schema, xwing
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, catalogue, dsse
from evidence.statements import statement as statements

KEPT: Final = frozenset(catalogue.where(at_bridge=True))
"""Statement types that decide what a press or an act may do; the rest of the journal is of no use here."""


NO_KEY: Final = ids.Base64("")
"""Of a desk that was published without a key that opens."""

SAVE_EVERY: Final = 10_000
"""Events without anything to keep after which the place in the journal is written down all the same."""


class RegistryError(BridgeError):
    """The registry file cannot be read; delete it to have it made anew from the journal."""


@dataclass(frozen=True)
class Device:
    """An alarm device in use."""

    device: ids.DeviceId
    case: ids.CaseId
    sign: bytes
    profile: Literal["20s", "3min", "30min"]
    card: ids.ItemId | None
    revoked: bool = False
    codes: bytes | None = None
    """Keys of its codes, sealed to the bridge."""
    accounts: tuple[bodies.CentreAccount, ...] = ()


@dataclass(frozen=True)
class _Line:
    """What one look at the journal brought: statements to keep, and where to look next."""

    next: int
    statements: tuple[dsse.Envelope, ...]


class Registry:
    """Keys in force, by what was folded in so far. Reading is safe from any thread.

    `root` is the pinned Ed25519 public key of the organisation; without one the journal's own `log.open` is believed,
    which only a development installation may do.
    """

    def __init__(self, path: Path, root: bytes | None = None) -> None:
        self._path = path
        self._root = root
        self._next = self._saved = 0
        self._professionals: dict[ids.KeyId, Professional] = {}
        self._cases: dict[ids.CaseId, bodies.CaseOpen] = {}
        self._devices: dict[ids.DeviceId, Device] = {}
        self._standing = StandingReaders()
        self._left_out: dict[ids.CaseId, int] = {}
        """How many rows of a case's list did not hold when it was last sealed to."""

        self._lock = threading.Lock()
        self._unfit_cases: set[ids.CaseId] = set()
        self._damaged_at: int | None = None
        """Where the file's first line begins that could not be used: cut there once the journal answers."""

        self._anew: Registry | None = None
        """What the lines before the damaged one say, and what the journal has said again since. What stands behind them
        counts meanwhile, but cannot judge what came before it: who signed an enrolment may have retired later."""

        self._known_to = 0
        """How far the journal was known, by any line that could be read: then `_anew` takes this one's place."""

        self._whole = 0
        """Bytes of the file that are whole lines. What stands behind them a full disk cut off; nothing is put there."""

        self._unwritten: list[dsse.Envelope] = []
        """Folded in, but not in the file yet: the next line begins with these, or no restart would hear of them."""

        self._unwritten_because: str | None = None

        self.version = 0
        """Another number after each statement that was folded in."""

        self.on_change: Callable[[], None] = lambda: None
        """Called after `add` folded something in."""

        self.refused = 0
        """Statements that were not folded in because their signature or signer does not fit."""

    @property
    def next_index(self) -> int:
        """The index of the first journal event that was not looked at yet."""
        return self._next

    @property
    def device_count(self) -> int:
        """How many alarm devices are in use."""
        return sum(not device.revoked for device in list(self._devices.values()))

    def load(self, *, mend: bool = True) -> None:
        """Fold in the file, if there is one; a last line that a crash cut off is dropped (`mend`: from the file too).

        A line that was changed or damaged costs what stands in it: the others count, so that devices work while no
        journal answers, and the journal is read again from there. RegistryError when the file cannot be read at all.
        """
        if not self._path.exists():
            return
        at = 0
        try:
            with self._path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    if not self._fold_line(line) and self._damaged_at is None:
                        self._damaged_at = at
                    at += len(line)
            if mend:
                os.truncate(self._path, at)
        except OSError as error:
            raise RegistryError(f"{self._path} cannot be used: {error}") from error
        self._whole = at
        if self._damaged_at is not None:
            self._anew = self._before(self._damaged_at)

    def _before(self, end: int) -> "Registry":
        """Return a registry of its own that knows what the file says up to byte `end`."""
        other = Registry(self._path, self._root)
        with self._path.open("rb") as file:
            while file.tell() < end:
                other._fold_line(file.readline())
        return other

    def _fold_events(self, index: int, events: Sequence[dsse.Envelope]) -> list[dsse.Envelope]:
        """Fold in what the journal says, and return what counts."""
        if self._anew is None:
            return [envelope for envelope in events if self._taken(envelope)]
        other = self._anew
        kept = [envelope for envelope in events if other._taken(envelope)]  # noqa: SLF001 - one of its own kind
        for envelope in events:
            self._taken(envelope, again=True)  # judged by `_anew`
        if index >= self._known_to:
            self._anew = None
            self._professionals = other._professionals  # noqa: SLF001 - as above
            self._cases, self._devices = other._cases, other._devices  # noqa: SLF001 - as above
            self._standing = other._standing  # noqa: SLF001 - as above
            self.refused += other.refused
            self.version += 1
        return kept

    def _fold_line(self, line: bytes) -> bool:
        """Fold in what can be; whether all of it could. Behind a line that could not, the journal is read again."""
        try:
            stored = schema.decode(_Line, canonical.decode(line))
        except EvidenceError:
            return False
        self._known_to = max(self._known_to, stored.next)
        taken = [self._taken(envelope, again=True) for envelope in stored.statements]  # each, not until the first
        whole = all(taken)
        if whole and self._damaged_at is None:
            self._next = self._saved = stored.next
        return whole

    def add(self, index: int, events: Iterable[dsse.Envelope]) -> tuple[ids.DeviceId, ...]:
        """Fold in the statements of journal events and append to the file; `index` is the next event to ask for.

        Returns the devices that these revoked. A statement that does not verify is counted and left out. What a full
        disk does not take counts here all the same, stands in `trouble`, and is written with the next line.
        """
        with self._lock:
            before, version = self._revoked(), self.version
            self._unwritten += self._fold_events(index, list(events))
            self._next = index
            if self._damaged_at is not None:
                self._whole, self._damaged_at = self._damaged_at, None
            if self._unwritten or index - self._saved >= SAVE_EVERY:
                self._save()
            revoked = tuple(self._revoked() - before)
        if self.version != version:
            self.on_change()
        return revoked

    def write_down(self) -> None:
        """Write what the disk did not take before, if there is such a thing."""
        with self._lock:
            if self._unwritten_because is not None:
                self._save()

    def _revoked(self) -> set[ids.DeviceId]:
        return {name for name, device in self._devices.items() if device.revoked}

    def leave_out(self) -> None:
        """Count an event of the journal that cannot be read: it must not keep the others from coming."""
        self.refused += 1

    def _taken(self, envelope: dsse.Envelope, *, again: bool = False) -> bool:
        """Fold in one statement; False for one that does not count, which costs nothing but itself.

        What stands in the file was verified before: `again` does not count it as refused, it is read once more.
        """
        try:
            folded = self._fold(envelope)
        except (EvidenceError, KeyError, ValueError):
            self.refused += not again
            return False
        self.version += folded
        return folded

    def device(self, device: ids.DeviceId) -> Device:
        """Return an alarm device in use; UnknownDeviceError if it was never enrolled, or was revoked."""
        found = self._devices.get(device)
        if found is None or found.revoked:
            raise UnknownDeviceError("this device is not enrolled here" if found is None else "this device was revoked")
        return found

    def accounts(self, device: ids.DeviceId) -> dict[str, str]:
        """Return the account of a device at each centre that gave it one, also of a device that was revoked."""
        known = self._devices.get(device)
        return {} if known is None else {one.centre: one.account for one in known.accounts}

    def devices(self) -> list[Device]:
        """Return every alarm device in use."""
        return [device for device in list(self._devices.values()) if not device.revoked]

    def readers_of_alarm(self, case: ids.CaseId, now: ids.Time) -> tuple[bytes, ...]:
        """Return the X-Wing keys that an alarm of `case` is sealed to: the case's, every desk's, the standing readers'.

        A key that nothing can be wrapped to, and a reader whose row does not hold, is left out and stands in `trouble`:
        it must stop no press.
        """
        own = _key(self._cases[case].xwing)
        if own is None:
            self._unfit_cases.add(case)
        standing, strange = self._standing.of(case, self._cases[case].team, self._professionals, now)
        self._left_out[case] = strange + sum(_key(one) is None for one in standing)
        keys_of = dict.fromkeys([own, *map(_key, self._desk_keys()), *map(_key, standing)])  # each once, hers first
        return tuple(key for key in keys_of if key is not None)

    @property
    def trouble(self) -> str | None:
        """Say what was left out while everything else goes on: statements, and keys that nothing can be wrapped to."""
        said = []
        if self._damaged_at is not None:
            said.append("the file of keys and devices was changed or damaged, and is read from the journal again")
        if self._unwritten_because is not None:
            said.append(f"keys and devices cannot be written down: {self._unwritten_because}")
        if self.refused:
            said.append(f"{self.refused} statement(s) about keys and devices could not be read or verified")
        if unfit := len(self._unfit_cases) + sum(_key(one) is None for one in self._desk_keys()):
            said.append(f"{unfit} key(s) of cases or desks cannot be sealed to; alarms go to the others")
        if left_out := sum(self._left_out.values()):
            said.append(f"{left_out} reader(s) on standing lists do not hold and are left out; alarms go to the others")
        return "; ".join(said) or None

    def _desk_keys(self) -> list[ids.Base64]:
        return [
            known.body.xwing or NO_KEY
            for known in list(self._professionals.values())
            if known.body.role == "desk" and not known.retired
        ]

    def dispatcher(self, kid: ids.KeyId) -> tuple[Person, bytes]:
        """Return a dispatcher in force and their Ed25519 public key; ActError for anyone else."""
        known = self._professionals.get(kid)
        if known is None or known.retired or known.body.role != "dispatcher":
            raise ActError("this key is not one of a dispatcher in service")
        return Person(kid, known.body.label), bytes.fromhex(known.body.sign)

    def _fold(self, envelope: dsse.Envelope) -> bool:
        statement = statements.from_envelope(envelope)
        if statement.type not in KEPT:
            return False
        body = statement.body
        if isinstance(body, bodies.DeviceRevoke) and body.device not in self._devices:
            return False  # a phone's; only alarm devices matter here
        self._check(statement)
        match body:
            case bodies.KeyPublish():
                self._professionals.setdefault(keys.signing_kid(bytes.fromhex(body.sign)), Professional(body))
            case bodies.KeyRetire() if body.kid in self._professionals:
                self._professionals[body.kid] = replace(self._professionals[body.kid], retired=True)
            case bodies.CaseOpen() if statement.case is not None:
                self._cases.setdefault(statement.case, body)
            case bodies.AlarmDeviceEnrol() if statement.case is not None and body.device not in self._devices:
                sign = bytes.fromhex(body.sign)
                codes = None if body.codes is None else canonical.unb64(body.codes)
                self._devices[body.device] = Device(
                    body.device,
                    statement.case,
                    sign,
                    body.profile,
                    body.card,
                    codes=codes,
                    accounts=body.accounts or (),
                )
            case bodies.ListSet() if statement.case is not None:
                self._standing.take(statement.case, body)
            case bodies.ReadersExclude() if statement.case is not None:
                self._standing.excluded[statement.case] = frozenset(body.readers)
            case bodies.DeviceRevoke():
                self._devices[body.device] = replace(self._devices[body.device], revoked=True)
        return True

    def _check(self, statement: statements.Statement) -> None:
        """Raise SignatureError or FormatError unless a key in force, in a fitting role, signed this."""
        body = statement.body
        if isinstance(body, bodies.LogOpen):
            if self._root is None:
                self._root = bytes.fromhex(body.root.sign)
            if body.root.sign != self._root.hex():
                raise keys.SignatureError("the log obeys another root than the one that is pinned here")
        role, public = self._signer(statement.by, statement.case)
        if role not in catalogue.ACTS[statement.type].signers:
            raise keys.SignatureError(f"a key of the role {role} does not sign {statement.type}")
        signers = {statement.by: public}
        if (cosigner := statement.cosigner) is not None:
            _, signers[cosigner] = self._signer(cosigner, statement.case)
        statements.verified(statement, signers)
        case = statement.case
        if case is not None and statement.type != "case.open" and not self._of_case(statement, case, role):
            raise keys.SignatureError("the signer does not belong to that case")

    def _signer(self, kid: ids.KeyId, case: ids.CaseId | None) -> tuple[str, bytes]:
        if self._root is None:
            raise FormatError("no root is known yet: the journal must begin with log.open")
        if kid == keys.signing_kid(self._root):
            return "root", self._root
        known = self._professionals.get(kid)
        if known is not None and not known.retired:
            return known.body.role, bytes.fromhex(known.body.sign)
        if case is not None and case in self._cases:
            vault = bytes.fromhex(self._cases[case].vault)
            if keys.signing_kid(vault) == kid:
                return "vault", vault
        raise keys.SignatureError(f"signed by key {kid}, which is not known here")

    def _of_case(self, statement: statements.Statement, case: ids.CaseId, role: str) -> bool:
        opened = self._cases.get(case)
        if opened is None:
            return False
        if isinstance(statement.body, bodies.DeviceRevoke) and self._devices[statement.body.device].case != case:
            return False
        return role == "vault" or self._professionals[statement.by].body.team == opened.team

    def _save(self) -> None:
        """Append one line behind the whole ones. What a full disk cut off of it is cut away: a line stands or does not.

        A line that was not written takes nothing with it: until it is, the file says where the journal is read again.
        """
        line = {"next": self._next, "statements": [envelope.to_json() for envelope in self._unwritten]}
        encoded = canonical.encode(line) + b"\n"
        try:
            with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666), "wb") as file:  # noqa: PTH123 - opened without truncating
                file.truncate(self._whole)
                file.seek(self._whole)
                file.write(encoded)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._unwritten_because = error.strerror or "no reason"
            with suppress(OSError):  # then the next line begins with it
                os.truncate(self._path, self._whole)
            return
        self._whole += len(encoded)
        self._unwritten, self._unwritten_because = [], None
        self._saved = self._next


@lru_cache(maxsize=1024)
def _key(xwing_public: ids.Base64) -> bytes | None:
    """Return a key to wrap to; None when nothing can be."""
    try:
        raw = canonical.unb64(xwing_public)
        xwing.check_public(raw)
    except FormatError:
        return None
    return raw
