"""Clocks that are wrong, and a list that waits: a new reader gets nothing before the hour, and nothing is lost.

THREATS.md: "forces her to put him, or a reader of his, on the standing list | a day's delay; delayed grant wraps
nothing before its hour". Server, phone and vault are programs of their own, each with a clock that the test sets.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.envelope import container
from server.clients import timeline, vault
from server.clients.caseworker import Caseworker
from server.clients.phone_folder import enrol, open_phone
from server.clients.pins import Pins
from server.clients.signing import Signer
from server.clients.timeline import Moment
from tests.support import published, starter
from tests.support.clock import Clock
from tests.support.server_process import serving, variables
from tests.support.server_world import Person, World, running, settings_in

pytestmark = [pytest.mark.need("gcc")]

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
DAY_S = 86_400
BEGUN_S = DAY_S + 660
"""Eleven minutes later than a day: what was said to begin in a day and ten minutes has begun."""


@dataclass
class Story:
    """A case whose server, phone and vault each have a clock of their own."""

    folder: Path
    url: str
    trust: Path
    clocks: dict[str, Clock]
    off: dict[str, int] = field(default_factory=lambda: {"server": 0, "phone": 0, "vault": 0})
    vault: keys.Identity = field(default_factory=keys.Identity.generate)
    lead: keys.Identity = field(default_factory=keys.Identity.generate)
    colleague: keys.Identity = field(default_factory=keys.Identity.generate)
    case: ids.CaseId = field(default_factory=lambda: ids.CaseId(ids.new_id()))

    def says(self, who: str, *words: object, well: bool = True) -> str:
        """Have the phone or the vault run a command by its clock; return what it said."""
        environment = {**os.environ, **(self.clocks[who].variables if self.off[who] else {})}
        ended = starter.run(*map(str, words), environment=environment)
        assert (ended.returncode == 0) == well, ended.stderr
        return ended.stdout + ended.stderr

    def set_clocks(self, seconds: int, *whose: str) -> None:
        """Put some clocks off by so much."""
        for name in whose:
            self.off[name] = seconds
            self.clocks[name].set_off(seconds)

    def by_vault(self, command: str, *words: object, well: bool = True) -> str:
        key, phrase = self.folder / "vault.json", self.folder / "phrase"
        common = ("--key", key, "--phrase-file", phrase, "--trust", self.trust, "--url", self.url, "--case", self.case)
        return self.says("vault", "vault", command, *words, *common, well=well)

    def adds(self, title: str) -> set[ids.KeyId]:
        """Add something on the phone; return the names of whom it is sealed to beside the case, and send it."""
        phone = ("--folder", self.folder / "phone")
        self.says("phone", "phone", "add", "--title", title, *phone)
        with open_phone(self.folder / "phone") as opened:
            newest = list(opened.outbox.entries())[-1]
            head = container.parse_prefix(newest.container.read_bytes()).head
            case_key = keys.opening_kid(opened.case_key)
        assert "1 items arrived" in self.says("phone", "phone", "sync", *phone)
        return {one.to for one in head.wraps} - {case_key}

    def reads(self, who: keys.Identity) -> list[str]:
        """Return the titles that somebody reads."""
        return [one.opened.meta.title for one in self.moments(who) if one.opened]

    def moments(self, who: keys.Identity) -> list[Moment]:
        signer = Signer.connect(self.url, who, Pins.from_folder(self.trust))
        try:
            return timeline.read(signer, self.case, [who])
        finally:
            signer.api.close()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    settings, folder = settings_in(tmp_path / "data"), tmp_path
    clocks = {name: Clock.build(folder, name) for name in ("server", "phone", "vault")}
    made = Story(folder, settings.public_url, settings.data / "trust", clocks)
    (folder / "phrase").write_text(PHRASE)
    (folder / "vault.json").write_bytes(keys.lock(made.vault, "hers", PHRASE, CHEAP).to_bytes())
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        for who in (made.lead, made.colleague):
            world.root.act("key.publish", published.certificate(who, "caseworker", "Iemand", world.team))
        signer = Signer.connect(settings.public_url, made.lead, Pins.from_folder(made.trust))
        worker = Caseworker(signer)
        worker.open_case(*vault.public_halves(made.vault), world.team, made.case)
        enrol(folder / "phone", worker.invite(made.case, made.vault.opening_kid))
        signer.api.close()
    with serving(settings, **{**variables(settings), **clocks["server"].variables}):
        yield made


def test_a_new_reader_is_wrapped_nothing_before_the_hour_whatever_a_clock_says(story: Story) -> None:
    lead, colleague = story.lead.opening_kid, story.colleague.opening_kid
    assert "List 1: 1 readers" in story.by_vault("set-readers", "--reader", story.lead.kid)
    named = ("--reader", story.lead.kid, "--reader", story.colleague.kid)
    assert "begins a day from now" in story.by_vault("set-readers", *named)
    story.says("phone", "phone", "sync", "--folder", story.folder / "phone")
    assert story.adds("Meteen") == {lead}
    story.set_clocks(2 * DAY_S, "phone")  # ahead: the phone believes that the list has begun, the server does not
    assert story.adds("Te vroeg") == {lead, colleague}
    assert story.reads(story.colleague) == []
    assert story.by_vault("wrap-missing").strip() == "Nothing was missing."
    story.set_clocks(BEGUN_S, "server", "phone", "vault")
    assert story.adds("Op tijd") == {lead, colleague}
    story.set_clocks(0, "phone")  # behind: it goes on by the list before, and all of it arrives
    assert story.adds("Te laat") == {lead}
    assert story.reads(story.colleague) == ["Te vroeg", "Op tijd"]
    assert "2 keys were wrapped" in story.by_vault("wrap-missing")  # what came after she was named, from its hour on
    everything = ["Meteen", "Te vroeg", "Op tijd", "Te laat"]
    assert story.reads(story.colleague) == story.reads(story.lead) == everything


@pytest.mark.faults
def test_a_vault_whose_clock_is_wrong_shortens_no_wait(story: Story) -> None:
    story.by_vault("set-readers", "--reader", story.lead.kid)
    story.set_clocks(-2 * DAY_S, "vault")  # behind: it would begin before its day
    assert "clock" in story.by_vault("set-readers", "--nobody", well=False)
    story.set_clocks(2 * DAY_S, "vault")  # ahead: it begins later than it says
    assert "List 2" in story.by_vault("set-readers", "--nobody")
    story.set_clocks(0, "vault")
    assert "in force" in story.by_vault("readers-now")
    story.says("phone", "phone", "sync", "--folder", story.folder / "phone")
    assert story.adds("Nog altijd") == {story.lead.opening_kid}
