"""The book of devices that a lane knows: the bridge's snapshot, read again when it changed, or the signed registry."""

from pathlib import Path
from typing import Final

import structlog

from device_bridge.lane import snapshot
from device_bridge.lane.verifier import InUse
from evidence import ids, keys

REGISTRY: Final = "registry.jsonl"

log = structlog.get_logger()


class Book:
    """Answers which devices are in use. `refresh` may be called often: it costs one look at a file's name."""

    def __init__(self, folder: Path, bridge: keys.SigningKey, root: bytes | None) -> None:
        self._folder = folder
        self._bridge = bridge
        self._root = root
        self._seen: tuple[int, int] | None = None
        self._known = snapshot.Snapshot(0, {})
        self.serial: int | None = None
        """Of the snapshot that is in use; None: there is none that can be believed."""

    def __len__(self) -> int:
        return len(self._known.devices)

    def device(self, device: ids.DeviceId) -> InUse:
        """Return a device in use; UnknownDeviceError for any other."""
        return self._known.device(device)

    def begin(self) -> None:
        """Read the snapshot, or without one the signed registry, statement by statement."""
        if not self.refresh():
            self._read_registry()

    def refresh(self) -> bool:
        """Read the snapshot if it is another one than before; whether there is one that can be believed.

        What is known already stays when a snapshot turns out to be false.
        """
        path = self._folder / snapshot.NAME
        try:
            stands = path.stat()
        except OSError:
            return False
        if self._seen == (stands.st_ino, stands.st_mtime_ns):
            return self.serial is not None
        self._seen = stands.st_ino, stands.st_mtime_ns
        found = snapshot.read(path, self._bridge)
        if found is None:
            log.error("snapshot-not-believed")
            self.serial = None
            return False
        self._known, self.serial = found, found.serial
        return True

    def _read_registry(self) -> None:
        from device_bridge.registry import Registry  # noqa: PLC0415 - it takes longer to read, and is seldom needed

        registry = Registry(self._folder / REGISTRY, self._root)
        registry.load(mend=False)
        self._known = snapshot.Snapshot(0, {one.device: one for one in registry.devices()})
