"""The first day of an installation, with commands only: organisation, case, phone, device, and a phone shut out."""

import io
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evidence.keys import MIN_MEMLIMIT, MIN_OPSLIMIT, Kdf
from server.clients import forms, screening
from server.settings import Settings
from tests.support.command_line import Ended, getuige
from tests.support.server_process import serving, variables
from tests.support.server_world import settings_in

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A command leaves its connections to the end of its process, and here that goes on."""

PHRASE = "bado kemi supo ralo tiva neku"


class Place:
    """Where people keep their keys, and the server that they speak to."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.trust = settings.data / "trust"
        self.case_key = ""
        (folder / "phrase").write_text(f"{PHRASE}\n")

    def do(self, *words: object, fails: bool = False) -> Ended:
        """Run a command; it must succeed, or be refused in a sentence."""
        ended = getuige(*words, **variables(self.settings))
        assert (ended.code != 0) == fails, ended.out + ended.err
        assert "Traceback" not in ended.err
        return ended

    def by(self, who: str, *words: object, fails: bool = False) -> Ended:
        """Run a command of somebody with a key."""
        common = ("--key", self.folder / f"{who}.key", "--trust", self.trust, "--url", self.settings.public_url)
        return self.do(*words, *common, "--phrase-file", self.folder / "phrase", fails=fails)

    def rows(self, who: str, *words: object) -> list[dict[str, Any]]:
        """Return what a command lists, for a program."""
        found: list[dict[str, Any]] = json.loads(self.by(who, *words, "--json").out)
        return found

    def new_phone(self, case: str, name: str) -> Path:
        """Invite and enrol a phone; return its folder."""
        invited = self.by("marit", "staff", "caseworker", "invite", case, "--case-key", self.case_key)
        written = self.folder / f"{name}.invitation"
        written.write_text(invited.out.splitlines()[0])
        self.do("phone", "enrol", written, "--folder", self.folder / name)
        return self.folder / name

    def new_key(self, who: str) -> Ended:
        key = ("--key", self.folder / f"{who}.key", "--handle", who, "--phrase-file", self.folder / "phrase")
        return self.do("staff", "key", *key)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("first-day")
    made = Place(folder, settings_in(folder / "data"))
    cheap = pytest.MonkeyPatch()
    cheap.setattr(Kdf, "fresh", partial(Kdf.fresh, opslimit=MIN_OPSLIMIT, memlimit=MIN_MEMLIMIT))
    made.new_key("root")
    made.do("found", "--root-key", folder / "root.key", "--label", "Filomena", "--phrase-file", folder / "phrase")
    with serving(made.settings):
        yield made
    cheap.undo()


def certify(place: Place, who: str, role: str, *more: str) -> str:
    """Make somebody's key, have the root certify it, and return its name."""
    made = place.new_key(who)
    keys = ("--sign", made.line("sign"), "--xwing", made.line("xwing"))
    name = place.by("root", "staff", "root", "publish", "--role", role, "--label", who.title(), *keys, *more).word
    assert name == made.line("name")
    return name


@pytest.fixture(scope="module")
def organisation(place: Place) -> dict[str, str]:
    """Certify two dispatchers who share a desk, a caseworker and an investigator; return their key names."""
    team = place.by("root", "staff", "root", "team", "Casemanagers").word
    names = {
        "desk": certify(place, "desk", "desk"),
        "bakker": certify(place, "bakker", "dispatcher"),
        "yilmaz": certify(place, "yilmaz", "dispatcher"),
        "marit": certify(place, "marit", "caseworker", "--team", team),
        "ilse": certify(place, "ilse", "investigator"),
    }
    desk = ("--desk-key", place.folder / "desk.key", "--desk-phrase-file", place.folder / "phrase")
    for dispatcher in ("bakker", "yilmaz"):
        shared = place.by("root", "staff", "root", "share-desk", *desk, "--to", names[dispatcher])
        assert dispatcher.title() in shared.out
    return {**names, "team": team}


@pytest.fixture(scope="module")
def case(place: Place, organisation: dict[str, str]) -> str:
    """Open a case for keys that she made, with an enrolled phone; return its id."""
    vault = ("--key", place.folder / "hers.key", "--handle", "blauwe-vogel", "--phrase-file", place.folder / "phrase")
    hers = place.do("vault", "create", *vault)
    keys = ("--victim-keys", hers.line("case key"), hers.line("vault key"))
    opened = place.by("marit", "staff", "caseworker", "open-case", "--team", organisation["team"], *keys).word
    place.case_key = hers.line("its name")
    place.new_phone(opened, "phone")
    return opened


def test_everybody_is_listed_by_name_and_a_retired_key_is_not(place: Place, organisation: dict[str, str]) -> None:
    listed = {row["label"]: row["key"] for row in place.rows("marit", "staff", "list")}
    assert {name.title(): key for name, key in organisation.items() if name != "team"}.items() <= listed.items()
    leaver = certify(place, "leaver", "dispatcher")
    looked = place.by("root", "staff", "root", "retire", leaver)
    assert "Leaver" in looked.out
    assert "Nothing was changed" in looked.out
    assert leaver in place.by("marit", "staff", "list").out
    place.by("root", "staff", "root", "retire", leaver, "--really")
    assert leaver not in place.by("marit", "staff", "list").out
    assert "staff list" in place.by("root", "staff", "root", "retire", leaver, "--really", fails=True).err


def test_the_safety_screening_is_asked_question_by_question(
    place: Place, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Zijn moeder\n\n" + "Weet ik niet\n" * (len(screening.QUESTIONS) - 2)))
    asked = place.by("marit", "staff", "caseworker", "screening", case)
    assert all(question in asked.out for both in screening.QUESTIONS for question in both)
    place.by("marit", "staff", "caseworker", "label", case, "--title", "De groene fiets")
    untitled = place.by("marit", "staff", "caseworker", "label", case, fails=True)
    assert untitled.err


def test_a_device_is_enrolled_and_can_be_shut_out(place: Place, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = json.loads(place.do("bridge", "--data", place.folder / "bridge", "key", "--json").out)
    made = ("--bridge-key", bridge["sign"], "--broker", "mqtt://127.0.0.1:1", "--json")
    device = json.loads(place.do("device", "new", place.folder / "button", *made).out)
    answers = {
        "card.name": "Noor",
        "card.address.street": "Vlierbesstraat",
        "card.address.number": "12",
        "card.call_back.may": "perhaps\nno",
        "card.known_places": "School\n51.9361\n4.4702\n",
    }
    typed = "".join(f"{answers.get(one.path, '')}\n" for one in forms.members("card"))
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    asked = place.by("marit", "staff", "caseworker", "card", case, "--ask")
    assert "it is one of yes, write, no" in asked.err
    assert "No description of him." in asked.err
    card = asked.out.split()[-1]
    of_it = ("--card", card, "--device", device["device"], "--sign", device["sign"], "--covenant", "AWARE-convenant 12")
    place.by("marit", "staff", "caseworker", "enrol-device", case, *of_it)
    place.by("marit", "staff", "caseworker", "lend", case, device["device"], "--basis", "AWARE-convenant 12")
    place.by("marit", "staff", "caseworker", "take-back", case, device["device"])
    listed = place.rows("marit", "staff", "caseworker", "devices", case)
    rows = {row["kind"]: row for row in listed}
    assert rows["alarm device"]["device"] == device["device"]
    assert [row for row in listed if row["kind"] == "phone" and row["revoked"] is None]
    wrong = place.by("marit", "staff", "caseworker", "revoke-phone", case, device["device"], "--really", fails=True)
    assert "no phone" in wrong.err
    place.by("marit", "staff", "caseworker", "revoke-device", case, device["device"], "--really")
    rows = {row["kind"]: row for row in place.rows("marit", "staff", "caseworker", "devices", case)}
    assert rows["alarm device"]["revoked"] is not None


def test_she_gives_and_takes_back_by_name(place: Place, case: str, organisation: dict[str, str]) -> None:
    place.do("phone", "add", "--title", "Hij stond voor de deur", "--folder", place.folder / "phone")
    place.do("phone", "sync", "--folder", place.folder / "phone")
    readers = {row["label"]: row["reader"] for row in place.rows("hers", "vault", "readers", "--case", case)}
    assert readers == {"Marit": organisation["marit"], "Ilse": organisation["ilse"]}
    place.by("hers", "vault", "grant", "--case", case, "--reader", readers["Ilse"], "--purpose", "Aangifte")
    (given,) = place.rows("hers", "vault", "grants", "--case", case)
    assert (given["label"], given["purpose"], given["state"]) == ("Ilse", "Aangifte", "open")
    assert given["items"]
    place.by("hers", "vault", "revoke", given["grant"], "--case", case)
    (taken,) = place.rows("hers", "vault", "grants", "--case", case)
    assert taken["state"] == "taken back"


def test_a_copy_of_a_phones_key_is_told_to_both_of_them(place: Place, case: str) -> None:
    folder, copy = place.new_phone(case, "copied"), place.folder / "copy"
    shutil.copytree(folder, copy)
    assert "number-taken" not in place.by("marit", "staff", "caseworker", "devices", case).err
    for one in (copy, folder):
        place.do("phone", "add", "--title", f"Op {one.name}", "--folder", one)
        place.do("phone", "sync", "--folder", one)
    phone = max(place.rows("marit", "staff", "caseworker", "devices", case), key=lambda row: row["enrolled"])["device"]
    told = place.by("marit", "staff", "caseworker", "devices", case)
    assert f"! number-taken, phone {phone}, " in told.err
    assert "Speak to her alone" in told.err
    assert "number-taken" not in told.out, "a list is a list"
    for words in (("devices", case), ("items", "--case", case)):
        hers = place.by("hers", "vault", *words)
        assert f"! number-taken, phone {phone}, " in hers.err
        assert "Tell your caseworker" in hers.err


def test_a_phone_that_was_lost_is_refused(place: Place, case: str) -> None:
    before = {row["device"] for row in place.rows("hers", "vault", "devices", case)}
    folder = place.new_phone(case, "lost")
    (phone,) = (row for row in place.rows("hers", "vault", "devices", case) if row["device"] not in before)
    place.do("phone", "add", "--title", "Nog een keer", "--folder", folder)
    looked = place.by("hers", "vault", "revoke-phone", case, phone["device"])
    assert "Nothing was changed" in looked.out
    place.do("phone", "sync", "--folder", folder)
    place.by("hers", "vault", "revoke-phone", case, phone["device"], "--really")
    again = place.by("hers", "vault", "revoke-phone", case, phone["device"], "--really")
    assert "already" in again.out
    place.do("phone", "add", "--title", "Te laat", "--folder", folder)
    refused = place.do("phone", "sync", "--folder", folder, fails=True)
    assert refused.err.strip()
