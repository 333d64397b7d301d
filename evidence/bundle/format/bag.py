"""BagIt 1.0 bags (RFC 8493) in a folder or in a stored ZIP: written once, read strictly.

BagIt finds accidents only: whoever changes a file can also change the manifest. What makes a bag evidence is
that an event in the custody log commits to the manifest; `evidence.bundle.checking.verify` checks that.
"""

import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from evidence import canonical
from evidence.bundle.format import zips
from evidence.bundle.format.zips import ZipError
from evidence.errors import EvidenceError

DECLARATION: Final = "bagit.txt"
DECLARATION_TEXT: Final = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
INFO: Final = "bag-info.txt"

READ_BYTES: Final = 1024 * 1024
MIN_SHARED_BYTES: Final = 256 * 1024
"""The smallest file that is hashed beside other work."""

MAX_FILES: Final = 500_000
"""A bundle of `MAX_ITEMS`, opened, whose contents eight people looked at before; a listing that is longer is an attack
on memory."""

MAX_ITEMS: Final = 20_000
"""Of one export: a larger case is taken in parts, grant by grant (`tests/unit/bundle/test_limits.py` computes what each
limit lets through)."""

MAX_SMALL_FILE_BYTES: Final = canonical.MAX_FILE_BYTES
"""The largest file that is read whole: a manifest of `MAX_FILES` lines is smaller."""

_LINE: Final = re.compile(r"([0-9a-f]{64})  ?\*?(.+)")


class BagError(EvidenceError):
    """The folder or ZIP is not a readable bag."""


class Bag(Protocol):
    """A bag's files by their name inside the bag, with `/` between folders."""

    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        ...

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        ...

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes. BagError if it cannot be read."""
        ...

    def digest(self, name: str) -> str:
        """Return SHA-256 of a file as hexadecimal; several threads may ask at once. BagError if it cannot be read."""
        ...


@dataclass(frozen=True)
class FolderBag:
    """A bag in a folder, listed once. Links are refused: a bag brings its own bytes."""

    root: Path

    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        return self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        found = []
        for name in _files_below(self.root):
            found.append(name)
            if len(found) > MAX_FILES:
                raise BagError(f"more than {MAX_FILES} files")
        try:
            zips.demand_distinct(found)
        except ZipError as error:
            raise BagError(str(error)) from error
        return frozenset(found)

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        return os.stat(f"{self._root}/{name}", follow_symlinks=False).st_size  # noqa: PTH116 - as `_open`

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes. BagError if it cannot be read."""
        try:
            with self._open(name) as file:
                most = min(READ_BYTES, os.fstat(file.fileno()).st_size + 1)
                while data := file.read(most):
                    yield data
        except OSError as error:
            raise BagError(f"{name} cannot be read") from error

    def digest(self, name: str) -> str:
        """Return SHA-256 of a file as hexadecimal. BagError if it cannot be read."""
        try:
            with self._open(name) as file:
                if (size := os.fstat(file.fileno()).st_size) < MIN_SHARED_BYTES:
                    return hashlib.sha256(file.read(size)).hexdigest()
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BagError(f"{name} cannot be read") from error

    def _open(self, name: str) -> FileIO:
        """Open a file by plain text: a `Path` for each of a hundred thousand costs more than their bytes."""
        return open(f"{self._root}/{name}", "rb", buffering=0)  # noqa: PTH123

    @cached_property
    def _root(self) -> str:
        return str(self.root)


@dataclass(frozen=True)
class ZipBag:
    """A bag in a ZIP whose members are stored, not compressed, below one folder."""

    handle: int
    members: Mapping[str, zips.Member]

    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        return self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.members)

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        return self.members[name].size

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes. BagError if it cannot be read."""
        try:
            at, left, expected = self.members[name]
            crc = 0
            while left:
                data = os.pread(self.handle, min(left, READ_BYTES), at)
                if not data:
                    raise BagError(f"{name} cannot be read")
                at, left, crc = at + len(data), left - len(data), zlib.crc32(data, crc)
                yield data
        except (KeyError, OSError) as error:
            raise BagError(f"{name} cannot be read") from error
        if crc != expected:
            raise BagError(f"{name} cannot be read")

    def digest(self, name: str) -> str:
        """Return SHA-256 of a file as hexadecimal. BagError if it cannot be read."""
        return sha256_of(self.stream(name))


@contextmanager
def open_bag(path: Path) -> Iterator[Bag]:
    """Open a bag from a folder or a ZIP; BagError says why not."""
    if path.is_dir():
        yield FolderBag(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise BagError(f"{path.name} is neither a folder nor a ZIP file that can be read") from error
    with archive, path.open("rb", buffering=0) as file:
        try:
            found = zips.members(archive, MAX_FILES)
        except (ZipError, OSError) as error:
            raise BagError(str(error)) from error
        yield ZipBag(file.fileno(), found)


def read_small(bag: Bag, name: str) -> bytes:
    """Return a file whole; BagError if it is missing or larger than `MAX_SMALL_FILE_BYTES`."""
    if name not in bag.names():
        raise BagError(f"{name} is missing")
    if bag.size(name) > MAX_SMALL_FILE_BYTES:
        raise BagError(f"{name} is larger than {MAX_SMALL_FILE_BYTES} bytes")
    return b"".join(bag.stream(name))


def digests(
    bag: Bag, names: Collection[str], progress: Callable[[int, int], None] = lambda _done, _all: None
) -> dict[str, str]:
    """Return SHA-256 of each file; `progress` is called with bytes done and bytes in all. BagError as for `digest`.

    Large files have a thread a core: hashing leaves Python's lock alone. To hand over a small one costs more than it.
    """
    sizes = {name: bag.size(name) for name in names}
    small = [name for name in names if sizes[name] < MIN_SHARED_BYTES]
    large = sorted(sizes.keys() - small, key=sizes.__getitem__, reverse=True)  # no thread ends with a long one
    found: dict[str, str] = {}
    whole, done = sum(sizes.values()), 0
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="hash") as pool:
        beside = pool.map(bag.digest, large)
        for name, digest in zip((*small, *large), chain(map(bag.digest, small), beside), strict=True):
            found[name] = digest
            done += sizes[name]
            progress(done, whole)
    return found


def parse_manifest(data: bytes) -> dict[str, str]:
    """Read manifest lines into name → SHA-256; BagError for lines that are malformed, unsafe or double."""
    result: dict[str, str] = {}
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise BagError("the manifest is not UTF-8") from error
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise BagError("a line of the manifest is malformed")
        name = match[2]
        if not zips.is_safe(name) or name in result:
            raise BagError("the manifest names a file twice, or one outside the bag")
        result[name] = match[1]
    return result


def manifest_text(digests: Mapping[str, str]) -> bytes:
    """Return manifest lines, sorted by name, as `sha256sum` writes and checks them."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def sha256_of(pieces: Iterable[bytes]) -> str:
    """Return SHA-256 of a stream as hexadecimal."""
    digest = hashlib.sha256()
    for data in pieces:
        digest.update(data)
    return digest.hexdigest()


def _files_below(root: Path) -> Iterator[str]:
    """Yield the names of the files in a folder and its folders. BagError for a link or a device."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{folder}{entry.name}/")
                elif entry.is_file(follow_symlinks=False):
                    yield f"{folder}{entry.name}"
                else:
                    raise BagError(f"{entry.name} is not a plain file")
