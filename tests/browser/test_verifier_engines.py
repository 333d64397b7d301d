"""The pages' verifier in three engines, over a part of the table of tampered bundles; the whole of it runs in Node."""

import base64
import json
from pathlib import Path

import pytest

from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from tests.support.engines import UNTIL
from tests.support.rows import Row, Story, comparable
from tests.support.stand_in import StandIn
from tests.support.tampered import ROWS
from tests.support.three_engines import Engine, engine

__all__ = ["engine"]  # a fixture

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

NAMES = (
    "nothing at all", "a byte of an item", "another claim in a statement", "two proofs for each other", "no witness",
    "a file that the other manifest names", "opened: nothing at all", "opened: an original",
    "an export: names an item that is not here", "an export: a last number that is too low", "two histories",
    "rotated: nothing at all", "a witness: 9 mixed-order key, cofactorless valid", "ZIP: nothing at all",
    "opened: every kind", "clocks: the server's is ahead", "authorities: one against two",
    "a witness with ML-DSA-44: nothing at all", "expired tokens: renewed", "an erasure: nothing at all",
    "an erasure: a tombstone less",
)  # fmt: skip
"""One row of each sort."""

ASK = """
  const { folder, readAnchors, unzip, verify, verifyDocument } = await import("/web/core/verifier/verify.js");
  const { fromBase64 } = await import("/web/core/bytes.js");
  const blob = (data) => new Blob([fromBase64(data)]);
  const bagOf = (files) => folder(Object.entries(files).map(([name, data]) => [name, blob(data)]));
  const { bundle, document, anchors } = %s;
  const trusted = await readAnchors(bagOf(anchors));
  const bag = async () => typeof bundle === "string" ? unzip(blob(bundle)) : bagOf(bundle);
  const findings = document ? await verifyDocument(blob(document), trusted) : await verify(await bag(), trusted);
  return { claims: findings.claims, nl: findings.lines("nl") };
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Row, Path, Path]]:
    story = Story.build(tmp_path_factory.mktemp("tampered"))
    chosen = [row for row in ROWS if row.name in NAMES]
    assert len(chosen) == len(NAMES)
    return [(row, *row.make(story, tmp_path_factory.mktemp("row"))) for row in chosen]


def files_of(path: Path) -> dict[str, str] | str:
    """Return a folder's files by name, or the one file that it is, in base64."""
    if path.is_file():
        return base64.b64encode(path.read_bytes()).decode()
    found = (one for one in path.rglob("*") if one.is_file())
    return {one.relative_to(path).as_posix(): base64.b64encode(one.read_bytes()).decode() for one in found}


async def test_each_engine_says_what_getuige_verify_says(
    engine: Engine, server: StandIn, rows: list[tuple[Row, Path, Path]]
) -> None:
    _, opened = engine
    async with opened() as window:
        await window.go(f"{server.url}/review")
        await window.ask(UNTIL % "document.querySelector('#handle')")  # its libraries are there
        for row, path, anchors in rows:
            what = "document" if path.suffix == ".json" else "bundle"
            given = {what: files_of(path), "anchors": files_of(anchors)}
            told = await window.ask(ASK % json.dumps(given))
            report = verify(path, trust.load(anchors, path))
            claims = report.to_json()["claims"]
            assert isinstance(claims, list)
            assert comparable(told["claims"]) == comparable(claims), row.name
            if not report.failed:
                assert sorted(told["nl"]) == sorted(line for _, line in report.lines("nl")), row.name
