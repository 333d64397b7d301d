"""Proves that tus-js-client in Chromium uploads from a page, signs by WebCrypto, and goes on after the line was cut.

The page is served on the address of the API (a browser lets it send these headers nowhere else); every request goes to
a real server over a real connection that is reset in the middle of a body.
"""

import base64
import hashlib
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from server.upload_addresses import RESUMABLE, UPLOADS
from tests.support.cut_line import CutLine
from tests.support.foreign_clients import FOREIGN, key_of
from tests.support.ports import free_port
from tests.support.server_world import Person, World, running, settings_in

MIB = 1024 * 1024
CONTENT = os.urandom(3 * MIB + 5)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SCRIPTS = {
    "/tus.js": FOREIGN / "node_modules/tus-js-client/dist/tus.min.js",
    "/sign.mjs": FOREIGN / "sign.mjs",
}
PAGE = "<!doctype html><title>upload</title><script src='/tus.js'></script>"
UPLOAD = """async ({ job, content }) => {
  const { keyOf, signing } = await import("/sign.mjs");
  const who = { key: await keyOf(job.key), kid: job.kid };
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const seen = [];
  return new Promise((resolve) => {
    const upload = new tus.Upload(new Blob([bytes]), {
      ...job.options,
      retryDelays: [50, 100, 200, 500],
      storeFingerprintForResuming: false,
      onBeforeRequest: signing(who),
      onAfterResponse: (request, response) => seen.push([request.getMethod(), response.getStatus()]),
      onSuccess: () => resolve({ done: true, seen }),
      onError: (error) => resolve({ done: false, seen, error: error.message }),
    });
    upload.start();
  });
}"""


@pytest.fixture(scope="module")
def line() -> Iterator[CutLine]:
    cut_line = CutLine(free_port())
    yield cut_line
    cut_line.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, line: CutLine) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("foreign")
    settings = settings_in(folder, public_url=f"http://127.0.0.1:{line.port}").model_copy(update={"port": line.target})
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))


def tus_options(phone: Person) -> dict[str, Any]:
    return {"endpoint": phone.url + UPLOADS, "metadata": {"item": ids.new_id(), "sha256": SHA256}}


def taken_away(world: World) -> bytes:
    """Return the blob that was made, and remove it for the next test."""
    blobs = DirectoryBlobs(world.settings.data / "blobs")
    with blobs.open(ids.Sha256(SHA256)) as file:
        content = bytes(file.read())
    (world.settings.data / "blobs" / SHA256[:2] / SHA256).unlink()
    return content


async def serve(file: Path, route: Route) -> None:
    await route.fulfill(content_type="text/javascript", path=file)


def draft_options(phone: Person) -> dict[str, Any]:
    digest = base64.b64encode(bytes.fromhex(SHA256)).decode()
    return {
        "endpoint": f"{phone.url}{RESUMABLE}?item={ids.new_id()}",
        "protocol": "ietf-draft-05",
        "headers": {"Repr-Digest": f"sha-256=:{digest}:"},
    }


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("options", [tus_options, draft_options], ids=["tus", "draft"])
async def test_tus_js_client_goes_on_in_chromium(browser: Browser, served: World, line: CutLine, options: Any) -> None:  # noqa: ANN401
    phone = served.open_case().phone()
    page = await browser.new_page()
    await page.route(f"{phone.url}/page", lambda route: route.fulfill(content_type="text/html", body=PAGE))
    for path, file in SCRIPTS.items():
        await page.route(phone.url + path, partial(serve, file))
    await page.goto(f"{phone.url}/page")
    line.passed, line.cuts, line.cut_at = 0, 0, [2 * MIB]
    job = {"key": key_of(phone), "kid": phone.kid, "options": options(phone)}
    answer = await page.evaluate(UPLOAD, {"job": job, "content": base64.b64encode(CONTENT).decode()})
    await page.close()
    assert answer["done"], answer
    assert line.cuts == 1
    assert answer["seen"][0] == ["POST", 201]
    # Chromium itself sends the PATCH again when a connection that it used before is reset; it is told of the offset.
    assert [method for method, _ in answer["seen"][-2:]] == ["HEAD", "PATCH"], answer
    assert answer["seen"][-1] == ["PATCH", 204]
    assert taken_away(served) == CONTENT
