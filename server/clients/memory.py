"""A folder as the whole memory of a client: every file is replaced whole or not at all.

A client may be killed between any two instructions. A file is therefore written beside its place, flushed
to the disk, and renamed over the old one (POSIX rename is atomic), and then its folder is flushed, so that
after a power loss the old or the new text is there and never half of either.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evidence import canonical, durable
from evidence.errors import FormatError
from server.clients.errors import FolderError

PRIVATE_FILE = 0o600
"""Keys and state are for their owner alone."""

PRIVATE_FOLDER = 0o700
"""The same for the folder around them."""

TEMPORARY_SUFFIX = ".new"
"""A file that was being written when the client died; it never counts and is removed at the next start."""


def make_folder(folder: Path) -> Path:
    """Make `folder` (for its owner alone) when it is missing, and return it."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    return folder


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, durably and whole, readable by its owner alone."""
    beside = path.with_name(path.name + TEMPORARY_SUFFIX)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    durable.sync_folder(path.parent)


def write_json(path: Path, value: object) -> None:
    """Replace `path` by `value` as JSON that a person can read."""
    write_bytes(path, (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON has no narrower type; each caller checks what it takes
    """Return the JSON value in `path`.

    Raises:
        FolderError: the file is missing or is no JSON.
    """
    try:
        return canonical.decode(path.read_bytes())
    except FileNotFoundError as error:
        raise FolderError(f"{path} is missing: is this the right folder?") from error
    except FormatError as error:
        raise FolderError(f"{path} is damaged: it does not hold JSON.") from error


def remove(path: Path) -> None:
    """Remove `path` durably; missing already is fine, because a killed client may repeat itself."""
    path.unlink(missing_ok=True)
    durable.sync_folder(path.parent)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process, so that two clients never spend the same sequence number.

    Raises:
        FolderError: another process holds it.
    """
    make_folder(folder)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderError(f"{folder} is in use by another process.") from error
        yield
