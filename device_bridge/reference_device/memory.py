"""The memory of the reference device: its keys, whom it trusts, and counters that never go back."""

import dataclasses
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from device_bridge.errors import SettingsError
from device_bridge.wire.codes import SALT_BYTES
from device_bridge.wire.message import PressId, Why
from evidence import canonical, files, ids, keyfile, keys, schema
from evidence.errors import FormatError

FILE: Final = "device.json"


@dataclass(frozen=True)
class DeviceState:
    """The content of `device.json` (0600: it holds the device's private key)."""

    v: Literal[1]
    device: ids.DeviceId
    sign: ids.Sha256
    """Seed of the Ed25519 key."""
    bridge_key: ids.PublicKey
    """The one key whose word *stored* is believed; pinned when the device is made."""
    brokers: tuple[str, ...]
    press_url: str | None = None
    code_salt: ids.Sha256 | None = None
    """Secret that turns typed codes into keys; the codes themselves are never kept."""
    boot: int = 0
    counter: int = 0
    closed_ms: int = 0
    """The bridge's clock in the newest word *closed*: an older word that an alarm is open is a recording."""


class DeviceMemory:
    """A folder as a device's whole memory; each change is on the disk before it is used."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        try:
            self.state = schema.decode(DeviceState, canonical.decode(keyfile.read(self._path)))
        except FormatError as error:
            raise SettingsError(f"{self._path} is not a device's memory") from error

    @staticmethod
    def create(
        folder: Path, *, bridge_key: str, brokers: tuple[str, ...], press_url: str | None = None
    ) -> "DeviceMemory":
        """Make a new device in `folder`; SettingsError when there is one already."""
        if (folder / FILE).exists():
            raise SettingsError(f"{folder} already holds a device")
        made = keys.SigningKey.generate()
        pinned = ids.PublicKey(ids.hex_text(bridge_key, 32))
        salt = ids.Sha256(secrets.token_hex(SALT_BYTES))
        device, sign = ids.DeviceId(ids.new_id()), ids.Sha256(made.sign_seed.hex())
        state = DeviceState(1, device, sign, pinned, brokers, press_url, salt)
        keyfile.load_or_create(folder / FILE, lambda: canonical.encode(schema.encode(state)))
        return DeviceMemory(folder)

    @property
    def device(self) -> ids.DeviceId:
        """The device's id."""
        return self.state.device

    @property
    def identity(self) -> keys.SigningKey:
        """The device's signing key."""
        return keys.SigningKey(bytes.fromhex(self.state.sign))

    @property
    def authority_file(self) -> Path | None:
        """Certificates that mqtts:// brokers are checked with: `authority.pem` beside the memory, if it is there."""
        path = self._path.with_name("authority.pem")
        return path if path.exists() else None

    @property
    def shown(self) -> tuple[Path, Path] | None:
        """The device's own certificate and key, `certificate.pem` and `certificate.key`, if they are there."""
        path = self._path.with_name("certificate.pem")
        return (path, path.with_suffix(".key")) if path.exists() else None

    @property
    def bridge_public(self) -> bytes:
        """The pinned Ed25519 key of the bridge."""
        return bytes.fromhex(self.state.bridge_key)

    @property
    def code_salt(self) -> bytes:
        """The salt of this device's codes; SettingsError for a device that was made before there were codes."""
        if self.state.code_salt is None:
            raise SettingsError("this device was made without codes: make a new one")
        return bytes.fromhex(self.state.code_salt)

    def boot(self) -> int:
        """Count a start of the device and return its number."""
        with self._lock:
            self._change(self.state.boot + 1, 0)
            return self.state.boot

    def next_press(self) -> PressId:
        """Return a press id that was never used before; it is on the disk before it is returned."""
        with self._lock:  # a heartbeat and a press at once must not get one number
            self._change(self.state.boot, self.state.counter + 1)
            return PressId(self.state.boot, self.state.counter)

    def remember_closing(self, closed_ms: int) -> None:
        """Remember when an alarm was last said to be closed, by the bridge's clock (Unix milliseconds)."""
        with self._lock:
            self._keep(dataclasses.replace(self.state, closed_ms=closed_ms))

    def _change(self, boot: int, counter: int) -> None:
        self._keep(dataclasses.replace(self.state, boot=boot, counter=counter))

    def _keep(self, state: DeviceState) -> None:
        files.replace(self._path, canonical.encode(schema.encode(state)))
        self.state = state


@dataclass
class Progress:
    """How far one press came, with the milliseconds since the button went down."""

    press: PressId
    started: float
    told_ms: dict[str, float] = field(default_factory=dict)
    refused: Why | None = None
