"""The keys of the people in the story: DATA/people/, for the demonstration alone.

In an organisation each of these folders is on another computer, and the root's is in a safe. Pass phrases are
generated (six words); here they are also written down, because the demonstration prints them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import files, keys
from server.clients import locked, memory
from server.demo.story import STAFF

ROOT: Final = "root"
VAULT: Final = "noor"
DESK: Final = "meldtafel-a"


@dataclass(frozen=True)
class People:
    """The folder."""

    folder: Path

    def locked_key(self, handle: str) -> Path:
        """Return where someone's locked key is."""
        return self.folder / handle / "locked-key.json"

    def phrase(self, handle: str) -> str:
        """Return someone's pass phrase, making one at first."""
        file = self.folder / handle / "phrase.txt"
        if not file.exists():
            memory.make_folder(file.parent)
            files.replace(file, f"{keys.generate_phrase()}\n".encode())
        return file.read_text().strip()

    def identity(self, handle: str) -> keys.Identity:
        """Return someone's keys, making them at first. Opening them takes as long as it takes a person."""
        file = self.locked_key(handle)
        phrase = self.phrase(handle)
        return locked.unlock(file, phrase) if file.exists() else locked.create(file, handle, phrase)

    @property
    def phone(self) -> Path:
        """The memory of her phone."""
        return self.folder / "phone"

    @property
    def alarm_device(self) -> Path:
        """The memory of her alarm device."""
        return self.folder / "alarm-device"

    def phrases(self) -> list[tuple[str, str, str]]:
        """Return (role, handle, pass phrase) of everyone who signs in on a page."""
        return [(person.role, person.handle, self.phrase(person.handle)) for person in STAFF]
