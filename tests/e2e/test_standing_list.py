"""She says who gets what is added from now on, by her vault: what waits a day, who is refused, what is wrapped later.

THREATS.md: "forces her to revoke her caseworker", "forces her to put him on the standing list".
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.edtf import Edtf
from evidence.envelope import parts
from evidence.envelope.meta import Order
from evidence.statements import bodies
from evidence.statements.reader_lists import WAIT
from server.clients import agreeing, timeline
from server.clients.caseworker import Caseworker
from server.clients.errors import DistrustError, RefusedError
from server.clients.phone_folder import open_phone
from server.clients.standing_list import Reading
from server.clients.vault import wrap_missing
from tests.support import starter
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import Person, World

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)


@pytest.fixture
def her(world: World, tmp_path: Path) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        her.enrol(tmp_path / "phone")
        yield her


@pytest.fixture
def colleague(world: World) -> Person:
    return world.certify("caseworker", "S. Tand-In", world.team)


def add(folder: Path, title: str) -> None:
    """Add something on her phone, which hears of a list when it sends: so it seals by the one before."""
    with open_phone(folder / "phone") as phone:
        phone.add(incident(title))
        phone.sync()


def titles(her: PhoneOwner, who: keys.Identity) -> list[str]:
    """Return what somebody reads of her case."""
    moments = timeline.read(her.connect(who), her.case, [who])
    return [one.opened.meta.title for one in moments if one.opened]


def agreed(her: PhoneOwner, wanted: dict[ids.KeyId, tuple[str, ...] | None]) -> bodies.ListSet:
    """Have her propose a list and the lead sign it too; then it begins."""
    lead = her.connect(her.world.caseworker.identity)
    proposal = agreeing.read(lead, her.vault.propose_readers(wanted).envelope.to_bytes())
    agreeing.agree(lead, proposal)
    return proposal.body


def test_who_is_named_reads_what_is_added_and_not_what_was_there(
    her: PhoneOwner, tmp_path: Path, colleague: Person
) -> None:
    lead = her.world.caseworker
    add(tmp_path, "Daarvoor")
    first, _ = her.vault.set_readers({lead.kid: None})
    assert (first.number, first.since <= ids.now()) == (1, True)
    add(tmp_path, "Daarna")
    assert titles(her, lead.identity) == []
    assert her.vault.wrap_missing() == 1
    assert her.vault.wrap_missing() == 0
    assert titles(her, lead.identity) == ["Daarna"]
    agreed(her, {lead.kid: None, colleague.kid: ("order",)})
    add(tmp_path, "Nog later")
    assert her.vault.wrap_missing() == 0  # her phone heard of the lead; no order, so nothing for the colleague
    assert (titles(her, lead.identity), titles(her, colleague.identity)) == (["Daarna", "Nog later"], [])
    agreed(her, {lead.kid: None, colleague.kid: None})
    add(tmp_path, "Het laatst")
    her.vault.wrap_missing()
    moments = timeline.read(her.connect(lead.identity), her.case, [lead.identity])
    assert wrap_missing(her.connect(lead.identity), her.case, moments) == 0
    assert titles(her, colleague.identity) == ["Nog later", "Het laatst"]


def test_a_caseworker_wraps_to_a_colleague_what_she_reads(her: PhoneOwner, tmp_path: Path, colleague: Person) -> None:
    lead = her.world.caseworker
    her.vault.set_readers({lead.kid: None, colleague.kid: None})
    add(tmp_path, "Nieuw")
    item = next(one for one in her.vault.items() if one.item is not None)
    assert item.item is not None
    assert item.opened is not None
    reader = her.vault.reader(lead.kid)
    key = reader.wrap(item.opened.content_key, her.case, item.item)
    her.vault.signer.act("item.wrap", bodies.ItemWrap(item.item, lead.kid, reader.opening_kid, key, 2), her.case)
    assert (titles(her, lead.identity), titles(her, colleague.identity)) == (["Nieuw"], [])
    moments = timeline.read(her.connect(lead.identity), her.case, [lead.identity])
    assert wrap_missing(her.connect(lead.identity), her.case, moments) == 1
    assert titles(her, colleague.identity) == ["Nieuw"]


def test_what_takes_the_last_away_begins_a_day_from_now(her: PhoneOwner, tmp_path: Path, colleague: Person) -> None:
    lead = her.world.caseworker
    her.vault.set_readers({lead.kid: None, colleague.kid: None})
    one_less, _ = her.vault.set_readers({lead.kid: None})
    assert one_less.since <= ids.now()
    nobody, _ = her.vault.set_readers({})
    assert ids.moment_of(nobody.since) - datetime.now(UTC) > WAIT
    add(tmp_path, "In de tussentijd")
    assert her.vault.wrap_missing() == 1
    assert titles(her, lead.identity) == ["In de tussentijd"]
    again, _ = her.vault.set_readers({lead.kid: None})
    assert again.since <= ids.now()  # one act restores, before the other began


def test_within_a_day_of_an_order_her_vault_waits_though_the_server_cannot_know(
    her: PhoneOwner, colleague: Person
) -> None:
    lead = her.world.caseworker
    her.vault.set_readers({lead.kid: None, colleague.kid: None})
    today = parts.Order("huisverbod", Edtf("2026-05-01"), Edtf("2026-05-11"))
    order = Order(source="caseworker", recorded=ids.now(), title="Huisverbod", order=today)
    Caseworker(her.connect(lead.identity)).record(her.case, order)
    one_less, _ = her.vault.set_readers({lead.kid: None})
    assert ids.moment_of(one_less.since) - datetime.now(UTC) > WAIT
    reading = Reading.of(her.vault.items())
    assert reading.in_force(ids.now()) == reading.lists[0]


def test_nobody_but_a_caseworker_of_the_root_is_named_and_nobody_who_is_excluded(
    her: PhoneOwner, colleague: Person
) -> None:
    stranger = keys.Identity.generate().kid
    for kid in (her.world.investigator.kid, her.world.dispatcher.kid, stranger):
        with pytest.raises(DistrustError, match="not a caseworker's"):
            her.vault.set_readers({kid: None})
    team = ids.TeamId(ids.new_id())
    her.world.root.act("team.open", bodies.TeamOpen(team, "Elders"))
    other = her.world.certify("caseworker", "Van elders", team)
    with pytest.raises(RefusedError, match="reader"):
        her.vault.set_readers({other.kid: None})
    her.world.caseworker.act("readers.exclude", bodies.ReadersExclude((colleague.kid,)), her.case)
    with pytest.raises(DistrustError, match="excluded"):
        her.vault.set_readers({colleague.kid: None})
    assert Reading.of(her.vault.items()).lists == ()


def test_by_command(her: PhoneOwner, tmp_path: Path, colleague: Person) -> None:
    lead = her.world.caseworker
    people = {"hers": her.identity, "lead": lead.identity}
    for name, identity in people.items():
        (tmp_path / name).write_bytes(keys.lock(identity, name, PHRASE, CHEAP).to_bytes())
    (tmp_path / "phrase").write_text(PHRASE)
    common = (
        *("--trust", her.world.settings.data / "trust", "--url", her.world.url),
        *("--phrase-file", tmp_path / "phrase", "--case", her.case),
    )

    def run(who: str, *words: object, errors: bool = False) -> str:
        told = (*words, "--key", tmp_path / who, *(common[:-2] if "agree" in words else common))
        ended = starter.run(*map(str, told), environment={**os.environ, "COLUMNS": "200"})
        assert ended.returncode == 0, ended.stderr
        return ended.stderr if errors else ended.stdout

    add(tmp_path, "Daarvoor")
    assert "Nobody reads" in run("hers", "vault", "readers-now")
    said = run("hers", "vault", "set-readers", "--reader", lead.kid, "--reader", f"{colleague.kid}=order,card")
    assert "List 1: 2 readers" in said
    listed = run("lead", "staff", "caseworker", "readers-now")
    assert "M. de Wit" in listed
    assert "order" in listed
    add(tmp_path, "Daarna")
    given = ("--reader", her.world.investigator.kid, "--purpose", "aangifte", "--days", "6")
    run("hers", "vault", "grant", *given)
    assert "1 keys were wrapped" in run("hers", "vault", "wrap-missing")
    for who, words in (("hers", "vault"), ("hers", "vault grants"), ("lead", "staff caseworker")):
        path = words.split() if words.endswith("grants") else [*words.split(), "readers-now"]
        warned = run(who, *path, errors=True)
        assert re.search(r"! What she gave to .+ ends .+: 2 items, aangifte\.", warned), words
    assert "Nothing was missing" in run("lead", "staff", "caseworker", "wrap-missing")
    assert "begins a day from now" in run("hers", "vault", "set-readers", "--nobody")
    proposed = tmp_path / "list"
    named = ("--reader", lead.kid, "--reader", colleague.kid)
    assert "Nothing has changed" in run("hers", "vault", "set-readers", *named, "--ask-lead", proposed)
    agree = ("staff", "caseworker", "agree", "--list", proposed)
    shown = run("lead", *agree)
    assert re.search(rf"{colleague.kid}  S\. Tand-In: everything \(new\)", shown)
    assert "Nothing was signed" in shown
    assert "List 3 begins" in run("lead", *agree, "--really")
    assert run("hers", "vault", "readers-now").count("in force") == 2
    shown = run("hers", "vault", "show-list")
    (tmp_path / "qr").write_text(next(line for line in shown.splitlines() if line.startswith("getuige-list-1?")))
    phone = ("phone", "take-list", tmp_path / "qr", "--folder", tmp_path / "phone")
    assert "Taken." in starter.run(*map(str, phone)).stdout
    assert "1 people are excluded" in run("lead", "staff", "caseworker", "exclude", "--reader", colleague.kid)
    assert "0 people are excluded" in run("lead", "staff", "caseworker", "exclude", "--nobody")
