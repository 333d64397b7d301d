"""A bundle's ZIP is one that every program reads alike: each way of hiding, sharing or misplacing bytes is refused."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.bundle.format import bag
from evidence.bundle.format.bag import BagError

FILES = {"bagit.txt": b"declaration", "data/a.txt": b"first" * 50, "data/b.txt": b"second" * 50}
FLAGS, LINK = 6, 0o120777 << 16


def made(files: dict[str, bytes], top: str = "bundle/", **changes: object) -> bytes:
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


def overlapping() -> bytes:
    """Two entries of the directory that name the same bytes."""
    whole = bytearray(made(FILES))
    entries = [at for at in range(len(whole)) if whole[at : at + 4] == b"PK\x01\x02"]
    first = whole[entries[1] + 42 : entries[1] + 46]
    whole[entries[2] + 42 : entries[2] + 46] = first
    return bytes(whole)


def with_a_gap() -> bytes:
    """Bytes between the last member and the directory that no entry names."""
    whole = bytearray(made(FILES))
    directory = whole.index(b"PK\x01\x02")
    (offset,) = struct.unpack_from("<I", whole, len(whole) - 6)
    struct.pack_into("<I", whole, len(whole) - 6, offset + 4)
    return bytes(whole[:directory] + b"hide" + whole[directory:])


def another_size_in_the_member() -> bytes:
    whole = bytearray(made(FILES))
    struct.pack_into("<I", whole, 22, 1)
    return bytes(whole)


def encrypted() -> bytes:
    whole = bytearray(made(FILES))
    whole[FLAGS] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def commented() -> bytes:
    out = io.BytesIO(made(FILES))
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"behind"
    return out.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "members overlap": overlapping,
    "bytes before": lambda: b"#!/bin/sh\n" + made(FILES),
    "bytes between": with_a_gap,
    "bytes behind": commented,
    "two sizes of one member": another_size_in_the_member,
    "encrypted": encrypted,
    "compressed": lambda: made(FILES, compress_type=zipfile.ZIP_DEFLATED),
    "a link": lambda: made(FILES, external_attr=LINK),
    "no folder": lambda: made(FILES, top=""),
    "an absolute folder": lambda: made(FILES, top="/"),
    "the folder above": lambda: made(FILES, top="../"),
    "this folder": lambda: made(FILES, top="./"),
    "a drive": lambda: made(FILES, top="C:/"),
    "two folders": lambda: made({**FILES, "../other/c.txt": b""}),
    "a name outside": lambda: made({**FILES, "data/../../c.txt": b""}),
    "a backslash": lambda: made({**FILES, "data\\c.txt": b""}),
    "a folder with bytes": lambda: made({**FILES, "data/c/": b"bytes"}),
    "names that differ in case": lambda: made({**FILES, "data/A.txt": b""}),
    "names that differ in composition": lambda: made({**FILES, "data/é.txt": b"", "data/e\u0301.txt": b""}),
    "a file that is a folder": lambda: made({**FILES, "data/a.txt/c.txt": b""}),
    "cut off": lambda: made(FILES)[:-30],
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_zip_that_two_programs_could_read_differently_is_refused(hostile: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(HOSTILE[hostile]())
    with pytest.raises(BagError), bag.open_bag(path):
        pass


@pytest.mark.parametrize("kind", ["as we write it", "streamed", "with folders", "from a folder"])
def test_a_zip_that_is_read_alike_by_all_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    if kind == "streamed":  # no seeking: sizes stand behind each member
        with path.open("wb") as raw, zipfile.ZipFile(_Stream(raw), "w") as archive:
            for name, data in FILES.items():
                archive.writestr(f"bundle/{name}", data)
    elif kind == "from a folder":
        for name, data in FILES.items():
            (tmp_path / "bundle" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "bundle" / name).write_bytes(data)
        with zipfile.ZipFile(path, "w") as archive:
            for one in sorted((tmp_path / "bundle").rglob("*")):
                archive.write(one, one.relative_to(tmp_path))
    else:
        folders = {"": b"", "data/": b""} if kind == "with folders" else {}
        path.write_bytes(made({**folders, **FILES}))
    with bag.open_bag(path) as opened:
        assert {name: b"".join(opened.stream(name)) for name in opened.names()} == FILES


class _Stream:
    """A file that cannot seek, like a pipe."""

    def __init__(self, raw: io.BufferedWriter) -> None:
        self._raw = raw

    def write(self, data: bytes, /) -> int:
        return self._raw.write(data)

    def flush(self) -> None:
        self._raw.flush()

    def close(self) -> None:
        pass
