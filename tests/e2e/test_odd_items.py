"""A copied phone key seals odd items of every kind at a running server, and nobody's work stops for it.

Her vault lists, grants and plans to erase; the caseworker and the investigator read; the export is taken, verified,
opened and verified again. Each names what does not open, and the phone that added it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.opening.opened import open_bundle
from server.clients import memory, timeline, tus
from server.clients.caseworker import Caseworker
from server.clients.erasing import Erasing
from server.clients.errors import ClientError
from server.clients.investigator import Investigator
from server.clients.phone_folder import open_phone
from server.clients.signing import Signer
from tests.support import odd_items, starter
from tests.support.incidents import incident
from tests.support.odd_items import Odd
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import Person, World

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
"""The tests are not about how long a phrase holds."""


@dataclass(frozen=True)
class Story:
    her: PhoneOwner
    phone: Path
    odd: dict[ids.ItemId, Odd]
    device: str


@pytest.fixture(scope="module")
def story(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("phone")
    with new_case(world) as her:
        with open_phone(her.enrol(folder / "phone")) as phone:
            phone.add(incident("Eerst"))
            phone.sync()
        odd = seal_oddly(her, folder / "phone")
        (device,) = [one.body["device"] for one in her.vault.items() if one.type == "device.enrol"]
        yield Story(her, folder / "phone", odd, f"phone {device[:8]}")


def seal_oddly(her: PhoneOwner, phone: Path) -> dict[ids.ItemId, Odd]:
    """Whoever copied the phone's files seals what follows no rule, and keeps to the numbering."""
    identity, chain = memory.read_json(phone / "identity.json"), memory.read_json(phone / "chain.json")
    thief = Person(her.world.url, her.case)
    thief.identity = keys.Identity(bytes.fromhex(identity["sign"]), bytes(32))
    thief.chain = odd_items.link(int(chain["seq"]), chain["prev"])
    signer = Signer.connect(her.world.url, thief.identity, her.pins)
    odd = {}
    for one in odd_items.few():
        whole, body = odd_items.write(one, thief.identity, her.case, [her.identity.xwing_public])
        tus.upload_bytes(signer.api, whole, body.item, body.container.sha256)
        thief.act("item.seal", body)
        odd[body.item] = one
    signer.api.close()
    memory.write_json(phone / "chain.json", {**chain, "seq": thief.chain.seq, "prev": thief.chain.prev})
    return odd


def unreadable(story: Story) -> set[ids.ItemId]:
    return {item for item, one in story.odd.items() if one.opens == "nothing"}


def readable(story: Story) -> set[ids.ItemId]:
    """The others, and what she added with her own phone."""
    return {one.item for one in story.her.vault.items() if one.item is not None} - unreadable(story)


def test_her_vault_shows_what_opens_and_names_the_rest(story: Story) -> None:
    moments = story.her.vault.items()
    closed = {one.item: one for one in timeline.closed(moments)}
    assert set(closed) == unreadable(story)
    assert {one.label for one in closed.values()} == {story.device}
    for item, one in closed.items():
        assert item is not None
        assert one.closed is not None
        assert one.closed.part == ("key" if story.odd[item].wrap is not None else "description"), story.odd[item].name
    assert "Eerst" in {one.opened.meta.title for one in moments if one.opened}


def test_she_can_erase_an_item_that_does_not_open(story: Story) -> None:
    vault = story.her.vault
    item = min(unreadable(story))
    plan = Erasing(vault.signer, story.her.case).plan([item])
    assert [(one.item, one.opened) for one in plan.items] == [(item, None)]


def test_what_opens_is_granted_exported_opened_and_proven(story: Story, tmp_path: Path) -> None:
    vault, world = story.her.vault, story.her.world
    with pytest.raises(ClientError, match="There is nothing to give"):
        vault.grant(world.investigator.kid, "aangifte", 7, lambda one: one.item in unreadable(story))
    vault.grant(world.investigator.kid, "aangifte", 7)
    reader = Investigator(story.her.connect(world.investigator.identity))
    seen = reader.timeline(story.her.case)
    assert timeline.closed(seen) == []
    assert {one.item for one in seen if one.opened} == readable(story)

    ordered = reader.order(story.her.case, "artikel 126nd Sv")
    reader.wait(ordered.export)
    bundle = tmp_path / "bundle.zip"
    reader.download(ordered.export, bundle)
    anchors = world.settings.data / "trust"
    assert verify(bundle, trust.load(anchors)).exit_code == 0
    result = open_bundle(bundle, world.investigator.identity, tmp_path / "opened")
    false = {item for item, one in story.odd.items() if one.opens == "description"}
    assert {one.item for one in result.unopened} == false
    assert verify(tmp_path / "opened", trust.load(anchors)).exit_code == 0


def test_the_commands_go_on_and_show_nothing_that_a_terminal_would_act_on(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "vault.json").write_bytes(keys.lock(story.her.identity, "noor", PHRASE, CHEAP).to_bytes())
    (tmp_path / "phrase.txt").write_text(f"{PHRASE}\n")
    where = ("--key", str(tmp_path / "vault.json"), "--phrase-file", str(tmp_path / "phrase.txt"))
    server = ("--case", story.her.case, "--trust", str(story.her.world.settings.data / "trust"))
    common = (*where, *server, "--url", story.her.world.url)

    said = run("vault", "items", *common)
    assert not set(said) & set("\x1b\x07\u202e\u2028")
    assert f"{len(unreadable(story))} items do not open" in said
    assert said.count(f"added by {story.device}: ") == len(unreadable(story))
    for item in story.odd:
        assert item in said, "an item's whole name is needed to grant or erase it"
    rows = json.loads(run("vault", "items", *common, "--json"))
    assert {row["item"] for row in rows if row["closed"]} == unreadable(story)

    investigator = story.her.world.investigator.kid
    given = run("vault", "grant", *common, "--reader", investigator, "--purpose", "aangifte", "--days", "3")
    assert f"{len(readable(story))} items until" in given
    assert f"{len(unreadable(story))} items do not open" in given
    bad = min(unreadable(story))
    assert "does not open" in run("vault", "erase", *common, "--item", bad)


def run(*arguments: str) -> str:
    done = starter.run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_caseworker_reads_on(story: Story) -> None:
    worker = Caseworker(story.her.connect(story.her.world.caseworker.identity))
    moments = worker.timeline(story.her.case)
    assert {one.item for one in moments if one.item is not None} == readable(story) | unreadable(story)


def test_her_phone_says_how_long_a_text_may_be_and_keeps_nothing(story: Story) -> None:
    with open_phone(story.phone) as phone:
        waiting = list(phone.outbox.entries())
        with pytest.raises(ClientError, match=r"65,537 characters, and at most 65,536 fit\. Nothing was kept"):
            phone.add(incident("Lang", "é" * (odd_items.LONGEST + 1)))
        with pytest.raises(ClientError, match="The title has"):
            phone.add(incident("L" * (odd_items.LONGEST + 1)))
        assert list(phone.outbox.entries()) == waiting
        phone.add(incident("Laatst"))
        assert phone.sync() == 1
