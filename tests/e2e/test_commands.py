"""The commands of phone, vault and staff, typed one after another, each as a process, at a running server."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from evidence import ids, keys
from evidence.envelope.meta import Media
from evidence.statements import bodies
from tests.support import starter
from tests.support.phone_owner import new_case
from tests.support.server_world import World

CASES = Path(__file__).parents[1] / "cases"
PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
"""The tests are not about how long a phrase holds."""


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    """A desk with the trust folder, a phrase in a file, and the caseworker's key under it."""
    (tmp_path / "phrase.txt").write_text(f"{PHRASE}\n")
    locked = keys.lock(world.caseworker.identity, "marit", PHRASE, CHEAP)
    (tmp_path / "caseworker.json").write_bytes(locked.to_bytes())
    return tmp_path


def test_from_intake_to_grant_by_command(world: World, folder: Path) -> None:
    trust = str(world.settings.data / "trust")
    common = ("--trust", trust, "--url", world.url, "--phrase-file", str(folder / "phrase.txt"))
    vault_key, phone = str(folder / "vault.json"), str(folder / "phone")

    said = _run("vault", "create", "--key", vault_key, "--handle", "n1", "--phrase-file", str(folder / "phrase.txt"))
    case_key, its_name, consent_key = (line.split()[-1] for line in said.splitlines()[:3])
    worker = ("--key", str(folder / "caseworker.json"))
    hers = ("--victim-keys", case_key, consent_key)
    case = _run("staff", "caseworker", "open-case", *worker, *common, "--team", world.team, *hers).strip()
    invited = _run("staff", "caseworker", "invite", case, *worker, *common, "--case-key", its_name)
    assert "█" in invited
    (folder / "invitation.txt").write_text(invited.splitlines()[0])

    assert "cannot read it" in _run("phone", "enrol", str(folder / "invitation.txt"), "--folder", phone)
    incident = _run(
        "phone", "add", "--title", "Aan de deur", "--happened", "2026-05~", "--conduct", "visit", "--folder", phone
    ).split()[-1]
    Image.effect_noise((64, 64), 50).convert("RGB").save(folder / "foto.jpg")
    more = ("--about", incident, "--source", "camera", "--origin", "gateway", "--conduct", "aan de deur")
    _run("phone", "photo", str(folder / "foto.jpg"), *more, "--folder", phone)
    assert _run("phone", "status", "--folder", phone).count("kept here") == 2
    assert "2 items arrived" in _run("phone", "sync", "--folder", phone)
    assert _run("phone", "status", "--folder", phone).count("arrived") == 2
    _run("phone", "receipts", "--folder", phone, "--out", str(folder / "receipts"))
    receipts = sorted((folder / "receipts").glob("*.json"))
    assert len(receipts) == 3  # its enrolment, and two items
    for receipt in receipts:
        report = json.loads(_run("verify", str(receipt), "--trust", trust, "--json"))
        assert report["proven"]

    vault = ("--key", vault_key, "--case", case, *common)
    listed = _run("vault", "items", *vault)
    assert "Aan de deur" in listed
    assert "2026-05~" in listed
    given = _run("vault", "grant", *vault, "--reader", world.investigator.kid, "--purpose", "aangifte", "--days", "3")
    assert given.startswith("2 items until ")
    taken = _run("vault", "revoke", given.split("Grant ")[1].split(".")[0], *vault)
    assert "Taken back" in taken


def test_odd_files_are_kept_and_impossible_times_are_refused_by_command(world: World, tmp_path: Path) -> None:
    phone = str(tmp_path / "phone")
    odd, empty = tmp_path / os.fsdecode(b"caf\xe9.jpg"), tmp_path / "leeg.mp4"
    odd.write_bytes((CASES / "offset-short.jpg").read_bytes())
    empty.write_bytes(b"")
    with new_case(world) as her:
        her.enrol(tmp_path / "phone")
        for wrong in (("--source", "police"), ("--origin", "telegram"), ("--about", "that one")):
            refused = _start("phone", "photo", str(odd), *wrong, "--folder", phone)
            assert refused.returncode != 0
            assert "Nothing was sealed" in refused.stderr
        refused = _start("phone", "add", "--title", "x", "--happened", "2026-02-30T10:00", "--folder", phone)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "does not have this day" in refused.stderr
        assert "Nothing was kept" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert "future" in _run("phone", "add", "--title", "x", "--happened", "9000", "--folder", phone)
        assert "not readable text" in _run("phone", "photo", str(odd), "--folder", phone)
        assert "0 bytes" in _run("phone", "photo", str(empty), "--folder", phone)
        _run("phone", "photo", str(CASES / "screenshot-200MP.png"), "--folder", phone)
        assert "4 items arrived" in _run("phone", "sync", "--folder", phone)
        metas = [one.opened.meta for one in her.vault.items() if one.opened]
    found = {meta.file.name: meta for meta in metas if isinstance(meta, Media)}
    assert set(found) == {"caf\ufffd.jpg", "leeg.mp4", "screenshot-200MP.png"}
    camera = found["caf\ufffd.jpg"].camera
    assert camera is not None
    assert camera.taken == "2026-05-06T21:30:00-05:00"
    assert {meta.happened for meta in found.values()} == {None}


def test_lending_and_shifts_by_command(world: World, folder: Path) -> None:
    common = ("--trust", str(world.settings.data / "trust"), "--url", world.url)
    locked = keys.lock(world.dispatcher.identity, "daan", PHRASE, CHEAP)
    (folder / "dispatcher.json").write_bytes(locked.to_bytes())
    phrase = ("--phrase-file", str(folder / "phrase.txt"))
    worker = ("--key", str(folder / "caseworker.json"), *common, *phrase)
    case, device = world.open_case().case, ids.DeviceId(ids.new_id())
    sign = ids.PublicKey(keys.Identity.generate().sign_public.hex())
    world.caseworker.act("alarm_device.enrol", bodies.AlarmDeviceEnrol(device, sign, "3min", "AWARE 12"), case)
    _run("staff", "caseworker", "lend", case, device, "--basis", "AWARE 12", "--household", *worker)
    (row,) = json.loads(_run("staff", "caseworker", "lendings", *worker, "--json"))
    assert (row["device"], row["state"], row["to"], row["basis"]) == (device, "lent", "household", "AWARE 12")
    said = _run("staff", "caseworker", "take-back", case, device, "--condition", "lost", *worker)
    assert "until `revoke-device`" in said
    world.dispatcher.act("shift.begin", bodies.ShiftMark(ids.ShiftId(ids.new_id())))
    whose = ("--key", str(folder / "dispatcher.json"))
    shown = _run("staff", "dispatcher", "shifts", *whose, *common, *phrase, "--json")
    assert [row["ended"] for row in json.loads(shown)] == [None]


def test_a_wrong_phrase_is_said_plainly(world: World, folder: Path) -> None:
    (folder / "other.txt").write_text("a quite other phrase")
    common = ("--trust", str(world.settings.data / "trust"), "--url", world.url)
    key = ("--key", str(folder / "caseworker.json"))
    result = _start("staff", "leave-key", *key, *common, "--phrase-file", str(folder / "other.txt"))
    assert result.returncode == 1
    assert "does not open" in result.stderr
    assert "Traceback" not in result.stderr


def _run(*words: str) -> str:
    """Run a command that must hold and return what it printed."""
    result = _start(*words)
    assert result.returncode == 0, f"getuige {' '.join(words)}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def _start(*words: str) -> "subprocess.CompletedProcess[str]":
    return starter.run(*words, environment={**os.environ, "COLUMNS": "200"})
