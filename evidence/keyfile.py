"""Key files of services and devices: private keys, tokens and pass words on disk.

A key file is made once and never replaced, for its owner only (0600). Of several processes that make one at the same
moment the first one counts, and the others read what it wrote: two that hold different secrets would refuse each other.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

from evidence import canonical, files, ids, keys, schema
from evidence.errors import EvidenceError, FormatError

MAX_BYTES: Final = 4096
"""A key or token is far shorter; a larger file is the wrong file."""

SECRET_BYTES: Final = 32
"""A symmetric secret is as long as the hash that it keys."""


class KeyFileError(EvidenceError):
    """A key file is missing, cannot be read or made, or holds something else; the text says which and why."""


@dataclass(frozen=True)
class _SigningFile:
    v: Literal[1]
    sign: ids.Sha256


@dataclass(frozen=True)
class _BridgeFile:
    v: Literal[1]
    sign: ids.Sha256
    box: ids.Sha256


_File = TypeVar("_File", _SigningFile, _BridgeFile)


def read(path: Path) -> bytes:
    """Return what a key file holds; KeyFileError when there is none, or it is too large to be one."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise KeyFileError(f"{path} is missing") from error
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise KeyFileError(f"{path} is too large to hold a key or a token")
    return data


def read_text(path: Path) -> str:
    """Return the one secret in a text file, without the newline at its end."""
    try:
        text = read(path).decode().strip()
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path} holds something else than text") from error
    if not text:
        raise KeyFileError(f"{path} is empty; it must hold one secret")
    return text


def load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return what the key file holds, after making it from `make` when there is none. Durable when it returns."""
    if not path.exists():
        try:
            files.make_folder(path.parent)
            files.keep_first(path, make())
            files.sync_folder(path.parent)
        except OSError as error:
            raise KeyFileError(f"{path} cannot be made: {error}") from error
    return read(path)


def load_or_create_token(path: Path) -> str:
    """Return the token in a file, after making one of 32 random bytes, as hexadecimal, when there is none."""
    load_or_create(path, _random_hex)
    return read_text(path)


def load_or_create_secret(path: Path) -> bytes:
    """Return the symmetric secret of 32 bytes in a file (hexadecimal), after making one when there is none."""
    text = load_or_create_token(path)
    try:
        return bytes.fromhex(ids.hex_text(text, SECRET_BYTES))
    except FormatError as error:
        raise KeyFileError(f"{path} holds no secret of {SECRET_BYTES} bytes") from error


def load_signing_key(path: Path) -> keys.SigningKey:
    """Return a server's key from a file (JSON: a seed of 32 bytes as hexadecimal)."""
    return keys.SigningKey(bytes.fromhex(_load(_SigningFile, path).sign))


def load_or_create_signing_key(path: Path) -> keys.SigningKey:
    """Return a server's key from a file, after making it when there is none."""
    load_or_create(path, lambda: _written(_SigningFile(1, _seed(keys.SigningKey.generate().sign_seed))))
    return load_signing_key(path)


def load_bridge(path: Path) -> keys.BridgeIdentity:
    """Return the bridges' keys from a file (JSON: two seeds of 32 bytes as hexadecimal)."""
    stored = _load(_BridgeFile, path)
    return keys.BridgeIdentity(bytes.fromhex(stored.sign), bytes.fromhex(stored.box))


def load_or_create_bridge(path: Path) -> keys.BridgeIdentity:
    """Return the bridges' keys from a file, after making them when there is none."""
    load_or_create(path, _new_bridge)
    return load_bridge(path)


def _load(form: type[_File], path: Path) -> _File:
    try:
        return schema.decode(form, canonical.decode(read(path).strip()))
    except FormatError as error:
        raise KeyFileError(f"{path} holds no service key: {error}") from error


def _random_hex() -> bytes:
    return secrets.token_hex(SECRET_BYTES).encode()


def _new_bridge() -> bytes:
    made = keys.BridgeIdentity.generate()
    return _written(_BridgeFile(1, _seed(made.sign_seed), _seed(made.box_seed)))


def _seed(seed: bytes) -> ids.Sha256:
    return ids.Sha256(seed.hex())


def _written(document: _SigningFile | _BridgeFile) -> bytes:
    return canonical.encode(schema.encode(document)) + b"\n"
