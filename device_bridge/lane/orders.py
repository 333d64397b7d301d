"""The orders of a lane: what the bridge writes down for it before it starts it. No secret stands in them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_bridge.errors import SettingsError
from device_bridge.mqtt.connection import BrokerAddress, Login
from device_bridge.wire.message import BridgeName
from evidence import files, keyfile, schema
from evidence.errors import EvidenceError

NAME: Final = "lane.json"


@dataclass(frozen=True)
class Orders:
    """Whose lane it is, where its keys lie, and which brokers it hears.

    `root` is the organisation's pinned key, as hexadecimal: for a registry that must be read without a snapshot.
    """

    name: str
    key_file: str
    brokers: tuple[str, ...]
    user: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    root: str | None = None

    def write(self, folder: Path) -> None:
        """Write them down beside the spool, unless they stand there. FileError when the disk does not take them."""
        written = json.dumps(schema.encode(self)).encode()
        if files.read_if_there(folder / NAME) != written:
            files.replace(folder / NAME, written)

    @staticmethod
    def read(folder: Path) -> "Orders":
        """Read what the bridge wrote; SettingsError when there is nothing that can be read."""
        try:
            return schema.decode(Orders, json.loads((folder / NAME).read_bytes()))
        except (OSError, ValueError, EvidenceError) as error:
            raise SettingsError(f"{folder} holds no orders for a lane: `getuige bridge` writes them") from error

    @property
    def bridge(self) -> BridgeName:
        """The bridge whose lane it is."""
        return BridgeName(self.name)

    def addresses(self) -> tuple[BrokerAddress, ...]:
        """Return the brokers, named a, b and so on."""
        ca, own = (None if one is None else Path(one) for one in (self.ca_file, self.certificate_file))
        shown = None if own is None else (own, own.with_suffix(".key"))
        return tuple(BrokerAddress.parse(url, "abcdefgh"[n], ca, shown) for n, url in enumerate(self.brokers[:8]))

    def login(self) -> Login | None:
        """Return who the lane is at its brokers; None where everybody is let in."""
        if self.user is None or self.password_file is None:
            return None
        file = Path(self.password_file)
        return Login(self.user, lambda: keyfile.read_text(file))
