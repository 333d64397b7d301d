"""The typesetter of dossiers: typst, and the fonts of the extra `report`, so that one folder gives the same bytes.

PDF/A-3a and PDF/UA-1. What no font here can show stands as its code point, `[U+1F468]`: typst refuses a whole document
for one such character.
"""

import functools
import json
import re
import unicodedata
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from evidence.bundle.dossier import sections
from evidence.bundle.dossier.contents import Contents
from evidence.bundle.dossier.dates import Language
from evidence.bundle.dossier.texts import text
from evidence.errors import EvidenceError

FONTS: Final = ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic")
_SHAPED: Final = frozenset("\u200c\u200d\n")
"""Joiners of Arabic and other scripts, and the end of a line: control characters that do not mislead."""

_LONG: Final = re.compile(r"\S{32}")
"""No column is narrower, and PDF/A allows no text of more than 32,767 characters in one piece."""


class DossierError(EvidenceError):
    """No dossier could be made."""


def make(folder: Path, language: Language) -> bytes:
    """Return the dossier of an opened folder, a PDF. DossierError when the extra `report` is not installed.

    The folder is not verified here. BagError or FormatError when it cannot be read.
    """
    try:
        import typst  # noqa: PLC0415 - whoever verifies has no typesetter
    except ImportError as error:
        raise DossierError("the extra “report” is not installed: pip install 'getuige[report]'") from error
    of = Contents.of(folder)
    data = json.dumps(_shown(document(of, language)), ensure_ascii=False)
    template = str(files("evidence.bundle.dossier") / "dossier.typ")
    made = typst.compile(
        template,
        format="pdf",
        font_paths=[str(path.parent) for path in _fonts()],
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        pdf_standards=["a-3a", "ua-1"],
        timestamp=datetime.fromtimestamp(of.now / 1000, UTC).replace(microsecond=0),
    )
    if not isinstance(made, bytes):
        raise DossierError("typst made something else than one document")
    return made


def document(of: Contents, language: Language) -> dict[str, Any]:
    """Return what a dossier says, as the template reads it."""
    writer = sections.Writer(of, language)
    return {
        "lang": language,
        "title": text("title", language),
        "subtitle": text("subtitle", language),
        "author": "Getuige",
        "footer": f"{text('case', language)} {str(of.export.statement.case)[:8]} · {of.exported.export[:8]}",
        "page": text("page", language),
        "of": text("of", language),
        "cover": sections.cover(writer),
        "sections": sections.sections(writer),
    }


def _shown(value: Any) -> Any:  # noqa: ANN401 - plain JSON
    """Return a document in which every character can be shown, and every word can be broken."""
    if isinstance(value, str):
        shown = value if value.isascii() and value.isprintable() else "".join(map(_character, value))
        return _LONG.sub("\\g<0>\N{ZERO WIDTH SPACE}", shown)
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return {name: _shown(one) for name, one in value.items()} if isinstance(value, dict) else value


def _character(one: str) -> str:
    hidden = unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Cn"} and one not in _SHAPED
    return one if one in _SHAPED or (not hidden and ord(one) in _glyphs()) else f"[U+{ord(one):04X}]"


@functools.cache
def _fonts() -> tuple[Path, ...]:
    return tuple(sorted(path for package in FONTS for path in Path(str(files(package))).rglob("*.ttf")))


@functools.cache
def _glyphs() -> frozenset[int]:
    """Return the code points that the fonts can show."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - whoever verifies has no typesetter

    found: set[int] = set()
    for path in _fonts():
        with TTFont(path, lazy=True) as font:
            found |= font.getBestCmap().keys()
    return frozenset(found)
