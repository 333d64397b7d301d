"""One person at one browser window: opens pages, signs in, and notices everything that goes wrong meanwhile."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.support.page_world import PHRASES
from tests.support.waiting import patience

PROJECT = Path(__file__).parents[2]
ARTEFACTS = PROJECT / "tests/artefacts"
IMAGES = PROJECT / "docs/images"
MAX_IMAGE_BYTES = 300_000
"""The README must load quickly, also from a mirror."""

AXE = (PROJECT / "server/web/node_modules/axe-core/axe.min.js").read_text("utf-8")

AXE_RUN = "axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"
"""All rules that are on by default, and that a finger or a trembling hand finds what it aims at (WCAG 2.2, 2.5.8)."""

WATCH = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective}: ${event.blockedURI || event.sample}`));
"""

PIXELS = """async (image) => {
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", pixels));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [image.naturalWidth, image.naturalHeight, hex];
}"""


@dataclass
class Visitor:
    """A window and what was noticed in it."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    async def sign_in(self, path: Literal["/review", "/console"], handle: str, phrase: str | None = None) -> None:
        """Open a page and sign in; does not wait for what comes then."""
        await self.page.goto(self.url + path)
        await self.page.fill("#handle", handle)
        await self.page.fill("#phrase", PHRASES[handle] if phrase is None else phrase)
        await self.page.click("button[type=submit]")

    async def sign_in_again(self) -> None:
        """Give the phrase after a reload; the name is there already."""
        handle = await self.page.input_value("#handle")
        await self.page.fill("#phrase", PHRASES[handle])
        await self.page.click("button[type=submit]")
        await self.page.wait_for_selector("getuige-review[data-checked]", timeout=patience(30_000))

    async def review(self) -> None:
        """Sign in as the caseworker and wait until every item was checked."""
        await self.sign_in("/review", "marit")
        await self.page.wait_for_selector("getuige-review[data-checked]", timeout=patience(30_000))

    async def console(self) -> None:
        """Sign in as the dispatcher and wait until the list is live."""
        await self.sign_in("/console", "daan")
        await self.page.wait_for_selector(".freshness.live", timeout=patience(15_000))

    async def until(self, expression: str, *, seconds: float = 10) -> None:
        """Wait until a JavaScript expression holds (Playwright's own way needs `eval`, which our policy forbids)."""
        async with asyncio.timeout(patience(seconds)):
            while not await self.page.evaluate(expression):  # noqa: ASYNC110 - the other side is a browser
                await asyncio.sleep(0.05)

    async def noticed(self, word: str, *, seconds: float = 10) -> None:
        """Wait until the browser complained of something in these words."""
        async with asyncio.timeout(patience(seconds)):
            while not any(word in error for error in self.errors):  # noqa: ASYNC110 - the other side is a browser
                await asyncio.sleep(0.05)

    async def violations(self) -> list[str]:
        """What the policy of the page blocked."""
        found: list[str] = await self.page.evaluate("window.violations")
        return found

    async def axe(self) -> list[str]:
        """What axe-core finds, in words: rule, impact, and where."""
        await self.page.evaluate(AXE)
        found: dict[str, Any] = await self.page.evaluate(AXE_RUN)
        return [
            f"{one['id']} ({one['impact']}): {node['target']} {node.get('failureSummary', '')}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    async def sound(self) -> None:
        """Assert that nothing went wrong so far: no console error, no policy violation, no axe violation."""
        wrong = [*await self.axe(), *await self.violations(), *self.errors]
        assert not wrong, "\n".join(wrong)

    async def keep(self, name: str, *, curated: str | None = None, full_page: bool = False) -> None:
        """Keep a screenshot as an artefact; `curated` also as the README's picture when that is asked for."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        await self.page.screenshot(path=path, full_page=full_page)
        if curated is None or os.environ.get("GETUIGE_UPDATE_SCREENSHOTS") != "1":
            return
        IMAGES.mkdir(parents=True, exist_ok=True)
        target = IMAGES / f"{curated}.png"
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(256).save(target, optimize=True)
        assert target.stat().st_size < MAX_IMAGE_BYTES


DEADLINE_MS = 30_000
EXPECTED_MS = 5_000
"""Playwright's own limits, on a free machine: for an element to come, and for what is expected of one to hold."""


@asynccontextmanager
async def visit(browser: Browser, url: str, **options: Any) -> AsyncIterator[Visitor]:  # noqa: ANN401 - Playwright's options
    """Open a window in a fresh profile: Dutch, in Amsterdam, 1440 × 900."""
    defaults: dict[str, Any] = {
        "viewport": {"width": 1440, "height": 900},
        "timezone_id": "Europe/Amsterdam",
        "locale": "nl-NL",
        "color_scheme": "light",
    }
    context = await browser.new_context(**{**defaults, **options})
    context.set_default_timeout(patience(DEADLINE_MS))
    expect.set_options(timeout=patience(EXPECTED_MS))
    await context.add_init_script(WATCH)
    page = await context.new_page()
    visitor = Visitor(page, url)

    def notice(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "GL Driver Message" not in message.text:  # software graphics
            visitor.errors.append(f"{message.type}: {message.text}")

    page.on("console", notice)
    page.on("pageerror", lambda error: visitor.errors.append(f"page: {error}"))
    yield visitor
    await context.close()


async def pixels_of_file(browser: Browser, url: str, content: bytes, mime: str) -> list[Any]:
    """Width, height and hash of a picture file as this same Chromium decodes it, without any of our code."""
    data = base64.b64encode(content).decode()
    context = await browser.new_context(bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{url}/web-manifest.json")
    image = await page.evaluate_handle("document.createElement('img')")
    await image.evaluate(f"(image) => {{ image.src = 'data:{mime};base64,{data}'; }}")
    found: list[Any] = await image.evaluate(PIXELS)
    await context.close()
    return found


STALE_WITHIN_S = 8.0
"""Six seconds of silence, the half second of the page's clock, and a margin for a busy machine."""
