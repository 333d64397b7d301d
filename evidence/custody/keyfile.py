"""Private note keys on disk: made once, readable by their owner only."""

from pathlib import Path

from evidence.custody import disk
from evidence.custody.errors import KeyFormatError
from evidence.custody.log.note import KeyType, NoteSigner, generate_key


def load_or_create_key(path: Path, name: str, kind: KeyType = KeyType.ED25519) -> NoteSigner:
    """Return the key in the file at `path` (one skey line), making it first when there is no file.

    Raises:
        KeyFormatError: the file holds no skey, or one of another name or type.
        StorageError: the disk refused.
    """
    disk.make_folder(path.parent)
    stored = disk.read_if_there(path)
    if stored is None:
        signer = generate_key(name, kind)
        disk.write_once(path, f"{signer.skey}\n".encode(), disk.SECRET_MODE)
        disk.sync_folders([path.parent])
        return signer
    signer = NoteSigner.parse(stored.decode("utf-8", "replace").removesuffix("\n"))
    if (signer.name, signer.kind) != (name, kind):
        raise KeyFormatError(f"{path.name} holds the key of {signer.name} (type {signer.kind}), not of {name}")
    return signer
