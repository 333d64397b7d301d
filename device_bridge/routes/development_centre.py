"""A DEVELOPMENT alarm centre: pysiaalarm receives SIA DC-09 and this writes down what came, as JSON lines.

It acknowledges every alarm without a human anywhere. Production mode refuses it by name.
"""

import json
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from device_bridge.errors import SettingsError
from evidence import ids, keyfile

DEVELOPMENT: Final = True
ASCII_KEY_CHARACTERS: Final = (16, 24, 32)


def load_or_create_key(path: Path) -> bytes:
    """Return the DC-09 key in the file at `path` (hexadecimal), making one that pysiaalarm can use if there is none."""
    keyfile.load_or_create(path, lambda: secrets.token_hex(16).encode("ascii").hex().encode("ascii"))
    return read_key(path)


def read_key(path: Path) -> bytes:
    """Return the DC-09 key in the file at `path`; SettingsError when there is none."""
    try:
        return bytes.fromhex(keyfile.read_text(path))
    except ValueError as error:
        raise SettingsError(f"{path} must hold the key as hexadecimal") from error


class DevelopmentAlarmCentre:
    """Listens on loopback and tells `on_alarm` what it received. Needs the `demo` extra (pysiaalarm)."""

    def __init__(
        self, port: int, key: bytes, on_alarm: Callable[[dict[str, Any]], None], host: str = "127.0.0.1"
    ) -> None:
        try:
            from pysiaalarm.account import SIAAccount  # noqa: PLC0415 - only the demonstration has it
            from pysiaalarm.sync.client import SIAClient  # noqa: PLC0415 - as above
        except ImportError as error:
            raise SettingsError("the development alarm centre needs: pip install getuige[demo]") from error
        if len(key) not in ASCII_KEY_CHARACTERS or not key.isascii():
            raise SettingsError("pysiaalarm takes the key as 16, 24 or 32 ASCII characters")
        self._on_alarm = on_alarm
        # No account given: it answers for every account, as each device has one of its own.
        accounts = [SIAAccount("", key.decode(), allowed_timeband=(300, 300))]
        self._client = SIAClient(host, port, accounts, self._received)

    def start(self) -> None:
        """Begin to listen."""
        self._client.start()

    def stop(self) -> None:
        """Stop listening."""
        self._client.stop()

    def _received(self, event: Any) -> None:  # noqa: ANN401 - pysiaalarm's event
        position = {"X": None, "Y": None, **{one.identifier: one.value for one in event.extended_data or ()}}
        self._on_alarm(
            {
                "received_at": ids.now(),
                "message": getattr(event.message_type, "value", str(event.message_type)),
                "encrypted": bool(event.encrypted),
                "sequence": event.sequence,
                "account": event.account,
                "code": event.code,
                "meaning": None if event.sia_code is None else event.sia_code.type,
                "longitude": position["X"],
                "latitude": position["Y"],
            }
        )


class JsonLines:
    """Writes each alarm as one line to a stream and, if given, to a file."""

    def __init__(self, out: IO[str], path: Path | None) -> None:
        self._out = out
        self._path = path
        self._lock = threading.Lock()

    def __call__(self, alarm: dict[str, Any]) -> None:
        """Write one alarm; polls of the line (NULL) are left out."""
        if alarm["message"] == "NULL":
            return
        line = json.dumps(alarm)
        with self._lock:
            self._out.write(line + "\n")
            self._out.flush()
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
