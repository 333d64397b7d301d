"""The pages against the whole Getuige: `getuige run` with its real API, bridge, brokers, log and witness.

Proven: what her phone sealed and what the button sent are opened, checked and acted upon in Chromium; the button hears
that a human accepted; items of two logs are proven in one table; a server that stops is shown within eight seconds.
Nothing is simulated but the people.
"""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from server.clients.locked import read
from tests.browser.test_console import STALE_WITHIN_S
from tests.browser.visitor import PIXELS, Visitor, pixels_of_file, visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

GETUIGE = Path(sys.executable).parent / "getuige"
READY_S = 180
"""The story takes about twenty seconds; a busy machine gets more."""

POSITION = ("51.934200", "4.457700")
LATER = ("51.935600", "4.460000")
"""Where she is at the press, and from the next sign of life of her device on."""


@dataclass(frozen=True)
class Running:
    """A running Getuige: where it is, whose phrase is what, its data folder, its first process."""

    url: str
    phrases: dict[str, str]
    data: Path
    process: subprocess.Popen[bytes]

    def parts(self, name: str) -> list[int]:
        """The process ids of the children that carry out the command `name`."""
        listed = subprocess.run(["ps", "-eww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        ours = {pid for pid, parent, _ in rows if int(parent) == self.process.pid}
        found = [int(pid) for pid, _, line in rows if pid in ours and re.search(rf"main\(\) {name}\b", line)]
        assert found, f"no {name} runs"
        return found


def _free_stretch() -> int:
    """A port with room behind it: five for the parts, and 100 further on one for each broker's own protocol.

    Below the range from which the machine hands out ports by itself, so that nobody takes one meanwhile.
    """
    for first in random.sample(range(20_000, 32_000, 200), 40):
        with contextlib.ExitStack() as held:
            try:
                for port in (*range(first, first + 8), *range(first + 100, first + 108)):
                    held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    pytest.fail("no free stretch of ports on this machine")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pictures: tuple[Path, ...]) -> Iterator[Running]:
    """Start everything as `make run` does, wait until the story was played, and stop it afterwards."""
    assert pictures
    data = tmp_path_factory.mktemp("whole") / "var"
    said = data.parent / "said.txt"
    command = [str(GETUIGE), "run", "--data", str(data), "--port", str(_free_stretch())]
    with said.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "200"}
        )
    try:
        deadline = time.monotonic() + READY_S
        while "Getuige is running" not in said.read_text("utf-8"):
            assert process.poll() is None, said.read_text("utf-8")[-4000:]
            assert time.monotonic() < deadline, said.read_text("utf-8")[-4000:]
            time.sleep(0.1)
        address = json.loads((data / "run.json").read_text("utf-8"))["addresses"]["review"]
        phrases = {
            handle: (data / "people" / handle / "phrase.txt").read_text("utf-8").strip()
            for handle in ("marit", "ilse", "daan")
        }
        yield Running(address.removesuffix("/review"), phrases, data, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _review(person: Visitor, running: Running, handle: str) -> int:
    """Sign in, wait for the checks, and return how many items are in the table; all must be proven."""
    await person.sign_in("/review", handle, running.phrases[handle])
    await person.page.wait_for_selector("getuige-review[data-checked]", timeout=60_000)
    folded = person.page.locator(".fold[aria-expanded=false]")
    while await folded.count():
        await folded.first.click()
    total = await person.page.locator(".row:not(.heads)").count()
    await expect(person.page.locator(".verification")).to_contain_text(f"{total} van {total} bewezen")
    return total


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


async def test_the_investigator_sees_what_was_granted_and_nothing_else(browser: Browser, running: Running) -> None:
    async with visit(browser, running.url) as marit, visit(browser, running.url) as ilse:
        everything = await _review(marit, running, "marit")
        granted = await _review(ilse, running, "ilse")

        assert granted < everything
        assert await ilse.page.locator(".kind-card").count() == 0
        await ilse.sound()


async def test_a_real_press_is_accepted_and_followed_in_the_console_and_the_button_hears_it(
    browser: Browser, running: Running, tmp_path: Path
) -> None:
    async with visit(browser, running.url) as daan:
        page = daan.page
        await daan.sign_in("/console", "daan", running.phrases["daan"])
        await page.wait_for_selector(".freshness.live", timeout=15_000)
        await page.get_by_role("button", name="Dienst starten").click()
        await daan.sound()

        folder = running.data / "people/alarm-device"
        track = tmp_path / "track.csv"
        track.write_text("".join(f"{lat},{lon},8\n" for lat, lon in (POSITION, LATER)))
        button = await asyncio.create_subprocess_exec(
            str(GETUIGE), "device", "press", str(folder), "--track", str(track), "--wait", "closed",
            "--timeout", "60", "--json", stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await page.wait_for_selector("button.alarm.new", timeout=15_000)
        await page.locator("button.alarm.new").click()
        await expect(page.locator("section.where")).to_contain_text(", ".join(POSITION))
        await expect(page.locator("article .badge.proven")).to_contain_text("alarmbrug")

        for key, state in (("a", "accepted"), ("d", "dispatched"), ("s", "on_scene")):
            await page.keyboard.press(key)
            await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", state)
        await expect(page.locator(".who .name")).to_have_text("Noor van den Akker")
        await expect(page.locator(".moved")).to_contain_text("220 m verder naar het noordoosten", timeout=30_000)
        await expect(page.locator("section.where .coordinates")).to_have_text(", ".join(LATER))
        await daan.keep("whole-console")
        await daan.sound()
        await page.keyboard.press("c")
        await page.get_by_role("button", name="Per ongeluk").click()
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "closed")

        output, _ = await asyncio.wait_for(button.communicate(), 60)
        heard = [json.loads(line)["event"] for line in output.splitlines()]
        assert button.returncode == 0
        assert heard.index("stored") < heard.index("accepted") < heard.index("closed")
        await daan.sound()


async def _getuige(*arguments: str | Path, data: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        str(GETUIGE), *map(str, arguments), env={**os.environ, "GETUIGE_DATA": str(data)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 60)
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


async def test_a_server_that_stops_is_shown_within_eight_seconds(browser: Browser, running: Running) -> None:
    async with visit(browser, running.url) as daan:
        await daan.sign_in("/console", "daan", running.phrases["daan"])
        await daan.page.wait_for_selector(".freshness.live", timeout=15_000)
        (serving,) = running.parts("serve")
        os.kill(serving, signal.SIGSTOP)
        try:
            await daan.page.wait_for_selector(".freshness.stale", timeout=STALE_WITHIN_S * 1000)
        finally:
            os.kill(serving, signal.SIGCONT)
        await daan.page.wait_for_selector(".freshness.live", timeout=15_000)


async def test_bridges_that_stop_are_shown_although_the_server_is_well(browser: Browser, running: Running) -> None:
    async with visit(browser, running.url) as daan:
        await daan.sign_in("/console", "daan", running.phrases["daan"])
        await daan.page.wait_for_selector(".freshness.live", timeout=15_000)
        bridges = running.parts("bridge")
        for bridge in bridges:
            os.kill(bridge, signal.SIGSTOP)
        try:
            await expect(daan.page.locator(".freshness.stale")).to_contain_text("alarmbrug", timeout=15_000)
        finally:
            for bridge in bridges:
                os.kill(bridge, signal.SIGCONT)
        await daan.page.wait_for_selector(".freshness.live", timeout=20_000)
