"""Key files of logs and witnesses: one skey line (c2sp.org/signed-note) in a file of `evidence.keyfile`."""

from pathlib import Path

from evidence import keyfile
from evidence.custody.errors import KeyFormatError
from evidence.custody.log.note import KeyType, NoteSigner, generate_key


def load_or_create_key(path: Path, name: str, kind: KeyType = KeyType.ED25519) -> NoteSigner:
    """Return the key in the file at `path` (one skey line), making it first when there is no file.

    Raises:
        KeyFormatError: the file holds no skey, or one of another name or type.
        KeyFileError: it can be neither read nor made.
    """
    stored = keyfile.load_or_create(path, lambda: _new_key(name, kind))
    signer = NoteSigner.parse(stored.decode("utf-8", "replace").removesuffix("\n"))
    if (signer.name, signer.kind) != (name, kind):
        raise KeyFormatError(f"{path.name} holds the key of {signer.name} (type {signer.kind}), not of {name}")
    return signer


def _new_key(name: str, kind: KeyType) -> bytes:
    return f"{generate_key(name, kind).skey}\n".encode()
