"""A file system of its own in memory, small enough to be filled; root only."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.programs import need


@contextmanager
def small_disk(where: Path, size: str = "8m") -> Iterator[Path]:
    """Make the folder `where` a file system of `size` (tmpfs(5))."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root may mount a file system")
    where.mkdir(parents=True)
    subprocess.run([need("mount"), "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", where], check=True)
    try:
        yield where
    finally:
        subprocess.run([need("umount"), "--lazy", where], check=True)


def fill(where: Path) -> Path:
    """Leave no byte free; return the file that took them."""
    junk = where / "junk"
    with junk.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            pass
    return junk
