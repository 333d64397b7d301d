"""Look for readable text where there must be none: the curious operator, with every file in hand.

THREATS.md answers "curious operator, stolen disk, subpoena" with "ciphertext, padded sizes, times, pseudonymous
ids". This search is its test. It is made by grep(1), a program that we did not write. A search that cannot find
anything proves nothing, so it must also find a control text that is known to be there.
"""

import base64
import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIN_CORE_CHARACTERS: Final = 12
"""A shorter piece stands there by chance: eight characters hold six of the text, and "51.912" of a latitude is also a
second and its thousandths in the time of a statement."""

SLICE_BYTES: Final = 32
SLICE_WINDOW_BYTES: Final = 4096
"""Of an original file: 32 bytes of compressed media occur nowhere else by chance."""

MAX_TRIES: Final = 5
"""A server at work makes and removes files beside us: one that is gone when it is read is no reason to search less."""

GREP_FAILED: Final = 2
"""Exit code of grep(1) for an error; 1 means that nothing was found."""


@dataclass(frozen=True)
class Search:
    """What was searched, what was found, and whether the search would have found anything at all."""

    files: int
    size_bytes: int
    phrases: int
    readable: tuple[Path, ...]
    control_found: bool

    @property
    def held(self) -> bool:
        """True when nothing was readable and the search itself works."""
        return not self.readable and self.control_found


def forms(phrase: str) -> Iterator[bytes]:
    """Yield the byte forms in which a phrase could stand in a database, a blob, a log or a JSON text.

    UTF-8 as typed and in lower case (an index may fold it), JSON with escapes, UTF-16 in both orders,
    hexadecimal in both cases, and base64 at its three alignments.
    """
    for text in (phrase, phrase.lower()):
        raw = text.encode()
        yield raw
        yield json.dumps(text)[1:-1].encode()
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield from base64_cores(raw)


def base64_cores(raw: bytes) -> Iterator[bytes]:
    """Yield the part of the base64 text of `raw` that is the same whatever stands before and after it."""
    for shift in range(3):
        shifted = bytes(shift) + raw
        text = base64.b64encode(shifted[: len(shifted) // 3 * 3])
        core = text[4:] if shift else text
        if len(core) >= MIN_CORE_CHARACTERS:
            yield core


def slice_of(file: Path) -> bytes:
    """Return a few bytes out of the middle of a file, that stand in no other file by chance.

    The longest piece without a newline, because grep(1) searches line by line.
    """
    with file.open("rb") as source:
        source.seek(file.stat().st_size // 2)
        return max(source.read(SLICE_WINDOW_BYTES).split(b"\n"), key=len)[:SLICE_BYTES]


def search(roots: Iterable[Path], phrases: Sequence[str], control: str, raw: Sequence[bytes] = ()) -> Search:
    """Search every file under `roots` for every form of every phrase, for `raw` bytes, and for the control text.

    Raises:
        OSError: grep(1) is missing or could not read a file, again and again.
    """
    roots = list(roots)
    for _ in range(MAX_TRIES - 1):
        with contextlib.suppress(OSError):
            return _search_once(roots, phrases, control, raw)
    return _search_once(roots, phrases, control, raw)


def _search_once(roots: Iterable[Path], phrases: Sequence[str], control: str, raw: Sequence[bytes]) -> Search:
    files = [path for path in _files(roots) if not path.name.endswith("-shm")]
    size = sum(path.stat().st_size for path in files)
    needles = tuple(dict.fromkeys((*(form for phrase in phrases for form in forms(phrase)), *raw)))
    found = _grep(needles, files)
    # The control is searched in the same forms: it is public, and stands in the journal as part of a statement.
    control_found = bool(_grep(tuple(forms(control)), files))
    return Search(len(files), size, len(phrases) + len(raw), found, control_found)


def _grep(needles: Sequence[bytes], files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files in which at least one of the needles stands."""
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"\n".join(needles))
        patterns.flush()
        command = ["grep", "-a", "-l", "-F", "-f", patterns.name, "--", *map(str, files)]
        # LC_ALL=C: bytes are searched, whatever language the terminal speaks.
        environment = {**os.environ, "LC_ALL": "C"}
        result = subprocess.run(command, env=environment, capture_output=True, check=False)
    if result.returncode >= GREP_FAILED:
        raise OSError(f"grep could not search: {result.stderr.decode(errors='replace').strip()}")
    return tuple(Path(line) for line in result.stdout.decode().splitlines())


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield every regular file under each root (a root may be a file)."""
    for root in roots:
        if root.is_file():
            yield root
        elif root.is_dir():
            yield from sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
