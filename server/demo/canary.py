"""Look for readable text where there must be none: the curious operator, with every file in hand.

THREATS.md answers "curious operator, stolen disk, subpoena" with "ciphertext, padded sizes, times, pseudonymous
ids". This search is its test. A search that cannot find anything proves nothing, so it must also find a
control text that is known to be there.
"""

import mmap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """A phrase that could be read, and the file that it stood in."""

    phrase: str
    path: Path


@dataclass(frozen=True)
class Search:
    """What was searched, what was found, and whether the search would have found anything at all."""

    files: int
    bytes_searched: int
    phrases: int
    findings: tuple[Finding, ...]
    control_found: bool

    @property
    def held(self) -> bool:
        """True when nothing was readable and the search itself works."""
        return not self.findings and self.control_found


def forms(phrase: str) -> Iterator[bytes]:
    """Yield the byte forms in which a phrase could stand in a database, a log or a JSON text.

    UTF-8 as typed, JSON with escapes, UTF-16 (both orders), and hexadecimal in both cases; each also in
    lower case, because an index may fold it. Base64 is found through its three alignments.
    """
    for text in dict.fromkeys((phrase, phrase.lower())):
        raw = text.encode()
        yield raw
        yield text.encode("ascii", "backslashreplace").replace(b"\\xe", b"\\u00e")
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield from base64_cores(raw)


def base64_cores(raw: bytes) -> Iterator[bytes]:
    """Yield the part of the base64 text of `raw` that stays the same at each of the three alignments."""
    import base64

    for shift in range(3):
        padded = bytes(shift) + raw
        text = base64.b64encode(padded[: len(padded) // 3 * 3])
        core = text[4:] if shift else text
        if len(core) >= 8:  # noqa: PLR2004 - shorter cores occur by chance in random bytes
            yield core


def search(roots: Iterable[Path], phrases: Sequence[str], control: bytes) -> Search:
    """Search every file under `roots` for every form of every phrase, and for the control text.

    A file that vanishes meanwhile (a temporary of the database) is passed over.
    """
    needles = [(phrase, form) for phrase in phrases for form in dict.fromkeys(forms(phrase))]
    findings: list[Finding] = []
    files = total = 0
    control_found = False
    for path in _files(roots):
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                if size == 0:
                    continue
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    files += 1
                    total += size
                    control_found = control_found or content.find(control) >= 0
                    hit = {phrase for phrase, form in needles if content.find(form) >= 0}
                    findings += [Finding(phrase, path) for phrase in sorted(hit)]
        except FileNotFoundError:
            continue
    return Search(files, total, len(phrases), tuple(findings), control_found)


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield every regular file under each root (a root may be a file)."""
    for root in roots:
        if root.is_file():
            yield root
        elif root.is_dir():
            yield from sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
