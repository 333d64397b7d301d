"""Blobs in a folder: `blobs/ab/abcd…`, each named by the SHA-256 of its bytes.

A blob appears under its name only when all of it is on the disk, by rename within one file system; a name that
exists is never written again.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import IO

from evidence import ids
from evidence.store import durable
from evidence.store.errors import BlobError


class DirectoryBlobs:
    """A `BlobStore` in one folder; `folder` must be on the file system that adopted files come from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        durable.make_folder(folder)

    def _path(self, sha256: ids.Sha256) -> Path:
        name = ids.hex_text(sha256, 32)
        return self._folder / name[:2] / name

    def size(self, sha256: ids.Sha256) -> int | None:
        """Return the size in bytes, None when the blob is not here."""
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, sha256: ids.Sha256) -> IO[bytes]:
        """Open for reading; BlobError when it is not here."""
        return self.local_path(sha256).open("rb")

    def local_path(self, sha256: ids.Sha256) -> Path:
        """Return the file with the blob's bytes; BlobError when it is not here."""
        path = self._path(sha256)
        if not path.is_file():
            raise BlobError("this blob is not here")
        return path

    def put(self, data: bytes) -> ids.Sha256:
        """Store small bytes under their SHA-256; durable when it returns."""
        sha256 = ids.Sha256(hashlib.sha256(data).hexdigest())
        path = self._path(sha256)
        if not path.exists():
            durable.make_folder(path.parent)
            durable.write_file(path, data)
        return sha256

    def adopt(self, path: Path, sha256: ids.Sha256) -> None:
        """Take over a complete, flushed file by renaming it; the caller has computed `sha256` over its bytes.

        When the blob is here already, `path` is removed. Durable when it returns.
        """
        target = self._path(sha256)
        durable.make_folder(target.parent)
        if target.exists():
            path.unlink()
        else:
            path.chmod(durable.PRIVATE_FILE_MODE)
            path.rename(target)
        durable.sync_folder(target.parent)
        durable.sync_folder(path.parent)

    def check_writable(self) -> None:
        """Write and remove a small file; OSError says why the folder takes none."""
        probe = self._folder / f".probe-{secrets.token_hex(4)}"
        handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, durable.PRIVATE_FILE_MODE)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
            probe.unlink()
