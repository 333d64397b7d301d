"""What was said of a granted item goes into every bundle and stands beside the item; what is of others does not."""

import itertools
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.report import Verdict
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.statements import bodies
from evidence.statements import event as events
from tests.support import published
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.rows import break_glass, split
from tests.support.timeline_rows import rows_of


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path / "book")


def test_corrections_disputes_holds_wishes_and_exports_are_told(book: Organisation) -> None:
    item, hidden = book.seal(incident()), book.seal(incident())
    book.grant(item)
    book.export(item)
    device = book.standing.device_of_key[book.phone.kid]
    book.act(book.vault, "dispute", bodies.Dispute(device, ids.now(), ids.now()), case=book.case)
    held = bodies.HoldPlace(ids.HoldId(ids.new_id()), "onderzoek", (item, hidden))
    book.act(book.caseworker, "hold.place", held, case=book.case)
    wished = bodies.EraseRequest(ids.ErasureId(ids.new_id()), (item,))
    book.act(book.vault, "erase.request", wished, case=book.case)
    again = book.grant(item)
    book.act(book.vault, "revoke", bodies.Revoke(again.grant), case=book.case)
    report = verify(book.export(item), trust.load(book.trust))
    assert report.failed == ()
    said = {claim.code: claim for claim in report.claims if claim.verdict is Verdict.NOTE}
    assert {"item-disputed", "item-held", "item-erasure-asked", "grant-revoked", "exported-before"} <= said.keys()
    assert said["item-held"].about == item[:8], "an item that is not here is not named"
    assert said["exported-before"].text("nl") == "Hiervan is eerder uitgeleverd: R. Rechercheur (rechercheur) (1×)."
    (sealed,) = (claim for claim in report.claims if claim.code == "item-unchanged")
    assert "(uitgenodigd door C. Hulpverlener)" in sealed.text("nl")
    assert "(invited by C. Hulpverlener)" in sealed.text("en")


def test_who_opens_a_bundle_reads_corrections_and_disputes_beside_each_item(book: Organisation, tmp_path: Path) -> None:
    began, seconds = datetime.now(UTC), itertools.count()
    book.clock = lambda: ids.time_of(began + timedelta(seconds=next(seconds)))
    first, hers, addition, disputed = (book.seal(incident(title)) for title in ("Eerst", "Beter", "Erbij", "Niet waar"))
    second = keys.Identity.generate()
    other = book.enrol(second)
    book.act(book.vault, "item.amend", bodies.ItemAmend(hers, first), case=book.case)
    book.act(book.phone, "item.amend", bodies.ItemAmend(addition, disputed), case=book.case, chain=book.next_link())
    device = book.standing.device_of_key[book.phone.kid]
    recorded = [events.parse(one.event) for one in book.journal]
    at = {
        one.statement.body.item: one.received_at for one in recorded if isinstance(one.statement.body, bodies.ItemSeal)
    }
    book.act(book.vault, "dispute", bodies.Dispute(device, at[disputed], at[disputed]), case=book.case)
    book.act(book.vault, "dispute", bodies.Dispute(other, at[first], at[disputed]), case=book.case)
    book.grant(first, hers, addition, disputed)
    opened.open_bundle(book.export(first, hers, addition, disputed), book.investigator, tmp_path / "opened")
    rows = {row["item"]: row for row in rows_of(tmp_path / "opened")}
    later = {
        item: {name: row[name] for name in ("amends", "confirmed", "amended_by", "disputed") if row[name]}
        for item, row in rows.items()
    }
    assert later == {
        first: {"amended_by": hers},
        hers: {"amends": first, "confirmed": "ja / yes"},
        addition: {"amends": disputed, "confirmed": "nee / no"},
        disputed: {"disputed": "ja / yes"},
    }
    graph = json.loads((tmp_path / "opened" / layout.CASE).read_bytes())["@graph"]
    notes = {node["core:statement"][-1] for node in graph if node["@type"] == "core:Annotation"}
    assert notes == {
        f"Verbeterd door / Corrected by [amended_by]: {hers}",
        "Die verbetering is bevestigd / That correction is confirmed [confirmed]: ja / yes",
        "Die verbetering is bevestigd / That correction is confirmed [confirmed]: nee / no",
        "Zij zegt: niet van mij / She says: not mine [disputed]: ja / yes",
    }
    assert verify(tmp_path / "opened", trust.load(book.trust)).failed == ()


def test_what_was_lifted_or_cancelled_is_in_the_bundle_and_stands_beside_nothing(book: Organisation) -> None:
    item = book.seal(incident())
    book.grant(item)
    held = bodies.HoldPlace(ids.HoldId(ids.new_id()), "onderzoek", (item,))
    book.act(book.caseworker, "hold.place", held, case=book.case)
    book.act(book.caseworker, "hold.lift", bodies.HoldLift(held.hold), case=book.case)
    wished = bodies.EraseRequest(ids.ErasureId(ids.new_id()), (item,))
    book.act(book.vault, "erase.request", wished, case=book.case)
    book.act(book.vault, "erase.cancel", bodies.EraseStep(wished.erasure), case=book.case)
    report = verify(book.export(item), trust.load(book.trust))
    assert report.failed == ()
    assert not {"item-held", "item-erasure-asked"} & {claim.code for claim in report.claims}
    whole = {claim.about for claim in report.claims if claim.code == "sequence-whole"}
    assert whole == {book.vault.kid[:8], book.standing.device_of_key[book.phone.kid][:8]}


def test_what_is_said_of_another_item_and_another_phone_stays_out(book: Organisation) -> None:
    item, hidden = book.seal(incident()), book.seal(incident())
    second = book.enrol(keys.Identity.generate())
    book.grant(item)
    held = bodies.HoldPlace(ids.HoldId(ids.new_id()), "onderzoek", (hidden,))
    book.act(book.caseworker, "hold.place", held, case=book.case)
    book.act(book.vault, "dispute", bodies.Dispute(second, ids.now(), ids.now()), case=book.case)
    report = verify(book.export(item), trust.load(book.trust))
    assert report.failed == ()
    assert not {"item-held", "item-disputed"} & {claim.code for claim in report.claims}


def test_the_use_of_a_rescue_key_is_told_and_who_holds_shares_is_not(book: Organisation) -> None:
    item, rescue, colleague = book.seal(incident()), keys.Identity.generate(), keys.Identity.generate()
    certificate = published.certificate(colleague, "caseworker", "B. IJstaan", book.team)
    book.act(book.root, "key.publish", certificate)
    split(book, rescue, book.caseworker, colleague)
    until = ids.time_of(ids.moment_of(ids.now()) + timedelta(days=9))
    listed = bodies.ListSet(1, ids.now(), until, (), rescue=published.opens(rescue))
    book.act(book.vault, "list.set", listed, case=book.case)
    book.grant(item)
    before = verify(book.export(item), trust.load(book.trust))
    assert "case-rescued" not in {claim.code for claim in before.claims}
    break_glass(book, rescue, colleague, book.caseworker)
    path = book.export(item)
    report = verify(path, trust.load(book.trust))
    assert report.failed == ()
    (said,) = (claim for claim in report.claims if claim.code == "case-rescued")
    assert said.text("nl").startswith("B. IJstaan (casemanager) kon met de noodsleutel van de zaak lezen")
    assert said.text("en").endswith("C. Hulpverlener (caseworker) agreed: zij is vermist")
    with zipfile.ZipFile(path) as bundle:
        shown = [events.parse(bundle.read(name)).statement.type for name in bundle.namelist() if layout.EVENTS in name]
    assert (shown.count("rescue.use"), shown.count("rescue.share")) == (2, 0)
