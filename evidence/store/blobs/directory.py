"""Blobs in a folder: `blobs/ab/abcd…`, each named by the SHA-256 of its bytes.

A blob appears under its name only when all of it is on the disk, by rename within one file system; a name that
exists is never written again.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from evidence import files, ids
from evidence.store.errors import BlobError

READ_BYTES: Final = 1024 * 1024
"""One read of a blob that is hashed or copied: large enough for a disk, small enough for memory."""

SHA256_CHARS: Final = 64


def pieces(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes from the disk, and leave nothing of it in the page cache, which serves requests.

    Raises BlobError when it is not there or the disk cannot read it.
    """
    try:
        with path.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            try:
                while piece := file.read(READ_BYTES):
                    yield piece
            finally:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError as error:
        raise BlobError(f"a blob cannot be read: {error.strerror}") from error


class DirectoryBlobs:
    """A `BlobStore` in one folder; `folder` must be on the file system that adopted files come from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files.make_folder(folder)

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

    def pieces(self, sha256: ids.Sha256) -> Iterator[bytes]:
        """Yield a blob's bytes from the disk; BlobError when it is not here or cannot be read."""
        return pieces(self.local_path(sha256))

    def local_path(self, sha256: ids.Sha256) -> Path:
        """Return the file with the blob's bytes; BlobError when it is not here."""
        path = self._path(sha256)
        if not path.is_file():
            raise BlobError("this blob is not here")
        return path

    def file(self, sha256: ids.Sha256) -> Path | None:
        """Return the blob's file; None when it is not here."""
        path = self._path(sha256)
        return path if path.is_file() else None

    def put(self, data: bytes) -> ids.Sha256:
        """Store small bytes under their SHA-256; durable when it returns."""
        sha256 = ids.Sha256(hashlib.sha256(data).hexdigest())
        path = self._path(sha256)
        if not path.exists():
            files.make_folder(path.parent)
            files.replace(path, data)
        return sha256

    def adopt(self, path: Path, sha256: ids.Sha256) -> None:
        """Take over a complete, flushed file by renaming it; the caller has computed `sha256` over its bytes.

        When the blob is here already, `path` is removed. Durable when it returns: the folder of its name is flushed.
        Where a rename is not one step for the file system, a power cut may bring the old name back; then this is done
        again.
        """
        target = self._path(sha256)
        files.make_folder(target.parent)
        if target.exists():
            path.unlink()
        else:
            path.chmod(files.PRIVATE)
            path.rename(target)
        files.sync_folder(target.parent)

    def copy_in(self, source: Path, sha256: ids.Sha256, wrote: Callable[[int], None] = lambda _: None) -> None:
        """Store a copy of a file, hashed on the way; durable when it returns. A blob that is here stays as it is.

        `wrote` hears the size of each piece. BlobError, and nothing is stored, when the file cannot be read or its
        bytes have another SHA-256.
        """
        if not self._path(sha256).exists():
            self.take_in(pieces(source), sha256, wrote)

    def take_in(
        self, source: Iterable[bytes], sha256: ids.Sha256, wrote: Callable[[int], None] = lambda _: None
    ) -> None:
        """Store bytes from elsewhere, hashed on the way; durable when it returns.

        What was here under the name is set aside: a caller that wants to keep it looks first. BlobError, and nothing is
        changed, when the bytes have another SHA-256; errors of `source` go through.
        """
        target = self._path(sha256)
        files.make_folder(target.parent)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, files.PRIVATE)
        digest = hashlib.sha256()
        try:
            try:
                for piece in source:
                    files.write_all(handle, piece)
                    digest.update(piece)
                    wrote(len(piece))
                os.fsync(handle)
            finally:
                os.close(handle)
            if digest.hexdigest() != sha256:
                raise BlobError("the bytes are not those that the name promises")
            if target.exists():
                self.set_aside(sha256)
            temporary.rename(target)
        finally:
            temporary.unlink(missing_ok=True)
        files.sync_folder(target.parent)

    def drop(self, sha256: ids.Sha256, *, keep_bytes: int = 0) -> None:
        """Remove a blob from this folder, but for its first bytes, which `beginning` returns.

        Only for whoever has just read a whole copy of it back from elsewhere.
        """
        path = self._path(sha256)
        if keep_bytes:
            with path.open("rb") as file:
                files.replace(self._beginning(path), file.read(keep_bytes))
        path.unlink(missing_ok=True)
        files.sync_folder(path.parent)

    @staticmethod
    def _beginning(path: Path) -> Path:
        return path.with_name(f".{path.name}.beginning")

    def beginning(self, sha256: ids.Sha256) -> bytes:
        """Return what was kept of a blob that was dropped here; empty when nothing was."""
        try:
            return self._beginning(self._path(sha256)).read_bytes()
        except FileNotFoundError:
            return b""

    def destroy(self, sha256: ids.Sha256) -> int:
        """Overwrite and remove a blob and whatever was set aside of it; return how many files. Safe to repeat.

        Overwriting reaches the same place of the disk only where the file system writes in place, and never the spare
        cells of an SSD: `docs/operations/erasure.md` says what that takes. Durable when it returns.
        """
        folder = self._path(sha256).parent
        found = [path for path in (self._path(sha256), *folder.glob(f".{sha256}.*")) if path.is_file()]
        for path in found:
            files.shred(path)
        if folder.is_dir():
            files.sync_folder(folder)
        return len(found)

    def set_aside(self, sha256: ids.Sha256) -> Path:
        """Take a blob that rotted out of the way, and return where it is now: nothing is thrown away."""
        path = self._path(sha256)
        aside = path.with_name(f".{path.name}.rotten-{secrets.token_hex(4)}")
        path.rename(aside)
        files.sync_folder(path.parent)
        return aside

    def names(self, prefix: str = "") -> Iterator[ids.Sha256]:
        """Yield the name of every blob, in order; with two hexadecimal digits as `prefix`, of those in that folder."""
        for folder in sorted(self._folder.glob(prefix or "[0-9a-f][0-9a-f]")):
            for path in sorted(folder.glob("[0-9a-f]*")):
                if path.name.startswith(folder.name) and len(path.name) == SHA256_CHARS:
                    yield ids.Sha256(path.name)
