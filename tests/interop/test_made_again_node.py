"""What is made of descriptions for people comes out the same in Python and in the pages: every kind, and odd tags."""

from pathlib import Path

import pytest

from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.envelope import meta as metas
from evidence.envelope import parts, sealing
from evidence.statements import bodies
from tests.support.incidents import incident
from tests.support.node_process import answer
from tests.support.organisation import Organisation
from tests.vectors import make_kind

pytestmark = [pytest.mark.need("node")]

VERIFIER = Path(__file__).parent / "verifier.mjs"
ODD = ("constructor", "__proto__", "toString", "visit", "=1+1", "media", "")


def test_both_make_the_same_timeline_and_case_file_of_every_kind(tmp_path: Path) -> None:
    book = Organisation(tmp_path)
    content = sealing.Content.of_bytes(bytes(5000), "foto één.jpg", "image/jpeg")
    described = [metas.read(make(kind)) for kind in metas.KINDS for make in (make_kind.whole, make_kind.least)]
    items = [book.seal(meta, content if isinstance(meta, metas.Media) else None) for meta in described]
    items += [book.seal(incident(conduct=ODD, place=odd, counted=odd)) for odd in ODD]
    noted = [parts.Note("red-flag", odd) for odd in (*ODD, "control")]
    source = {"source": "caseworker", "recorded": described[0].recorded, "title": "Vlag"}
    items += [book.seal(metas.Note(**source, note=note)) for note in noted]  # type: ignore[arg-type] # members as above
    book.act(book.vault, "item.amend", bodies.ItemAmend(items[1], items[0]), case=book.case)
    book.grant(*items)
    opened.open_bundle(book.export(*items), book.investigator, tmp_path / "opened")

    made = {("derived-made-again", layout.TIMELINE), ("derived-made-again", layout.CASE)}
    ours = verify(tmp_path / "opened", trust.load(book.trust))
    assert {(one.code, one.about) for one in ours.claims} >= made
    pages = answer(VERIFIER, {"path": str(tmp_path / "opened"), "trust": str(book.trust)})
    assert {(one["code"], one["about"]) for one in pages["claims"]} >= made
    assert (ours.exit_code, pages["code"]) == (0, 0)
