"""A bundle's ZIP is one that every program reads alike: each way of hiding, sharing or misplacing bytes is refused."""

import io
import zipfile
from pathlib import Path

import pytest

from evidence.bundle.format import bag
from evidence.bundle.format.bag import BagError
from tests.support.hostile_zips import HOSTILE, made

FILES = {"bagit.txt": b"declaration", "data/a.txt": b"first" * 50, "data/b.txt": b"second" * 50}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_zip_that_two_programs_could_read_differently_is_refused(hostile: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(HOSTILE[hostile](FILES))
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
