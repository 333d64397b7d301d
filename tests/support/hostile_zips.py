"""ZIPs that two programs could read differently, made of any files: each way of hiding, sharing or misplacing bytes."""

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

Files = Mapping[str, bytes]

FLAGS, LINK = 6, 0o120777 << 16


def made(files: Files, top: str = "bundle/", **changes: object) -> bytes:
    """Return a ZIP of `files`; `changes` are members of the last one's `ZipInfo`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(f"{top}{name}")
            info.external_attr = 0o644 << 16
            if name == list(files)[-1]:
                for member, value in changes.items():
                    setattr(info, member, value)
            archive.writestr(info, data)
    return out.getvalue()


def overlapping(files: Files) -> bytes:
    """Two entries of the directory that name the same bytes."""
    whole = bytearray(made(files))
    entries = [at for at in range(len(whole)) if whole[at : at + 4] == b"PK\x01\x02"]
    first = whole[entries[1] + 42 : entries[1] + 46]
    whole[entries[2] + 42 : entries[2] + 46] = first
    return bytes(whole)


def doubled(files: Files) -> bytes:
    """Two members of one name; which of them is the file is for each program to choose."""
    out = io.BytesIO(made(files))
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(archive.namelist()[-1], b"another")
    return out.getvalue()


def with_a_gap(files: Files) -> bytes:
    """Bytes between the last member and the directory that no entry names."""
    whole = bytearray(made(files))
    directory = whole.index(b"PK\x01\x02")
    (offset,) = struct.unpack_from("<I", whole, len(whole) - 6)
    struct.pack_into("<I", whole, len(whole) - 6, offset + 4)
    return bytes(whole[:directory] + b"hide" + whole[directory:])


def another_size_in_the_member(files: Files) -> bytes:
    whole = bytearray(made(files))
    struct.pack_into("<I", whole, 22, 1)
    return bytes(whole)


def encrypted(files: Files) -> bytes:
    whole = bytearray(made(files))
    whole[FLAGS] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def another_name_in_the_member(files: Files) -> bytes:
    whole = bytearray(made(files))
    name = next(iter(files)).encode()
    at = whole.index(name)
    whole[at : at + len(name)] = name[::-1]
    return bytes(whole)


def in_no_known_encoding(files: Files) -> bytes:
    """A name that is not ASCII, and does not say that it is UTF-8 (APPNOTE, appendix D)."""
    whole = bytearray(made({**files, "data/é.txt": b""}))
    name = "bundle/data/é.txt".encode()
    for place, before in ((whole.index(name), 24), (whole.rindex(name), 38)):
        whole[place - before + 1] &= 0xF7  # the second byte of the flags, where bit 11 is
    return bytes(whole)


def ending_in_the_middle(files: Files) -> bytes:
    """A name with a zero byte, behind which some programs do not look."""
    return made({**files, "data/a.txt!.exe": b""}).replace(b"a.txt!", b"a.txt\0")


def commented(files: Files) -> bytes:
    out = io.BytesIO(made(files))
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"behind"
    return out.getvalue()


HOSTILE: Final[dict[str, Callable[[Files], bytes]]] = {
    "members overlap": overlapping,
    "a member twice": doubled,
    "bytes before": lambda files: b"#!/bin/sh\n" + made(files),
    "bytes between": with_a_gap,
    "bytes behind": commented,
    "two sizes of one member": another_size_in_the_member,
    "another name in the member": another_name_in_the_member,
    "a name in no known encoding": in_no_known_encoding,
    "a name that ends in the middle": lambda files: made({**files, "data/a.txt!.exe": b""}).replace(
        b"a.txt!", b"a.txt\0"
    ),
    "encrypted": encrypted,
    "compressed": lambda files: made(files, compress_type=zipfile.ZIP_DEFLATED),
    "a link": lambda files: made(files, external_attr=LINK),
    "no folder": lambda files: made(files, top=""),
    "an absolute folder": lambda files: made(files, top="/"),
    "the folder above": lambda files: made(files, top="../"),
    "this folder": lambda files: made(files, top="./"),
    "a drive": lambda files: made(files, top="C:/"),
    "two folders": lambda files: made({**files, "../other/c.txt": b""}),
    "a name outside": lambda files: made({**files, "data/../../c.txt": b""}),
    "a backslash": lambda files: made({**files, "data\\c.txt": b""}),
    "a folder with bytes": lambda files: made({**files, "data/c/": b"bytes"}),
    "names that differ in case": lambda files: made({**files, "data/a.txt": b"", "data/A.txt": b""}),
    "names that differ in composition": lambda files: made({**files, "data/é.txt": b"", "data/e\u0301.txt": b""}),
    "a file that is a folder": lambda files: made({**files, "data/a.txt": b"", "data/a.txt/c.txt": b""}),
    "cut off": lambda files: made(files)[:-30],
}
