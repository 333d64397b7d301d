"""Her vault corrects and disputes; what a phone adds by itself to an item is not confirmed, until she says so.

THREATS.md: "uses her phone to 'correct' or dispute true entries".
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.envelope.meta import Incident
from evidence.envelope.parts import Position
from evidence.statements import bodies, corrections
from evidence.statements import statement as statements
from evidence.statements.corrections import Mark
from server.clients import memory
from server.clients.errors import RefusedError
from server.clients.phone_chain import Chained
from server.clients.phone_folder import open_phone
from tests.support import starter
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import World

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)


@pytest.fixture
def her(world: World, tmp_path: Path) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        with open_phone(her.enrol(tmp_path / "phone")) as phone:
            for title in ("Echt", "Van hem"):
                phone.add(incident(title))
            phone.sync()
        yield her


def named(her: PhoneOwner) -> dict[str, ids.ItemId]:
    return {one.opened.meta.title: one.item for one in her.vault.items() if one.opened and one.item}


def phone_says(folder: Path, kind: str, body: bodies.Body) -> None:
    """Let whoever holds her phone say something with its key, in its own numbers."""
    with open_phone(folder / "phone") as phone:
        link = phone.chain.known().next
        made = statements.sign(phone.signer.identity, kind, body, case=phone.case, chain=link)
        phone.signer.post(made)
        phone.chain.remember(Chained(statements.Chain(link.seq + 1, made.id)))


def said_later(her: PhoneOwner) -> dict[ids.ItemId, Mark]:
    """Return what her vault sees that was said of each item."""
    moments = her.vault.items()
    return corrections.marks((one.statement, one.received_at) for one in moments if one.statement is not None)


def test_what_a_phone_amends_alone_is_not_confirmed_until_her_vault_says_so(her: PhoneOwner, tmp_path: Path) -> None:
    item = named(her)
    phone_says(tmp_path, "item.amend", bodies.ItemAmend(item["Van hem"], item["Echt"]))
    said = said_later(her)
    assert said == {item["Van hem"]: Mark(amends=item["Echt"], confirmed=False)}
    assert corrections.words(said[item["Van hem"]]).startswith("an addition by a phone, not confirmed by her")
    her.vault.confirm(item["Van hem"], item["Echt"])
    phone_says(tmp_path, "item.amend", bodies.ItemAmend(item["Van hem"], item["Echt"]))  # and takes nothing of it back
    assert said_later(her) == {
        item["Van hem"]: Mark(amends=item["Echt"]),
        item["Echt"]: Mark(amended_by=item["Van hem"]),
    }


def test_a_phone_disputes_nothing_and_a_caseworker_corrects_nothing_of_hers(her: PhoneOwner, tmp_path: Path) -> None:
    item, device = named(her), next(iter(her.vault.items()))
    (phone,) = [one.act.device for one in her.vault.items() if isinstance(one.act, bodies.DeviceEnrol)]
    assert device is not None
    with pytest.raises(RefusedError, match="role"):
        phone_says(tmp_path, "dispute", bodies.Dispute(phone, ids.now(), ids.now()))
    worker = her.connect(her.world.caseworker.identity)
    with pytest.raises(RefusedError, match="amendment"):
        worker.act("item.amend", bodies.ItemAmend(item["Van hem"], item["Echt"]), her.case)


def test_her_vault_corrects_and_disputes_by_command(her: PhoneOwner, tmp_path: Path) -> None:
    (tmp_path / "hers").write_bytes(keys.lock(her.identity, "hers", PHRASE, CHEAP).to_bytes())
    (tmp_path / "phrase").write_text(PHRASE)
    common = ("--key", tmp_path / "hers", "--trust", her.world.settings.data / "trust", "--url", her.world.url)

    def run(*words: object) -> str:
        told = (*words, *common, "--phrase-file", tmp_path / "phrase")
        ended = starter.run(*map(str, told), environment={**os.environ, "COLUMNS": "300"})
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    item = named(her)
    her.vault.set_readers({her.world.caseworker.kid: None})
    (phone,) = [one.act.device for one in her.vault.items() if isinstance(one.act, bodies.DeviceEnrol)]
    made = run("vault", "amend", item["Echt"], "--case", her.case, "--text", "Het was anders.").split()[0]
    newest = next(one for one in her.vault.items() if one.item == made)
    assert newest.opened is not None
    assert (newest.opened.meta.title, "".join(newest.opened.meta.text)) == ("Echt", "Het was anders.")
    assert her.world.caseworker.identity.opening_kid in newest.sealed_to  # on the list, so it is sealed to her lead too
    assert named(her)["Van hem"] == item["Van hem"]
    (tmp_path / "more.json").write_text(json.dumps({"severity": 4, "position": {"lat": "51.9", "lon": "4.4"}}))
    again = run("vault", "amend", made, "--case", her.case, "--form", tmp_path / "more.json").split()[0]
    amended = next(one.opened.meta for one in her.vault.items() if one.item == again and one.opened)
    assert isinstance(amended, Incident)
    assert (amended.severity, amended.position, amended.words) == (4, Position("51.9", "4.4"), "Het was anders.")
    window = ("--since", "2020-01-01T00:00:00.000Z", "--until", ids.now())
    assert "Written down" in run("vault", "dispute", phone, "--case", her.case, *window)
    rows = json.loads(run("vault", "items", "--case", her.case, "--json"))
    later = {row["item"]: row.get("said_later") for row in rows}
    assert later[made]["amends"] == item["Echt"]
    assert later[made]["confirmed"]
    assert not later[made]["disputed"]  # her vault added it, not that phone
    assert later[item["Echt"]]["amended_by"] == made
    assert later[item["Echt"]]["disputed"]
    assert later[item["Van hem"]]["disputed"]
    assert "she says: not mine" in run("vault", "items", "--case", her.case)
    assert memory.read_json(tmp_path / "hers.last")["seq"] == 5  # list.set was said elsewhere, then these three
