"""Durable files: either not there or there whole, and still there after the power failed.

Order for every file: write it under a hidden name, fsync it, give it its name, fsync the folder. Hidden names are never
anything's content, so what a crash leaves behind is harmless.

Every function raises StorageError when the disk refuses, and DurabilityError when an fsync failed. Both are OSErrors.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from evidence.errors import DurabilityError, ImmutableFileError, StorageError

FLUSHING: Final = 8
"""Files that are flushed at once."""

PRIVATE: Final = 0o600
"""Ciphertext and keys alike are nobody else's on this machine."""

PUBLIC: Final = 0o644
"""The log is public: a web server with another user may serve it."""

PRIVATE_FOLDER: Final = 0o700
PUBLIC_FOLDER: Final = 0o755

SHRED_BYTES: Final = 1024 * 1024
"""Zeros written at once over a file that goes."""


def read_if_there(path: Path) -> bytes | None:
    """Return the bytes of a file, or None when there is none."""
    with _told("read", path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def make_folder(folder: Path, mode: int = PRIVATE_FOLDER) -> None:
    """Create a folder with its parents, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    with _told("make", folder):
        folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that names made or changed in it survive a power cut (fsync(2), *Notes*)."""
    with _told("open", folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _fsync(handle)
    finally:
        os.close(handle)


def sync_files(paths: Iterable[Path]) -> None:
    """Flush files that were written, several at once: a file system takes to the disk together what waits together."""
    with ThreadPoolExecutor(FLUSHING, thread_name_prefix="flush") as pool:
        for _ in pool.map(_sync_file, paths):
            pass


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Write every byte: os.write may write short (write(2)). Raises OSError as the system says it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def replace(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write or replace a file: readers see the old bytes or the new ones, never a mixture. Durable when it returns."""
    with _told("write", path), _beside(path, data, mode) as written:
        written.replace(path)
    sync_folder(path.parent)


def write_once(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Create a file that never changes; the caller makes its name durable with `sync_folder`.

    An existing file with the same bytes is fine (a restart stages the same tiles again). ImmutableFileError when it
    exists with other bytes.
    """
    if keep_first(path, data, mode) != data:
        raise ImmutableFileError(f"{path.name} already exists with other bytes")


def keep_first(path: Path, data: bytes, mode: int = PRIVATE) -> bytes:
    """Create a file unless there is one, and return what it holds then: of many writers at once the first one counts.

    The caller makes its name durable with `sync_folder`.
    """
    existing = read_if_there(path)
    if existing is not None:
        return existing
    with _told("write", path), _beside(path, data, mode) as written:
        try:
            os.link(written, path)  # unlike a rename, never replaces
        except FileExistsError:
            return path.read_bytes()
    return data


def shred(path: Path) -> None:
    """Remove a file's name, then overwrite its bytes: a crash in between leaves bytes without a name, not the reverse.

    The caller flushes the folder.
    """
    with _told("destroy", path):
        handle = os.open(path, os.O_WRONLY)
        try:
            path.unlink()
            rest = os.fstat(handle).st_size
            while rest:
                rest -= os.write(handle, bytes(min(rest, SHRED_BYTES)))
            _fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes of this machine; the kernel frees it when the holder dies."""
    with _lock(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def lock_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock as `locked` does, unless somebody holds it: then False is given, and nobody waits."""
    with _lock(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _lock(path: Path) -> Iterator[int]:
    with _told("lock", path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _beside(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """Write and fsync a hidden file beside `path`, and remove its name afterwards."""
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        try:
            os.fchmod(handle, mode)
            write_all(handle, data)
            _fsync(handle)
        finally:
            os.close(handle)
        yield hidden
    finally:
        with suppress(OSError):  # after `replace` there is none, which is well
            hidden.unlink()


@contextmanager
def _told(act: str, path: Path) -> Iterator[None]:
    """Say a refusal of the disk as one of ours, with the file's name and the system's number."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        told = StorageError(f"cannot {act} {path.name}: {error.strerror}")
        told.errno = error.errno
        raise told from error


def _sync_file(path: Path) -> None:
    with _told("open", path):
        handle = os.open(path, os.O_RDONLY)
    try:
        _fsync(handle)
    finally:
        os.close(handle)


def _fsync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        told = DurabilityError(f"fsync failed: {error.strerror}")
        told.errno = error.errno
        raise told from error
