"""The folder of a witness: its key, what it remembers, and the heads that it refused as forks.

Key and memory are made together and only on request. A witness that started with an empty memory because a disk was not
mounted would cosign a second history, so it rather does not start.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import files
from evidence.custody.errors import CustodyError, KeyFormatError
from evidence.custody.log.note import KeyType, NoteSigner, NoteVerifier
from evidence.custody.log.note_key import load_or_create_key
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from server.errors import ServerError

MAX_LOGS_BYTES: Final = 1024 * 1024
"""Thousands of keys; a larger file is the wrong file."""

MAX_REFUSED: Final = 100
"""Refused heads that are kept. A log that forked shows it with the first; more must not fill the disk."""


class WitnessError(ServerError):
    """This witness cannot start; the text says what to do."""


@dataclass(frozen=True)
class WitnessFolder:
    """Where a witness lives."""

    path: Path

    @property
    def key(self) -> Path:
        """The private key (0600), one line."""
        return self.path / "witness.skey"

    @property
    def vkey(self) -> Path:
        """The public key, one line: what log operators and readers are given."""
        return self.path / "witness.vkey"

    @property
    def state(self) -> Path:
        """The newest cosigned head of each log."""
        return self.path / "state"

    @property
    def refused(self) -> Path:
        """Heads that a known log signed and that do not extend what was cosigned: proof against that log."""
        return self.path / "refused"

    def create(self, name: str, kind: KeyType = KeyType.COSIGNATURE_V1) -> NoteSigner:
        """Make key and memory; `kind` is one of `note.COSIGNERS`.

        Raises:
            WitnessError: there is a key or a memory already.
            KeyFormatError: the name cannot be a key's name.
            StorageError: the disk refused.
        """
        if self.key.exists() or self.state.exists():
            raise WitnessError(f"{self.path} already holds a witness; a new key needs a new folder")
        NoteVerifier(name, KeyType.COSIGNATURE_V1, bytes(32))  # refuses a bad name before anything is written
        signer = load_or_create_key(self.key, name, kind)
        files.replace(self.vkey, f"{signer.vkey}\n".encode(), files.PUBLIC)
        files.make_folder(self.state)
        return signer

    def open(self, logs: Sequence[NoteVerifier]) -> Witness:
        """Return the witness of this folder for these logs.

        Raises:
            WitnessError: there is no key or no memory here.
            KeyFormatError: the key is damaged.
            StorageError: the disk refused.
        """
        stored = files.read_if_there(self.key)
        if stored is None or not self.state.is_dir():
            raise WitnessError(f"{self.path} holds no witness. Is the disk there? Make one with --new-key")
        signer = NoteSigner.parse(stored.decode("utf-8", "replace").removesuffix("\n"))
        return Witness(signer, FileWitnessState(self.state), logs)

    def keep_refused(self, origin: str, note: bytes) -> None:
        """Keep a refused head, unless it is here already or `MAX_REFUSED` are."""
        name = f"{hashlib.sha256(origin.encode()).hexdigest()}-{hashlib.sha256(note).hexdigest()[:16]}"
        files.make_folder(self.refused)
        if not (self.refused / name).exists() and sum(1 for _ in self.refused.iterdir()) < MAX_REFUSED:
            files.replace(self.refused / name, note)


def read_logs(path: Path, only: Sequence[str] = ()) -> tuple[NoteVerifier, ...]:
    """Return the keys of the logs in a file: one vkey a line, or a tlog-policy, whose log lines count.

    Args:
        path: the file; `#` begins a comment line.
        only: when given, the origins that may stand in it. The file may come from the logs; this comes from the
            witness's own operator.

    Raises:
        WitnessError: the file cannot be read, names no log, an origin that is not allowed, or no key of a log.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_LOGS_BYTES + 1).decode("utf-8")
        if len(text) > MAX_LOGS_BYTES:
            raise WitnessError(f"{path} is too large for a list of logs")
        logs = _parse_logs(text)
    except OSError as error:
        raise WitnessError(f"{path} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, CustodyError) as error:
        raise WitnessError(f"{path}: {error}") from error
    if not logs:
        raise WitnessError(f"{path} names no log")
    strangers = sorted({log.name for log in logs} - set(only)) if only else []
    if strangers:
        raise WitnessError(f"{path} names logs that are not allowed here: {', '.join(strangers)}")
    return logs


def _parse_logs(text: str) -> tuple[NoteVerifier, ...]:
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if any(line.startswith("log ") for line in lines):
        return Policy.parse(text).logs
    logs = tuple(map(NoteVerifier.parse, lines))
    if any(log.kind is not KeyType.ED25519 for log in logs):
        raise KeyFormatError("a log has a key of type 1")
    return logs
