"""The layout of the data folder. The README shows the same list; the layout is stable."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.errors import ServerError

PORT: Final = 8480
"""Of the API and the pages; the bridge's feed and the two embedded brokers follow it."""


class UnfoundedError(ServerError):
    """This data folder holds no Getuige; the text says which file is missing."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The data folder of one Getuige."""

    data: Path

    @classmethod
    def founded(cls, data: Path) -> "Layout":
        """Return the layout of a folder that holds a Getuige; UnfoundedError otherwise, and nothing is made there."""
        layout = cls(data)
        if not layout.server_key.exists():
            raise UnfoundedError(f"{layout.server_key} is missing: was this data folder founded?")
        return layout

    @property
    def blobs(self) -> Path:
        """Sealed items, by SHA-256."""
        return self.data / "blobs"

    @property
    def uploads(self) -> Path:
        """Sealed items that are still arriving."""
        return self.data / "uploads"

    @property
    def signs(self) -> Path:
        """Signs that something is not right with a device: notes for caseworkers, no evidence."""
        return self.data / "signs"

    @property
    def rings(self) -> Path:
        """Keys that readers opened, sealed under keys of their own: a cache, in no backup."""
        return self.data / "rings"

    @property
    def log(self) -> Path:
        """The custody log (c2sp.org/tlog-tiles), also served under /log/."""
        return self.data / "log"

    def log_of(self, number: int) -> Path:
        """The log that is the `number`th of its line, from 1: each rotation of the key begins another.

        A log keeps its folder and its address for ever: files of a log are cached without an end.
        """
        return self.log if number == 1 else self.data / f"log-{number}"

    def timestamps_of(self, number: int) -> Path:
        """RFC 3161 tokens over heads of that log, and the heads."""
        return self.log_of(number) / "timestamps"

    def log_key_of(self, number: int) -> Path:
        """The key that signs the heads of that log."""
        return self.log_key if number == 1 else self.secrets / f"log-{number}.key"

    @property
    def log_vkey(self) -> Path:
        """The log's public key, beside the log."""
        return self.data / "log.vkey"

    @property
    def timestamps(self) -> Path:
        """RFC 3161 tokens and the checkpoints that they are over."""
        return self.data / "log" / "timestamps"

    @property
    def renewals(self) -> Path:
        """Renewals of RFC 3161 tokens before they expire."""
        return self.timestamps / "renewals"

    @property
    def trust(self) -> Path:
        """The trust anchors that a verifier is given, apart from any evidence."""
        return self.data / "trust"

    @property
    def exports(self) -> Path:
        """Sealed bundles."""
        return self.data / "exports"

    @property
    def repeated_erasures(self) -> Path:
        """Proofs of erasures that a restored journal may not know; the server carries them out again."""
        return self.data / "erasures"

    @property
    def secrets(self) -> Path:
        """Private keys of this server's own services."""
        return self.data / "secrets"

    @property
    def server_key(self) -> Path:
        """The key that signs receipts and `read` statements."""
        return self.secrets / "server.key"

    @property
    def log_key(self) -> Path:
        """The key that signs checkpoints."""
        return self.secrets / "log.key"

    @property
    def challenge_key(self) -> Path:
        """The key behind sign-in challenges; worth nothing to anyone who cannot sign."""
        return self.secrets / "challenge.key"

    @property
    def witness(self) -> Path:
        """Key and memory of the development witness."""
        return self.secrets / "witness"

    @property
    def tsa(self) -> Path:
        """Keys of the development time stamping authority."""
        return self.secrets / "tsa"
