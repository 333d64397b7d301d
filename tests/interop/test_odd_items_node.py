"""The page reads descriptions by the rules that Python reads them by: put to the same table of odd items, in Node."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evidence import ids, keys
from evidence.envelope import container, pages
from evidence.statements import event, statement
from server.web import meta_schema
from tests.support import odd_items
from tests.support.node_peer import CASE, b64
from tests.support.waiting import patience

PEER = Path(__file__).parent / "odd_items.mjs"
PHONE, READER = keys.Identity.generate(), keys.Identity.generate()


def ask(question: str, **members: object) -> Any:  # noqa: ANN401 - JSON
    request = json.dumps({"ask": question, **members}).encode()
    done = subprocess.run(["node", str(PEER)], input=request, capture_output=True, check=False, timeout=patience(120))
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_the_pages_rules_and_words_are_those_of_the_code() -> None:
    for file, text in meta_schema.files().items():
        assert file.read_text() == text, f"{file}: run `make docs`"


@pytest.mark.need("node")
def test_a_case_full_of_odd_items_opens_but_for_what_does_not() -> None:
    odd, rows = {}, []
    for index, one in enumerate(odd_items.ODD):
        whole, body = odd_items.write(one, PHONE, CASE, [READER.xwing_public])
        odd[body.item] = one
        prefix = container.parse_prefix(whole)
        made = event.record(statement.sign(PHONE, "item.seal", body, case=CASE), index, ids.now())
        served = pages.Served(prefix.head_bytes, prefix.meta_ciphertext)
        rows.append(pages.Row(made.index, made.received_at, made.event, made.salt, served))
    answer = ask("open", page=b64(pages.write(b"{}", rows)), seeds=[b64(READER.xwing_seed)])

    expected = {item for item, one in odd.items() if one.opens != "nothing"}
    names = {item: one.name for item, one in odd.items()}
    assert sorted(names[item] for item in answer["opened"]) == sorted(names[item] for item in expected)
    faults = {names[item]: fault for item, fault in answer["unopened"]}
    assert faults == {
        one.name: "key" if one.wrap is not None else "description" for one in odd.values() if one.opens == "nothing"
    }
    assert None not in answer["moments"]  # NaN is null in JSON
    assert answer["closed"] == 0


@pytest.mark.need("node")
def test_the_page_seals_nothing_that_a_reader_would_refuse() -> None:
    long = odd_items.meta(text=["é" * (odd_items.LONGEST + 1)])
    metas = [odd_items.meta(), long, odd_items.meta(severity="4"), {}, None, odd_items.meta(happened=5)]
    order = {"kind": "huisverbod", "valid_from": "2026-02-28", "until": "2026-02-30"}
    camera = {"taken": "2026-05-06T21:30:00+99:99", "taken_from": "DateTimeOriginal"}
    metas += [odd_items.meta(happened="gisteren"), {**odd_items.FULL["order"], "order": order}]
    metas += [{**odd_items.FULL["photo"], "camera": camera}, odd_items.FULL["photo"]]  # and no content
    place = {"case": CASE, "item": ids.new_id(), "at": ids.now(), "by": PHONE.kid}
    refused = ask("seal", metas=metas, seed=b64(PHONE.sign_seed), place=place)
    assert refused == [None, *["FormatError"] * 5, *["TimeError"] * 3, "FormatError"]
