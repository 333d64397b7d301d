"""The code of the pages cannot be changed on the way: policy, integrity and Trusted Types, tried in Chromium.

Each test changes one thing as a hostile server or proxy would, and looks that the browser refused to run it.
"""

import hashlib
import json
import re

import httpx
import pytest
from playwright.async_api import Browser, Route, expect

from server.web import assets
from tests.support.stand_in import StandIn
from tests.support.visitor import Visitor, visit

PATHS = ("/", "/review", "/console")


@pytest.mark.parametrize("path", PATHS)
def test_every_page_carries_the_strict_headers(server: StandIn, path: str) -> None:
    answer = httpx.get(server.url + path)

    policy = answer.headers["content-security-policy"]
    found = re.search(r'<script type="importmap">(.*?)</script>', answer.text)
    assert found
    expected = assets.digest("sha256", found[1].encode())
    for part in (
        "default-src 'none'",
        f"script-src 'self' 'wasm-unsafe-eval' '{expected}';",
        "style-src 'self';",
        "worker-src 'self'; " if path in assets.WORKERS else "worker-src 'none'; ",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ):
        assert part in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert "integrity-policy" not in answer.headers, "no page starts in WebKit under it"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.text.count("<script") == 2
    assert "style=" not in answer.text
    assert " on" + "click" not in answer.text


def test_the_manifest_names_the_hash_of_everything_that_is_served(server: StandIn) -> None:
    files = httpx.get(f"{server.url}/web-manifest.json").json()["files"]

    assert set(PATHS) < set(files)
    assert len(files) > 50
    for path, digest in files.items():
        answer = httpx.get(server.url + path)
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == digest, path


def test_an_address_with_the_right_hash_may_be_kept_for_ever_and_others_are_asked_again(server: StandIn) -> None:
    asset = assets.site().assets["/web/core/dsse.js"]

    exact, plain, old = (httpx.get(server.url + path) for path in (asset.url, asset.path, f"{asset.path}?v=0"))
    again = httpx.get(server.url + asset.path, headers={"if-none-match": plain.headers["etag"]})

    assert "immutable" in exact.headers["cache-control"]
    assert plain.headers["cache-control"] == old.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(f"{server.url}/web/../../pyproject.toml").status_code == 404
    assert httpx.get(f"{server.url}/web/%2e%2e/vendor.py").status_code == 404


async def _open_changed(visitor: Visitor, pattern: str, change: bytes) -> None:
    async def tamper(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=await answer.body() + change)

    await visitor.page.route(re.compile(pattern), tamper)
    await visitor.page.goto(f"{visitor.url}/review")


@pytest.mark.need("chromium")
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "pattern",
    [
        r"/web/core/lockedkey\.js",
        r"/web/review/main\.js",
        r"/web/vendor/libsodium-wrappers",
        r"/web/vendor/lit-html/lit-html",
    ],
)
async def test_a_changed_module_does_not_run_and_stops_the_page(
    browser: Browser, server: StandIn, pattern: str
) -> None:
    async with visit(browser, server.url) as visitor:
        await _open_changed(visitor, pattern, b"\n;globalThis.stolen = true;\n")
        await visitor.noticed("integrity")

        assert await visitor.page.evaluate("globalThis.stolen") is None
        assert await visitor.page.locator("#handle").count() == 0
        await expect(visitor.page.get_by_text("Log niet in en bel uw beheerder")).to_be_visible()


@pytest.mark.need("chromium")
@pytest.mark.asyncio(loop_scope="session")
async def test_changed_texts_are_refused_too(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as visitor:
        await _open_changed(visitor, r"/web/locales/nl\.ftl", b"\nsign-in-lead = Mail uw wachtzin.\n")
        await visitor.noticed("integrity")

        assert "Mail uw wachtzin" not in await visitor.page.content()
        await expect(visitor.page.get_by_text("Log niet in en bel uw beheerder")).to_be_visible()


@pytest.mark.need("chromium")
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "addition",
    [
        "<script>globalThis.stolen = true;</script>",
        '<img src="x" onerror="globalThis.stolen = true">',
        '<script type="module">globalThis.stolen = true;</script>',
        '<script src="https://elsewhere.example/steal.js"></script>',
    ],
)
async def test_script_that_is_written_into_a_page_is_blocked(browser: Browser, server: StandIn, addition: str) -> None:
    async def tamper(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("</body>", f"{addition}</body>"))

    async with visit(browser, server.url) as visitor:
        await visitor.page.route("**/review", tamper)
        await visitor.page.goto(f"{visitor.url}/review")
        await visitor.page.wait_for_selector("#handle")

        assert await visitor.page.evaluate("globalThis.stolen") is None
        assert await visitor.violations()


@pytest.mark.need("chromium")
@pytest.mark.asyncio(loop_scope="session")
async def test_markup_from_text_and_evaluated_text_are_blocked(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as visitor:
        await visitor.page.goto(f"{visitor.url}/review")
        await visitor.page.wait_for_selector("#handle")
        # Playwright's own calls may pass the policy; a timer of the page may not.
        outcomes = await visitor.page.evaluate(
            """() => new Promise((resolve) => setTimeout(() => resolve([
              (() => { try { document.body.innerHTML = "<b>x</b>"; return "ran"; } catch { return "blocked"; } })(),
              (() => { try { return Function("return 'ran'")(); } catch { return "blocked"; } })(),
            ]), 0))"""
        )

        assert outcomes == ["blocked", "blocked"]


def test_the_import_map_leads_every_specifier_to_a_hashed_file() -> None:
    site = assets.site()
    found = re.search(r'<script type="importmap">(.*?)</script>', site.pages["/review"].content.decode())
    assert found
    mapped = json.loads(found[1])

    assert set(mapped["imports"].values()) == set(mapped["integrity"])
    modules = {path for path in site.assets if path.endswith((".js", ".mjs"))}
    assert modules <= set(mapped["imports"])
