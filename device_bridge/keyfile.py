"""Private keys of services and reference devices on disk: made once, readable by their owner only."""

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from device_bridge.errors import SettingsError
from evidence import canonical, durable, ids, keys, schema
from evidence.errors import FormatError

MAX_SECRET_BYTES: Final = 4096
"""A key or token is far shorter; a larger file is the wrong file."""

TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class _KeyFile:
    v: Literal[1]
    sign: ids.Sha256
    box: ids.Sha256


def load_or_create_identity(path: Path) -> keys.Identity:
    """Return the keys in the file at `path` (JSON: two seeds of 32 bytes), making them when there is no file.

    SettingsError when the file holds something else.
    """
    if not path.exists():
        made = keys.Identity.generate()
        document = {"v": 1, "sign": made.sign_seed.hex(), "box": made.box_seed.hex()}
        make_secret(path, canonical.encode(document))
    try:
        stored = schema.decode(_KeyFile, canonical.decode(read_secret(path)))
    except FormatError as error:
        raise SettingsError(f"{path} is not a key file") from error
    return keys.Identity(bytes.fromhex(stored.sign), bytes.fromhex(stored.box))


def load_or_create_token(path: Path) -> str:
    """Return the token in the file at `path`, making it when there is no file."""
    if not path.exists():
        make_secret(path, secrets.token_hex(TOKEN_BYTES).encode())
    try:
        return read_secret(path).decode().strip()
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not a token file") from error


def read_secret(path: Path) -> bytes:
    """Return a small secret file; SettingsError when it cannot be read or is too large to be one."""
    try:
        if path.stat().st_size > MAX_SECRET_BYTES:
            raise SettingsError(f"{path} is too large to hold a key or a token")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error


def make_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, unless another process made it at the same moment: then that stays."""
    temporary = _written(path, data)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # unlike a rename, never replaces
    finally:
        temporary.unlink()
    durable.sync_folder(path.parent)


def write_secret(path: Path, data: bytes) -> None:
    """Write or replace a file that only its owner may read; when this returns it is on the disk."""
    durable.make_folder(path.parent)
    durable.write_file(path, data)


def _written(path: Path, data: bytes) -> Path:
    """Return a new hidden file beside `path` that holds `data`, on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner only
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
