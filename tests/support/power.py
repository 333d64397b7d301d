"""A disk that knows what would be left after a power cut: what was flushed, under the names that were."""

import os
from pathlib import Path

import pytest


class Disk:
    """Knows what would survive, by inode."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.base = base
        self.files: dict[int, int] = {}
        self.names: dict[int, dict[str, int]] = {}
        self.fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self.noted_fsync)
        monkeypatch.setattr(os, "fdatasync", self.noted_fsync)

    def noted_fsync(self, descriptor: int) -> None:
        self.fsync(descriptor)
        state = os.fstat(descriptor)
        target = Path(f"/proc/self/fd/{descriptor}")
        if target.is_dir():
            self.names[state.st_ino] = {name: (target / name).stat().st_ino for name in os.listdir(descriptor)}
        else:
            self.files[state.st_ino] = state.st_size

    def survives(self, path: Path) -> bool:
        """Say whether the file would be there, under its name and whole, after a power cut now."""
        state = path.stat()
        folder = self.base
        for part in path.relative_to(self.base).parts:
            if self.names.get(folder.stat().st_ino, {}).get(part) != (folder / part).stat().st_ino:
                return False
            folder /= part
        return self.files.get(state.st_ino) == state.st_size
