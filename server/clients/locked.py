"""A person's keys under a pass phrase: one file, opened only while a command runs.

The same file may be kept at the server (it cannot open it), so that the person signs in at another computer: the
server hands it only to someone who proves to know the phrase already.
"""

from pathlib import Path
from typing import Final

from evidence import canonical, files, ids, keys
from evidence.errors import EvidenceError
from server.clients import memory
from server.clients.errors import FolderError, PhraseError
from server.clients.http import Api
from server.clients.signing import Signer

AUTH_CONTEXT: Final = b"getuige/sign-in/auth/v1\x00"
"""Separates this signature from every other one that the key makes."""

NO_AUTH: Final = ids.PublicKey("0" * 64)
"""Stands where opening a key that was just handed out needs no second proof of the phrase."""


def create(file: Path, handle: str, phrase: str) -> keys.Identity:
    """Make new keys, write them to `file` under `phrase`, and return them.

    Raises:
        FolderError: there is a file already; keys are never overwritten.
    """
    if file.exists():
        raise FolderError(f"{file} exists. Keys are never overwritten: choose another file.")
    identity = keys.Identity.generate()
    memory.make_folder(file.parent)
    files.replace(file, keys.lock(identity, handle, phrase).to_bytes())
    return identity


def read(file: Path) -> keys.LockedKey:
    """Return the locked key in `file`; FolderError when it is missing or something else."""
    try:
        return keys.LockedKey.from_bytes(file.read_bytes())
    except OSError as error:
        raise FolderError(f"{file} cannot be read ({error.strerror}).") from error
    except EvidenceError as error:
        raise FolderError(f"{file} is no locked key: {error}.") from error


def unlock(file: Path, phrase: str) -> keys.Identity:
    """Return the keys in `file`.

    Raises:
        PhraseError: the phrase is another one.
        FolderError: the file is missing or something else.
    """
    try:
        return read(file).unlock(phrase)
    except EvidenceError as error:
        raise PhraseError(f"The pass phrase does not open {file}.") from error


def leave_at_server(signer: Signer, locked: keys.LockedKey) -> None:
    """Leave the locked key at the server, so that its owner can sign in from a browser.

    Raises:
        ClientError: the server refused or did not answer.
    """
    signer.api.write("PUT", f"/api/v1/locked-keys/{locked.handle}", locked.to_bytes())


def fetch(url: str, handle: str, phrase: str) -> keys.Identity:
    """Sign in at the server with handle and phrase, and return the keys. The phrase never leaves this computer.

    Raises:
        PhraseError: handle and phrase do not belong together.
        ClientError: the server did not answer.
    """
    api = Api(url)
    try:
        asked = api.post("/api/v1/sign-in/challenge", {"handle": handle})
        challenge = canonical.unb64(asked["challenge"])
        kdf = keys.Kdf(**asked["kdf"])
        proof = keys.auth_signature(phrase, kdf, AUTH_CONTEXT + challenge)
        answer = {"handle": handle, "challenge": asked["challenge"], "sig": canonical.b64(proof)}
        locked = api.post("/api/v1/sign-in/locked-key", answer)["locked"]
        return keys.LockedKey(1, handle, kdf, NO_AUTH, ids.Base64(locked)).unlock(phrase)
    except EvidenceError as error:
        raise PhraseError("Handle and pass phrase do not belong together.") from error
    finally:
        api.close()
