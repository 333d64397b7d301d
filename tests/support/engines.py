"""A window in two more engines: Firefox ESR by WebDriver BiDi, WebKitGTK by WebDriver, in a display of its own.

Both are Debian's programs, spoken to in the protocols of the W3C (WebDriver BiDi; WebDriver): nothing is downloaded for
them, and no page knows that it is watched.
"""

import asyncio
import base64
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from tests.support.page_world import PHRASES
from tests.support.programs import need
from tests.support.waiting import patience

MINI_BROWSER = tuple(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
"""The browser that comes with the library of WebKitGTK; its driver starts it."""

START_S = 60
"""A browser that starts on a busy machine; an event ends the wait, not this."""


class Window(Protocol):
    """One window of one engine."""

    async def go(self, url: str) -> None:
        """Open an address, and wait until the page was loaded."""

    async def ask(self, body: str) -> Any:  # noqa: ANN401 - JSON
        """Run the body of an asynchronous function in the page; return what it returns, as JSON has it."""

    async def picture(self) -> bytes:
        """What the window shows, as PNG."""


UNTIL = "for (let n = 0; n < 600; n += 1) { if (%s) break; await new Promise((ok) => setTimeout(ok, 100)); }"
"""Wait in the page until something is there; a minute is for a busy machine."""

_SIGN_IN = """
  const fill = (name, text) => { document.querySelector(name).value = text; };
  fill("#handle", "%s");
  fill("#phrase", "%s");
  document.querySelector("button[type=submit]").click();
"""


async def sign_in(window: Window, url: str, handle: str, sign: str) -> None:
    """Open a page and sign in; wait for an element that is the `sign` of it, or for a refusal."""
    await window.go(url)
    await window.ask(UNTIL % "document.querySelector('#handle')")
    await window.ask(_SIGN_IN % (handle, PHRASES[handle]))
    await window.ask(UNTIL % f"document.querySelector('{sign}') || document.querySelector('.sign-in .problem')")


DOWNLOADS = "Downloads"
"""Where both keep what is saved, in the folder in which they were started."""


def _environment(home: Path, **more: str) -> dict[str, str]:
    (home / DOWNLOADS).mkdir(exist_ok=True)
    (home / ".config").mkdir(exist_ok=True)
    (home / ".config/user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="$HOME/{DOWNLOADS}"\n')
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "LC_ALL": "C.UTF-8",
        **more,
    }


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(patience(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# ---------------------------------------------------------------------------------------------------------- Firefox ESR
class _Firefox:
    """WebDriver BiDi: commands and answers on one WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._context = ""

    async def command(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == self._number:
                assert answer["type"] == "success", answer
                found: dict[str, Any] = answer["result"]
                return found

    async def begin(self) -> None:
        await self.command("session.new", capabilities={})
        self._context = (await self.command("browsingContext.getTree"))["contexts"][0]["context"]
        size = {"width": 1440, "height": 1000}
        await self.command("browsingContext.setViewport", context=self._context, viewport=size)

    async def go(self, url: str) -> None:
        await self.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def ask(self, body: str) -> Any:  # noqa: ANN401 - JSON
        expression = f"(async () => {{ {body} }})().then(JSON.stringify)"
        target = {"context": self._context}
        found = await self.command("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert found["type"] == "success", found
        return json.loads(found["result"].get("value", "null"))

    async def picture(self) -> bytes:
        found = await self.command("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(found["data"])


@asynccontextmanager
async def firefox(folder: Path, zone: str = "Europe/Amsterdam") -> AsyncIterator[Window]:
    """Start Firefox ESR with a fresh profile in `folder`, on a computer whose clock is in `zone`."""
    program, profile = need("firefox-esr"), folder / "profile"
    profile.mkdir()
    command = [str(program), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    listening = profile / "WebDriverBiDiServer.json"
    with _running(command, _environment(folder, TZ=zone)) as process:
        async with asyncio.timeout(START_S):
            while not (listening.exists() and listening.read_text("utf-8")):
                assert process.poll() is None, "Firefox does not start"
                await asyncio.sleep(0.05)
        port = json.loads(listening.read_text("utf-8"))["ws_port"]
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(f"ws://127.0.0.1:{port}/session", max_msg_size=0) as socket,
        ):
            window = _Firefox(socket)
            await window.begin()
            yield window
            await window.command("browser.close")


# ------------------------------------------------------------------------------------------------------------ WebKitGTK
class _WebKit:
    """WebDriver: one address for each command."""

    def __init__(self, client: aiohttp.ClientSession, session: str) -> None:
        self._client = client
        self._session = session

    async def command(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        async with self._client.request(method, f"/session/{self._session}{path}", json=body) as answer:
            value = (await answer.json(content_type=None))["value"]
            assert answer.status == 200, value
            return value

    async def go(self, url: str) -> None:
        await self.command("POST", "/url", {"url": url})

    async def ask(self, body: str) -> Any:  # noqa: ANN401 - JSON
        script = (
            "const done = arguments[arguments.length - 1];"
            f"(async () => {{ {body} }})()"
            ".then((found) => done({found: found ?? null}), (error) => done({error: String(error)}));"
        )
        told = await self.command("POST", "/execute/async", {"script": script, "args": []})
        assert "error" not in told, told
        return told["found"]

    async def picture(self) -> bytes:
        return base64.b64decode(await self.command("GET", "/screenshot"))


@contextmanager
def _display(folder: Path) -> Iterator[str]:
    """An X display that nobody sees; it names its own number when it is ready."""
    reading, writing = os.pipe()
    command = [str(need("Xvfb")), "-displayfd", str(writing), "-screen", "0", "1440x1000x24", "-nolisten", "tcp"]
    process = subprocess.Popen(
        command, pass_fds=[writing], env=_environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, "Xvfb does not start"
        yield f":{number}"
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@asynccontextmanager
async def webkit(folder: Path, zone: str = "Europe/Amsterdam") -> AsyncIterator[Window]:
    """Start WebKitGTK's small browser on a display of its own, on a computer whose clock is in `zone`."""
    driver = need("WebKitWebDriver")
    assert MINI_BROWSER, "WebKitGTK comes without its small browser"
    port = _free_port()
    options = {"binary": str(MINI_BROWSER[0]), "args": ["--automation", "--geometry=1440x1000"]}
    wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
    with (
        _display(folder) as display,
        _running([str(driver), f"--port={port}"], _environment(folder, DISPLAY=display, TZ=zone)),
    ):
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            made: dict[str, Any] = {}
            async with asyncio.timeout(START_S):
                while not made:
                    try:
                        async with client.post("/session", json=wanted) as answer:
                            made = (await answer.json(content_type=None))["value"]
                    except aiohttp.ClientConnectionError:  # the driver does not listen yet
                        await asyncio.sleep(0.05)
            assert "sessionId" in made, made
            window = _WebKit(client, made["sessionId"])
            await window.command("POST", "/timeouts", {"script": START_S * 1000, "pageLoad": START_S * 1000})
            yield window
            await window.command("DELETE", "")
