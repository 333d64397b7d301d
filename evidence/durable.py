"""Making files durable: what returned from here is still there after the power failed."""

import os
import secrets
from pathlib import Path

PRIVATE_FILE_MODE = 0o600
"""Ciphertext and keys alike are nobody else's on this machine."""

SHRED_BYTES = 1024 * 1024
"""Zeros written at once over a file that goes."""


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that names made or changed in it survive a power cut (fsync(2), *Notes*)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create a folder (0700) with its parents, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Write every byte: os.write may write short (write(2))."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def shred(path: Path) -> None:
    """Remove a file's name, then overwrite its bytes: a crash in between leaves bytes without a name, not the reverse.

    The caller flushes the folder.
    """
    handle = os.open(path, os.O_WRONLY)
    try:
        path.unlink()
        rest = os.fstat(handle).st_size
        while rest:
            rest -= os.write(handle, bytes(min(rest, SHRED_BYTES)))
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path: Path, data: bytes) -> None:
    """Write or replace a file so that either the old or the new content is there, whole, at any instant."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
    try:
        try:
            write_all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
