"""A folder as the whole memory of a client, which may be killed between any two instructions.

Every file is therefore replaced whole or not at all (`evidence.files`).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evidence import canonical, files
from evidence.errors import FormatError
from server.clients.errors import FolderError


def make_folder(folder: Path) -> Path:
    """Make `folder` (for its owner alone) when it is missing, and return it."""
    files.make_folder(folder)
    return folder


def write_json(path: Path, value: object) -> None:
    """Replace `path` by `value` as JSON that a person can read."""
    files.replace(path, (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON has no narrower type; each caller checks what it takes
    """Return the JSON value in `path`.

    Raises:
        FolderError: the file is missing or is no JSON.
    """
    try:
        return canonical.decode(path.read_bytes())
    except FileNotFoundError as error:
        raise FolderError(f"{path} is missing: is this the right folder?") from error
    except FormatError as error:
        raise FolderError(f"{path} is damaged: it does not hold JSON.") from error


def remove(path: Path) -> None:
    """Remove `path` durably; missing already is fine, because a killed client may repeat itself."""
    path.unlink(missing_ok=True)
    files.sync_folder(path.parent)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process, so that two clients never spend the same sequence number.

    Raises:
        FolderError: another process holds it.
    """
    make_folder(folder)
    with files.lock_if_free(folder / ".lock") as alone:
        if not alone:
            raise FolderError(f"{folder} is in use by another process.")
        yield
