"""The whole Getuige as a stranger starts it, `getuige run`, with its real API, bridges, brokers, log and witness.

Proven: each step of its story holds, once a folder; every verifier believes its bundles; Ctrl-C leaves no child (the
fixture looks). What her phone sealed and what the button sent are opened, checked and acted upon in Chromium; the
button hears that a human accepted; items of two logs are proven in one table; a server that stops is shown within eight
seconds. Nothing is simulated but the people.
"""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from evidence.bundle.format import layout
from evidence.bundle.making import zipapp
from evidence.envelope import container, opening
from evidence.statements import event as events
from server.clients.locked import read
from server.demo.play import PARTS
from tests.support import verify_sh
from tests.support.command_line import getuige
from tests.support.visitor import PIXELS, STALE_WITHIN_S, Visitor, pixels_of_file, visit
from tests.support.waiting import patience
from tests.support.whole import GETUIGE, Running, running

__all__ = ["running"]  # a fixture

README = Path(__file__).parents[2] / "README.md"
STEPS = [step for part in PARTS for step in part.steps]

IN_A_BROWSER = pytest.mark.asyncio(loop_scope="session")
pytestmark = pytest.mark.timeout(400)

POSITION = ("51.934200", "4.457700")
LATER = ("51.935600", "4.460000")
"""Where she is at the press, and from the next sign of life of her device on."""

NOTE = "Hij was weg. De buurvrouw blijft vannacht."


def test_every_step_holds_and_is_told(running: Running) -> None:
    noted = json.loads((running.data / "run.json").read_text())["steps"]
    assert noted.keys() == {step.name for step in STEPS}
    for step in STEPS:
        assert f"✓ {step.title}: " in running.told_first
    assert "getuige-invite-1?u=http://localhost:" in running.told_first
    assert "█" in running.told_first  # the QR code


def test_the_data_folder_is_laid_out_as_the_readme_says(running: Running) -> None:
    data = running.data
    block = README.read_text().split("## The data folder")[1].split("```")[1]
    shown = {"getuige.db", "blobs", "uploads", "log", "log.vkey", "trust", "exports", "bridge", "secrets", "people"}
    for name in shown | {"logs", "run.json", "brokers/a", "brokers/b"}:
        assert name in block, f"the README does not name {name}"
        assert (data / name).exists(), f"{name} is not in the data folder"
    assert {path.name for path in (data / "trust").iterdir()} >= {"root.pub", "log.vkey", "policy", "tsa-roots.pem"}
    assert (data / "log" / "checkpoint").exists()
    assert list((data / "exports").glob("*.zip"))
    for private in (*(data / "secrets").glob("*.key"), *(data / "people").rglob("locked-key.json")):
        assert private.stat().st_mode & 0o077 == 0, private


@pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash", "bash")
def test_every_verifier_says_that_its_own_bundles_hold(running: Running, tmp_path: Path) -> None:
    """Several sealed items, one of them large and begun first: what a court would run on them."""
    data = running.data
    (bundle,) = (data / "exports").glob("*.zip")
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "sealed")
    (sealed,) = (tmp_path / "sealed").iterdir()
    (opened,) = (data / "people").glob("*/opened")
    zipapp.build(tmp_path / "getuige-verify.pyz")
    types = {events.parse(path.read_bytes()).statement.type for path in (sealed / layout.EVENTS).iterdir()}
    assert {"item.open", "item.seal"} <= types
    trust = data / "trust"
    for path in (bundle, sealed, opened):
        done = getuige("verify", path, "--trust", trust)
        assert done.code == 0, done.out + done.err
    for path in (bundle, opened):
        command = [sys.executable, *map(str, (tmp_path / "getuige-verify.pyz", path, "--trust", trust))]
        alone = subprocess.run(command, capture_output=True, text=True, check=False)
        assert alone.returncode == 0, alone.stdout + alone.stderr
    for path, shell in ((sealed, "bash"), (opened, "dash")):
        code, said = verify_sh.run(path, trust, shell)
        assert (code, "FAIL" in said, "INCOMPLETE" in said) == (0, False, False), said


def test_a_folder_that_is_served_is_served_once(running: Running) -> None:
    second = subprocess.run(
        [GETUIGE, "demo", "--data", running.data], capture_output=True, text=True, timeout=patience(60), check=False
    )
    assert second.returncode == 1
    assert "in use by another process" in second.stderr


@pytest.mark.faults
def test_a_used_folder_is_not_seeded_twice(running: Running) -> None:
    running.stop()
    before = _seeded(running.data)
    running.start()
    assert running.said.count("done before") == len(STEPS)
    assert _seeded(running.data) == before
    assert "sign in as marit" in running.said
    assert "/console" in running.said


def _seeded(data: Path) -> dict[str, int]:
    """Return how often the journal has what the story says, and nobody else by himself."""
    with closing(sqlite3.connect(data / "getuige.db")) as database:
        rows = database.execute("SELECT type, count(*) FROM events GROUP BY type").fetchall()
    story = {
        "case.open",
        "team.open",
        "key.publish",
        "device.enrol",
        "alarm_device.enrol",
        "item.open",
        "grant",
        "export",
    }
    return {kind: count for kind, count in rows if kind in story}


async def _review(person: Visitor, running: Running, handle: str) -> int:
    """Sign in, wait for the checks, and return how many items are in the table; all must be proven."""
    await person.sign_in("/review", handle, running.phrases[handle])
    await person.page.wait_for_selector("getuige-review[data-checked]", timeout=patience(60_000))
    folded = person.page.locator(".fold[aria-expanded=false]")
    while await folded.count():
        await folded.first.click()
    total = await person.page.locator(".row:not(.heads)").count()
    await expect(person.page.locator(".verification")).to_contain_text(f"{total} van {total} bewezen")
    return total


@IN_A_BROWSER
async def test_the_caseworker_sees_what_the_phone_sealed_proven_to_the_root(
    browser: Browser, running: Running, pictures: tuple[Path, ...]
) -> None:
    async with visit(browser, running.url) as marit:
        total = await _review(marit, running, "marit")
        assert total >= 15
        kinds = await marit.page.locator(".row .kind").all_inner_texts()
        assert {kind.strip("◆▭ ").lower() for kind in kinds} >= {
            "gebeurtenis",
            "foto",
            "video",
            "geluid",
            "alarm",
            "verbod",
        }

        photo = marit.page.locator(".row", has=marit.page.locator(".kind-photo")).first
        await photo.locator(".title").click()
        image = marit.page.locator("#detail .large img")
        await image.wait_for()
        digest = re.search(r"[0-9a-f]{64}", await marit.page.locator("#detail .custody").inner_text())
        assert digest
        originals = {sha256(content).hexdigest(): content for content in (path.read_bytes() for path in pictures)}
        expected = await pixels_of_file(browser, running.url, originals[digest[0]], "image/jpeg")
        assert await image.evaluate(PIXELS) == expected
        await marit.page.evaluate("scrollTo(0, 0)")
        await marit.keep("whole-review")
        await marit.sound()


@IN_A_BROWSER
async def test_the_investigator_sees_what_was_granted_and_nothing_else(browser: Browser, running: Running) -> None:
    async with visit(browser, running.url) as marit, visit(browser, running.url) as ilse:
        everything = await _review(marit, running, "marit")
        granted = await _review(ilse, running, "ilse")

        assert granted < everything
        assert await ilse.page.locator(".kind-card").count() == 0
        await ilse.sound()


@IN_A_BROWSER
async def test_a_real_press_is_accepted_and_followed_in_the_console_and_the_button_hears_it(
    browser: Browser, running: Running, tmp_path: Path
) -> None:
    async with visit(browser, running.url) as daan:
        page = daan.page
        await daan.sign_in("/console", "daan", running.phrases["daan"])
        await page.wait_for_selector(".freshness.live", timeout=patience(15_000))
        await page.get_by_role("button", name="Dienst starten").click()
        await daan.sound()

        folder = running.data / "people/alarm-device"
        track = tmp_path / "track.csv"
        track.write_text("".join(f"{lat},{lon},8\n" for lat, lon in (POSITION, LATER)))
        button = await asyncio.create_subprocess_exec(
            str(GETUIGE), "device", "press", str(folder), "--track", str(track), "--wait", "closed",
            "--timeout", "60", "--json", stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await page.wait_for_selector("button.alarm.new", timeout=patience(15_000))
        await page.locator("button.alarm.new").click()
        await expect(page.locator("section.where")).to_contain_text(", ".join(POSITION))
        await expect(page.locator("article .badge.proven")).to_contain_text("alarmbrug")

        for key, state in (("a", "accepted"), ("d", "dispatched"), ("s", "on_scene")):
            await page.keyboard.press(key)
            await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", state)
        await expect(page.locator(".who .name")).to_have_text("Noor van den Akker")
        await expect(page.locator(".moved")).to_contain_text(
            "220 m verder naar het noordoosten", timeout=patience(30_000)
        )
        await expect(page.locator("section.where .coordinates")).to_have_text(", ".join(LATER))
        await daan.keep("whole-console")
        await daan.sound()
        await page.keyboard.press("c")
        await page.get_by_label("Notitie voor het dossier").fill(NOTE)
        await page.get_by_role("button", name="Per ongeluk").click()
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "closed")
        await expect(page.locator("[data-note=kept]")).to_be_visible(timeout=patience(30_000))
        _only_the_case_opens_the_note(running)

        output, _ = await asyncio.wait_for(button.communicate(), patience(60))
        heard = [json.loads(line)["event"] for line in output.splitlines()]
        assert button.returncode == 0
        assert heard.index("stored") < heard.index("accepted") < heard.index("closed")
        await daan.sound()


def _only_the_case_opens_the_note(running: Running) -> None:
    """Her vault opens it; neither server nor bridge has it in clear, and no key of the desk opens it."""
    people = {
        name: read(running.data / "people" / name / "locked-key.json").unlock(
            (running.data / "people" / name / "phrase.txt").read_text().strip()
        )
        for name in ("noor", "daan")
    }
    kept = [path.read_bytes() for path in running.data.rglob("*") if path.is_file() and "people" not in path.parts]
    sealed = [container.parse_prefix(data) for data in kept if data.startswith(container.MAGIC)]
    (prefix,) = [one for one in sealed if one.head.by == people["daan"].kid]
    meta = opening.open_meta(prefix, opening.content_key(prefix, people["noor"]))
    assert (meta.kind, meta.words) == ("note", NOTE)
    assert people["daan"].opening_kid not in {wrap.to for wrap in prefix.head.wraps}
    assert not any(b"buurvrouw" in data for data in kept)


async def _getuige(*arguments: str | Path, data: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        str(GETUIGE), *map(str, arguments), env={**os.environ, "GETUIGE_DATA": str(data)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), patience(60))
    assert process.returncode == 0, said.decode()[-2000:]
    return said.decode()


async def _rotate_and_go_on(running: Running) -> None:
    """Rotate the log's key; then her phone seals something, and she grants it to the caseworker."""
    people = running.data / "people"

    def own(handle: str) -> tuple[str | Path, ...]:
        return people / handle / "locked-key.json", "--phrase-file", people / handle / "phrase.txt"

    await _getuige("log", "rotate", "--root-key", *own("root"), data=running.data)
    phone = ("--folder", people / "phone")
    kept = await _getuige("phone", "add", *phone, "--title", "Na de wissel", "--text", "Hij belde.", data=running.data)
    (item,) = re.findall(r"Item ([0-9a-f]{32})", kept)
    await _getuige("phone", "sync", *phone, data=running.data)
    case = json.loads((people / "phone" / "phone.json").read_bytes())["case"]
    marit = read(people / "marit" / "locked-key.json").unlock(running.phrases["marit"]).kid
    there = ("--case", case, "--trust", running.data / "trust", "--url", running.url)
    grant = ("--reader", marit, "--purpose", "Gesprek", "--item", item)  # not what other tests added to the case
    await _getuige("vault", "grant", "--key", *own("noor"), *there, *grant, data=running.data)


@IN_A_BROWSER
async def test_the_page_believes_the_log_before_and_after_its_key_was_rotated(
    browser: Browser, running: Running
) -> None:
    async with visit(browser, running.url) as marit:
        before = await _review(marit, running, "marit")
        await _rotate_and_go_on(running)
        await marit.page.goto("about:blank")
        assert await _review(marit, running, "marit") == before + 1, "what this browser had pinned still holds"
        await expect(marit.page.locator(".row", has_text="Na de wissel").locator(".badge.proven")).to_have_count(1)
        await marit.sound()
    async with visit(browser, running.url) as another:
        assert await _review(another, running, "marit") == before + 1, "a browser that comes now believes both logs"


@IN_A_BROWSER
async def test_a_server_that_stops_is_shown_within_eight_seconds(browser: Browser, running: Running) -> None:
    async with visit(browser, running.url) as daan:
        await daan.sign_in("/console", "daan", running.phrases["daan"])
        await daan.page.wait_for_selector(".freshness.live", timeout=patience(15_000))
        (serving,) = running.parts("serve")
        os.kill(serving, signal.SIGSTOP)
        try:
            await daan.page.wait_for_selector(".freshness.stale", timeout=patience(STALE_WITHIN_S * 1000))
        finally:
            os.kill(serving, signal.SIGCONT)
        await daan.page.wait_for_selector(".freshness.live", timeout=patience(15_000))


@IN_A_BROWSER
async def test_bridges_that_stop_are_shown_although_the_server_is_well(browser: Browser, running: Running) -> None:
    async with visit(browser, running.url) as daan:
        await daan.sign_in("/console", "daan", running.phrases["daan"])
        await daan.page.wait_for_selector(".freshness.live", timeout=patience(15_000))
        bridges = running.parts("bridge")
        for bridge in bridges:
            os.kill(bridge, signal.SIGSTOP)
        try:
            await expect(daan.page.locator(".freshness.stale")).to_contain_text("alarmbrug", timeout=patience(15_000))
        finally:
            for bridge in bridges:
                os.kill(bridge, signal.SIGCONT)
        await daan.page.wait_for_selector(".freshness.live", timeout=patience(20_000))
