"""The pages' verifier in three engines, over a part of the table of tampered bundles; the whole of it runs in Node."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from tests.support.engines import UNTIL
from tests.support.rows import Row, Story
from tests.support.stand_in import StandIn
from tests.support.tampered import ROWS
from tests.support.three_engines import Engine, engine

__all__ = ["engine"]  # a fixture

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

NAMES = (
    "nothing at all", "a byte of an item", "another claim in a statement", "two proofs for each other", "no witness",
    "a file that the other manifest names", "opened: nothing at all", "opened: an original",
    "an export: names an item that is not here", "an export: a last number that is too low", "two histories",
    "rotated: nothing at all", "a witness: 9 mixed-order key, cofactorless valid",
)  # fmt: skip
"""One row of each sort."""

ASK = """
  const { readAnchors, verify } = await import("/web/core/verifier/verify.js");
  const { fromBase64 } = await import("/web/core/bytes.js");
  const bagOf = (files) => new Map(Object.entries(files).map(([name, data]) => [name, fromBase64(data)]));
  const { bundle, anchors } = %s;
  return (await verify(bagOf(bundle), await readAnchors(bagOf(anchors)))).claims;
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Row, Path, Path]]:
    story = Story.build(tmp_path_factory.mktemp("tampered"))
    chosen = [row for row in ROWS if row.name in NAMES]
    assert len(chosen) == len(NAMES)
    return [(row, *row.make(story, tmp_path_factory.mktemp("row"))) for row in chosen]


def files_of(folder: Path) -> dict[str, str]:
    found = (one for one in folder.rglob("*") if one.is_file())
    return {one.relative_to(folder).as_posix(): base64.b64encode(one.read_bytes()).decode() for one in found}


def said(claims: list[Any], verdict: str) -> set[tuple[int, str, str]]:
    return {(one["step"], one["code"], one["about"]) for one in claims if one["verdict"] == verdict}


async def test_each_engine_says_what_getuige_verify_says(
    engine: Engine, server: StandIn, rows: list[tuple[Row, Path, Path]]
) -> None:
    _, opened = engine
    async with opened() as window:
        await window.go(f"{server.url}/review")
        await window.ask(UNTIL % "document.querySelector('#handle')")  # its libraries are there
        for row, path, anchors in rows:
            given = {"bundle": files_of(path), "anchors": files_of(anchors)}
            claims = await window.ask(ASK % json.dumps(given))
            report = verify(path, trust.load(anchors, path)).to_json()["claims"]
            assert isinstance(report, list)
            ours = [one for one in report if not one["code"].startswith(("time", "derived"))]
            for verdict in ("failed", "proven"):
                assert said(claims, verdict) == said(ours, verdict), row.name
