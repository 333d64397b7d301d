"""The folder with the stamped heads of a log: `<size>.checkpoint`, and beside it a token of each authority.

`<size>.tsr` is the token where only one authority is asked, `<size>.<name>.tsr` that of a named one. A token whose
time contradicts all other clocks is kept for a human in `aside/`, and no bundle carries it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from evidence import files
from server.timestamps.renewals import Renewals

SUFFIX: Final = ".tsr"
NOTE_SUFFIX: Final = ".checkpoint"
ASIDE: Final = "aside"


@dataclass(frozen=True)
class StampFolder:
    """One log's stamped heads. Reading may happen from any thread; tokens never change."""

    folder: Path

    def sizes(self) -> list[int]:
        """Return the sizes of the heads that have a token, in order."""
        return sorted(self.by_size())

    def by_size(self) -> dict[int, list[Path]]:
        """Return the tokens over each head, in the order of their authorities' names, by one look at the folder."""
        found: dict[int, list[Path]] = {}
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            found.setdefault(int(path.name.split(".")[0]), []).append(path)
        return found

    def has(self, size: int) -> bool:
        """Say whether a head of this size has a token."""
        return any(self._files(size))

    def note(self, size: int) -> bytes:
        """Return the head as it was stamped."""
        return (self.folder / f"{size}{NOTE_SUFFIX}").read_bytes()

    def digest(self, size: int) -> bytes:
        """Return what the tokens over a head are over: its SHA-256."""
        return hashlib.sha256(self.note(size)).digest()

    def tokens(self, size: int) -> list[bytes]:
        """Return the tokens over a head, in the order of their authorities' names."""
        return [path.read_bytes() for path in self._files(size)]

    def token(self, size: int, name: str | None = None) -> bytes | None:
        """Return the token of one authority over a head; without a name the first one's."""
        found = {name_of(path): path for path in self._files(size)}
        path = next(iter(found.values()), None) if name is None else found.get(name)
        return None if path is None else path.read_bytes()

    def newest(self) -> dict[str, Path]:
        """Return the newest token of each authority, by name (empty: the only one)."""
        found: dict[str, Path] = {}
        for _, paths in sorted(self.by_size().items()):
            found |= {name_of(path): path for path in paths}
        return found

    def aside(self) -> list[Path]:
        """Return the tokens that were laid aside."""
        return sorted((self.folder / ASIDE).glob(f"*{SUFFIX}"))

    def keep(self, size: int, note: bytes, tokens: Mapping[str, bytes], aside: Mapping[str, bytes]) -> None:
        """Store a head and its tokens by name, durably: the head first, so that no token is over nothing."""
        files.make_folder(self.folder)
        files.replace(self.folder / f"{size}{NOTE_SUFFIX}", note)
        if aside:
            files.make_folder(self.folder / ASIDE)
        for folder, named in ((self.folder / ASIDE, aside), (self.folder, tokens)):
            for name, token in named.items():
                files.replace(folder / file_name(str(size), name), token)

    def _files(self, size: int) -> list[Path]:
        return sorted([*self.folder.glob(f"{size}{SUFFIX}"), *self.folder.glob(f"{size}.*{SUFFIX}")])


def file_name(stem: str, name: str) -> str:
    """Return the name of the file with an authority's token (`name` empty: the only one)."""
    return f"{stem}{'.' if name else ''}{name}{SUFFIX}"


def name_of(path: Path) -> str:
    """Return the authority that a token's file is named after; empty where it is the only one."""
    return path.name.removesuffix(SUFFIX).partition(".")[2]


@dataclass(frozen=True)
class StoredTokens:
    """All tokens of a data folder by what they stamp, with their renewals (`vouching.Kept`); read once, then fixed."""

    folders: tuple[StampFolder, ...]
    renewals: Renewals

    @cached_property
    def _heads(self) -> dict[bytes, list[Path]]:
        return {folder.digest(size): paths for folder in self.folders for size, paths in folder.by_size().items()}

    def tokens(self, digest: bytes) -> list[bytes]:
        """Return the tokens over a digest: of a head, or of a renewal."""
        if digest in self._heads:
            return [path.read_bytes() for path in self._heads[digest]]
        return self.renewals.tokens(digest)

    def renewal(self, token: bytes) -> bytes | None:
        """Return the proof file of the renewal of a token."""
        return self.renewals.proof(token)

    def everything(self) -> Iterable[tuple[bytes, bytes]]:
        """Yield each digest and each token over it, those of renewals included."""
        for digest in (*self._heads, *self.renewals.digests()):
            for token in self.tokens(digest):
                yield digest, token
