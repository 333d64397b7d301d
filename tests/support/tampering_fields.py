"""Ways to tamper with the fields of an opened bundle (`data/fields/`): each says something else than was sealed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from evidence import canonical
from evidence.bundle.format import layout
from evidence.envelope import fields
from tests.support.organisation import Organisation

Lines = list[str]


def _openings(folder: Path) -> list[Path]:
    return sorted((folder / layout.FIELDS).iterdir())


def _lines(change: Callable[[Lines], Lines]) -> Callable[[Path, Organisation], None]:
    """Return a way that changes the lines of the first item's opening."""

    def tamper(folder: Path, _book: Organisation) -> None:
        path = _openings(folder)[0]
        before = path.read_text().splitlines(keepends=True)
        after = change(list(before))
        assert after != before
        path.write_text("".join(after))

    return tamper


def _withheld(line: str) -> str:
    """Return the line that withholds a leaf, as a redacted copy has it: it computes to the same commitment."""
    pointer, salt, value = line.removesuffix("\n").split("\t")
    digest = fields.digest(bytes.fromhex(salt), pointer, value.encode())
    return f"{pointer}\t-\t{digest.hex()}\n"


def _swapped(lines: Lines, column: int) -> Lines:
    """Swap a column of the last two lines."""
    first, second = (line.split("\t") for line in lines[-2:])
    first[column], second[column] = second[column], first[column]
    return [*lines[:-2], "\t".join(first), "\t".join(second)]


def _digests_swapped(lines: Lines) -> Lines:
    """Withhold two leaves, each with the digest of the other."""
    first, second = (_withheld(line).split("\t") for line in lines[-2:])
    first[2], second[2] = second[2], first[2]
    return [*lines[:-2], "\t".join(first), "\t".join(second)]


def in_both(folder: Path, _book: Organisation) -> None:
    """Say another title, in the description and in its opening alike."""
    opening, described = _openings(folder)[0], min((folder / layout.DESCRIPTIONS).iterdir())
    title = canonical.encode(canonical.decode(described.read_bytes())["title"])
    for path in (opening, described):
        path.write_bytes(path.read_bytes().replace(title, b'"Er gebeurde niets"'))


def of_another_item(folder: Path, _book: Organisation) -> None:
    """Take the line of the title, with its salt, from another item."""
    first, other = _openings(folder)[:2]
    (title,) = (line for line in other.read_text().splitlines(keepends=True) if line.startswith("/title\t"))
    lines = first.read_text().splitlines(keepends=True)
    first.write_text("".join(title if line.startswith("/title\t") else line for line in lines))


def of_another_item_whole(folder: Path, _book: Organisation) -> None:
    """Put description and opening of one item in the place of those of another."""
    for kind in (layout.FIELDS, layout.DESCRIPTIONS):
        first, other = sorted((folder / kind).iterdir())[:2]
        first.write_bytes(other.read_bytes())


def missing(folder: Path, _book: Organisation) -> None:
    """Leave an opening out."""
    _openings(folder)[0].unlink()


FIELDS: Final[Mapping[str, Callable[[Path, Organisation], None]]] = {
    "another value, in the description too": in_both,
    "a line of another item": of_another_item,
    "those of another item": of_another_item_whole,
    "left out": missing,
    "a line left out": _lines(lambda lines: lines[1:]),
    "a line twice": _lines(lambda lines: [lines[0], *lines]),
    "out of order": _lines(lambda lines: [lines[1], lines[0], *lines[2:]]),
    "renamed": _lines(lambda lines: [line.replace("/title", "/titld") for line in lines]),
    "two values for each other": _lines(lambda lines: _swapped(lines, 2)),
    "two salts for each other": _lines(lambda lines: _swapped(lines, 1)),
    "two digests for each other": _lines(_digests_swapped),
    "a number in another spelling": _lines(lambda lines: [line.replace("\t2\n", "\t2.0\n") for line in lines]),
    **{
        f"a member that is {spelling}": _lines(
            lambda lines, spelling=spelling: [line.replace("/title\t", f"/{spelling}\t") for line in lines]  # type: ignore[misc]
        )
        for spelling in ("Title", "ti.tle", "ti~1tle", "0title", "title/0", "")
    },
    "a number as a text": _lines(lambda lines: [line.replace("\t2\n", '\t"2"\n') for line in lines]),
    "withheld, and shown in the description": _lines(lambda lines: [_withheld(lines[0]), *lines[1:]]),
    "the end of the last line": _lines(lambda lines: [*lines[:-1], lines[-1].removesuffix("\n")]),
}
