"""A case of some items, as a sealed bundle with the key that opens it, and folders to compare."""

import os
from dataclasses import dataclass
from pathlib import Path

from evidence import keys
from evidence.bundle.opening.opened import open_bundle
from evidence.envelope import sealing
from tests.support.incidents import incident, photo
from tests.support.organisation import Organisation


@dataclass(frozen=True)
class CaseToOpen:
    """A sealed bundle, and how it looks when nothing cuts off who opens it."""

    book: Organisation
    bundle: Path
    whole: Path

    @classmethod
    def build(cls, folder: Path, items: int, size_bytes: int = 40_000) -> "CaseToOpen":
        """Make a case of so many items: photos of `size_bytes`, each third item an incident."""
        book = Organisation(folder / "book")
        for number in range(items):
            if number % 3:
                content = sealing.Content.of_bytes(os.urandom(size_bytes), f"foto {number}.jpg", "image/jpeg")
                book.seal(photo(f"Foto {number}"), content)
            else:
                book.seal(incident(f"Voorval {number}"))
        book.grant(*book.standing.items)
        bundle = book.export(*book.standing.items)
        open_bundle(bundle, book.investigator, folder / "whole")
        return cls(book, bundle, folder / "whole")

    @property
    def reader(self) -> keys.Identity:
        return self.book.investigator

    def words(self, target: Path, group: int) -> tuple[str, ...]:
        """Return the words for `opening_crash_child`."""
        seeds = (self.reader.sign_seed.hex(), self.reader.xwing_seed.hex())
        return (str(self.bundle), *seeds, str(target), str(group))


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its name there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
