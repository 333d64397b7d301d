"""Private keys of services as files (0600): made once, never overwritten, never printed."""

import secrets
from pathlib import Path
from typing import Final

from evidence import canonical, durable, ids, keys
from evidence.errors import FormatError
from server.errors import ServerError

SECRET_BYTES: Final = 32
"""A symmetric secret is as long as the hash that it keys."""


class SecretFileError(ServerError):
    """A file in the folder of secrets is missing or holds something else."""


def identity_text(identity: keys.Identity) -> bytes:
    """Return the file form of a service's keys: JSON with the two seeds as hexadecimal."""
    return canonical.encode({"v": 1, "sign": identity.sign_seed.hex(), "box": identity.box_seed.hex()}) + b"\n"


def load_identity(path: Path) -> keys.Identity:
    """Read a service's keys; SecretFileError says which file is missing or damaged."""
    try:
        members = canonical.decode(path.read_bytes())
        if not isinstance(members, dict) or members.get("v") != 1:
            raise FormatError("not version 1")
        seeds = [bytes.fromhex(ids.hex_text(members.get(name), 32)) for name in ("sign", "box")]
    except FileNotFoundError as error:
        raise SecretFileError(f"{path} is missing: was this data folder founded?") from error
    except FormatError as error:
        raise SecretFileError(f"{path} holds no service key: {error}") from error
    return keys.Identity(*seeds)


def load_or_create_identity(path: Path) -> keys.Identity:
    """Read a service's keys, or make them on first use; durable when it returns."""
    if not path.exists():
        durable.make_folder(path.parent)
        durable.write_file(path, identity_text(keys.Identity.generate()))
    return load_identity(path)


def load_or_create_secret(path: Path) -> bytes:
    """Read a symmetric secret of 32 bytes, or make it on first use."""
    if not path.exists():
        durable.make_folder(path.parent)
        durable.write_file(path, secrets.token_hex(SECRET_BYTES).encode() + b"\n")
    try:
        return bytes.fromhex(ids.hex_text(path.read_text().strip(), SECRET_BYTES))
    except (FormatError, UnicodeDecodeError) as error:
        raise SecretFileError(f"{path} holds no secret of {SECRET_BYTES} bytes") from error
