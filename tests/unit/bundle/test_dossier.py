"""The dossier of an opened folder: every kind and odd items in it, the same bytes each time, readable by others."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evidence import edtf, ids
from evidence.bundle.dossier import dates, typesetting
from evidence.bundle.dossier.contents import Contents
from evidence.bundle.opening.opened import open_bundle
from evidence.envelope import meta as metas
from evidence.envelope import parts
from tests.support import odd_items
from tests.support.incidents import incident
from tests.support.organisation import Organisation

EMOJI, HAN, PRIVATE, TURNED = "\N{MAN}", "漢", "\ue000", "\N{RIGHT-TO-LEFT OVERRIDE}"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = Organisation(tmp_path_factory.mktemp("book"))
    for one in odd_items.kinds():
        book.raw(one)
    for one in odd_items.few():
        if one.wrap is None:
            book.raw(one)
    book.seal(incident("متعب"))
    book.seal(incident(f"{EMOJI}{HAN}{PRIVATE}{TURNED} #strong[x] $ \\ <b>"))
    stop = parts.Order("stop-gezegd", edtf.Edtf("2026-05-01"))
    book.seal(metas.Order(source="victim", recorded=ids.Time("2026-05-02T10:00:00.000Z"), title="Stop", order=stop))
    items = list(book.standing.items)
    book.grant(*items)
    folder = tmp_path_factory.mktemp("opened") / "opened"
    open_bundle(book.export(*items), book.investigator, folder)
    return folder


@pytest.mark.need("pdftotext")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "nl",
            ("geen proces-verbaal", "zes factoren", "Nadat hem stop is gezegd", "Stukkenlijst", "die niet opengaan"),
        ),
        ("en", ("no police record", "six factors", "After he was told to stop", "List of exhibits", "do not open")),
    ],
)
def test_it_says_what_is_there_and_the_same_bytes_each_time(
    opened: Path, tmp_path: Path, language: dates.Language, words: tuple[str, ...]
) -> None:
    made = typesetting.make(opened, language)
    assert made == typesetting.make(opened, language)
    (tmp_path / "dossier.pdf").write_bytes(made)

    text = _text(tmp_path / "dossier.pdf")
    for one in (
        *words,
        "[U+1F468][U+6F22][U+E000][U+202E] #strong[x] $ \\ <b>",
        Contents.of(opened).exported.manifest[:32],
    ):
        assert _squeezed(one) in text, one


def test_every_item_has_one_row_and_every_figure_counts_what_is_there(opened: Path) -> None:
    of = Contents.of(opened)
    said = typesetting.document(of, "nl")
    anchors = [one["anchor"] for one in _every(said) if "anchor" in one]
    assert sorted(anchors) == sorted(of.numbers.values()) == list(range(1, len(anchors) + 1))
    assert {one["i"] for one in _every(said) if "i" in one} <= set(anchors)
    assert len(anchors) > len(metas.KINDS)


@pytest.mark.parametrize(
    ("told", "dutch"),
    [
        (None, "–"),
        ("2026-05-12T21:30", "12 mei 2026, 21:30"),
        ("2026-05-12T21:30:05Z", "12 mei 2026, 23:30:05"),
        ("2026-05-12", "12 mei 2026"),
        ("2026-05~", "rond mei 2026"),
        ("2026?", "misschien 2026"),
        ("2026%", "misschien rond 2026"),
        ("2026-21", "lente 2026"),
        ("2026-05-12/2026-06", "12 mei 2026 – juni 2026"),
        ("../2026-06", "tot en met juni 2026"),
        ("2026-05-12/..", "vanaf 12 mei 2026"),
        ("2026-02-30", "“2026-02-30” (niet begrepen)"),
    ],
)
def test_a_time_is_as_vague_as_it_was_told(told: str | None, dutch: str) -> None:
    assert dates.told(told, "nl") == dutch


def test_without_the_extra_it_says_so_and_writes_nothing(opened: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['typst'] = None; from server.cli import main; main()"
    command = [sys.executable, "-c", code, "dossier", str(opened), "--out", str(tmp_path / "dossier.pdf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "getuige[report]" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_an_error_in_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from server.cli import main; main()", "dossier", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def _text(pdf: Path) -> str:
    done = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True)
    return _squeezed(done.stdout)


def _squeezed(text: str) -> str:
    return "".join(text.replace("\N{ZERO WIDTH SPACE}", "").split())


def _every(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - plain JSON
    """Return every record in a document."""
    if isinstance(value, dict):
        return [value, *(one for inner in value.values() for one in _every(inner))]
    return [one for inner in value for one in _every(inner)] if isinstance(value, list) else []
