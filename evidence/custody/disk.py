"""Files that are either not there or there whole, and that survive a power cut once written.

Order for every file: write under a hidden temporary name, fsync it, give it its name, fsync the folder. Hidden
names are never a resource of a log, so what a crash leaves behind is harmless.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evidence.custody.errors import DurabilityError, ImmutableResourceError, StorageError

PUBLIC_MODE = 0o644
"""The log is public: a web server with another user may serve it."""

SECRET_MODE = 0o600


def read_if_there(path: Path) -> bytes | None:
    """Return the bytes of a file, or None when there is none.

    Raises:
        StorageError: the disk refused.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path.name}: {error.strerror}") from error


def write_once(path: Path, data: bytes, mode: int = PUBLIC_MODE) -> None:
    """Create a file that will never change; the caller makes its name durable with `sync_folders`.

    An existing file with the same bytes is fine (a restart stages the same tiles again).

    Raises:
        ImmutableResourceError: it exists with other bytes.
        StorageError: the disk refused; nothing bears the name then.
    """
    existing = read_if_there(path)
    if existing is None:
        with _temporary(path, data, mode) as temporary:
            try:
                os.link(temporary, path)  # unlike rename, never replaces
            except FileExistsError:
                existing = path.read_bytes()
    if existing is not None and existing != data:
        raise ImmutableResourceError(f"{path.name} already exists with other bytes")


def replace(path: Path, data: bytes, mode: int = PUBLIC_MODE) -> None:
    """Replace a file durably: readers see the old bytes or the new ones, never a mixture.

    Raises:
        StorageError: the disk refused; the old file stands.
        DurabilityError: an fsync failed; either file may stand after a power cut.
    """
    make_folder(path.parent)
    with _temporary(path, data, mode) as temporary:
        temporary.replace(path)
    sync_folders([path.parent])


def make_folder(folder: Path) -> None:
    """Create a folder and its parents durably.

    Raises:
        StorageError: the disk refused.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {folder.name}: {error.strerror}") from error
    sync_folders([folder.parent])


def sync_folders(folders: Iterable[Path]) -> None:
    """Make the names in these folders durable.

    Raises:
        StorageError: a folder cannot be opened.
        DurabilityError: an fsync failed.
    """
    for folder in folders:
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise StorageError(f"cannot open {folder.name}: {error.strerror}") from error
        try:
            _fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes of this machine; the kernel frees it when the holder dies."""
    make_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, SECRET_MODE)
    except OSError as error:
        raise StorageError(f"cannot lock {path.name}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """Write and fsync a hidden file beside `path`, and remove its name afterwards."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise StorageError(f"cannot write {path.name}: {error.strerror}") from error
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - an open descriptor, not a path
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            _fsync(file.fileno())
        yield Path(name)
    except OSError as error:
        raise StorageError(f"cannot write {path.name}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - after `replace` there is none, which is well


def _fsync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise DurabilityError(f"fsync failed: {error.strerror}") from error
