"""The members of a bundle's ZIP, checked before a byte of them is read: what two programs read differently is none.

A bundle's ZIP is stored members below one folder, one after the other from the first byte on, then the directory, and
nothing else (APPNOTE 6.3.10, 4.3). So members cannot share bytes (CVE-2024-0450: a small file that takes hours), and
nothing can hide before, between or behind them.
"""

import stat
import struct
import unicodedata
import zipfile
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from evidence.errors import EvidenceError

_LOCAL: Final = struct.Struct("<4s5H3I2H")
"""A local file header without name and extra field (4.3.7)."""

_SIGNATURE: Final = b"PK\x03\x04"
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 0x1, 0x8, 0x800
_DESCRIPTOR_BYTES: Final = frozenset({12, 16, 20, 24})
"""With or without a signature, with sizes of 4 or 8 bytes (4.3.9)."""

_IN_EXTRA: Final = 0xFFFF_FFFF
_UNIX: Final = 3


class Member(NamedTuple):
    """Where the bytes of a file are in the ZIP, and their CRC-32."""

    start: int
    size: int
    crc: int


class ZipError(EvidenceError):
    """The ZIP is not one that every program reads alike."""


def members(archive: zipfile.ZipFile, most: int) -> dict[str, Member]:
    """Return the files by their name below the one folder; ZipError for anything that a bundle's ZIP is not."""
    everything = archive.infolist()
    if len(everything) > most:
        raise ZipError(f"more than {most} files")
    found: dict[str, zipfile.ZipInfo] = {}
    tops = set()
    for info in everything:
        top, slash, name = info.orig_filename.partition("/")
        if not (info.flag_bits & _UTF8 or info.orig_filename.isascii()):
            raise ZipError("the ZIP holds a name in an unknown encoding")
        tops.add(top)
        if not is_safe(top) or not slash:
            raise ZipError("the ZIP holds something outside its one folder")
        _check_kind(info)
        if info.is_dir():
            if info.file_size or (name and not is_safe(name.removesuffix("/"))):
                raise ZipError("the ZIP holds a folder that has bytes, or lies outside")
            continue
        if not is_safe(name) or name in found:
            raise ZipError("the ZIP names a file twice, or one outside the bag")
        found[name] = info
    if len(tops) > 1:
        raise ZipError("the ZIP holds more than one folder")
    demand_distinct(found)
    starts = _checked_places(archive, everything)
    return {name: Member(starts[info.header_offset], info.file_size, info.CRC) for name, info in found.items()}


def demand_distinct(names: Collection[str]) -> None:
    """Raise ZipError when two names are one on a disk that ignores case or composition, or a file is a folder too."""
    folded = {unicodedata.normalize("NFC", name).casefold() for name in names}
    folders: set[str] = set()
    for name in folded:
        folder = name.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    if len(folded) != len(names) or folded & folders:
        raise ZipError("two names in the bag are one on some disks")


def is_safe(name: str) -> bool:
    """Whether `name` stays inside the bag, on every operating system."""
    plain = "\\" not in name and ":" not in name and name.isprintable()
    return plain and {"", ".", ".."}.isdisjoint(name.split("/"))


def _check_kind(info: zipfile.ZipInfo) -> None:
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & _ENCRYPTED or info.compress_size != info.file_size:
        raise ZipError("the ZIP holds a compressed or encrypted member")
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise ZipError("the ZIP holds a link or a device")


def _checked_places(archive: zipfile.ZipFile, everything: Iterable[zipfile.ZipInfo]) -> dict[int, int]:
    """Members follow each other from the first byte to the directory, and the directory ends the file.

    Returns where the bytes of each member begin, by where its header does.
    """
    if archive.comment:
        raise ZipError("the ZIP has something behind its directory")
    at = 0
    starts: dict[int, int] = {}
    previous: zipfile.ZipInfo | None = None
    for info in sorted(everything, key=lambda one: one.header_offset):
        _check_gap(previous, info.header_offset - at)
        starts[info.header_offset] = start = _start_of(archive, info)
        at = start + info.compress_size
        previous = info
    _check_gap(previous, archive.start_dir - at)
    return starts


def _check_gap(previous: zipfile.ZipInfo | None, gap: int) -> None:
    described = previous is not None and previous.flag_bits & _DESCRIPTOR
    if gap not in (_DESCRIPTOR_BYTES if described else {0}):
        raise ZipError("the members of the ZIP overlap, or something lies before or between them")


def _start_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """Return where the bytes of a member begin, by its own header, which must say what the directory says."""
    file = archive.fp
    if file is None:
        raise ZipError("the ZIP is closed")
    file.seek(info.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) != _LOCAL.size:
        raise ZipError("a member of the ZIP is cut off")
    signature, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack(header)
    sizes = {packed, size} <= {info.file_size, _IN_EXTRA} and crc == info.CRC
    alike = flags == info.flag_bits and file.read(name) == info.orig_filename.encode()
    if signature != _SIGNATURE or method or not alike or not (sizes or flags & _DESCRIPTOR):
        raise ZipError("a member of the ZIP and the directory say different things")
    return int(info.header_offset + _LOCAL.size + name + extra)
