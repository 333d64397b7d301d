"""Caddy as we ship it, in front of servers: the real program, with TLS by a CA of its own."""

import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.programs import need
from tests.support.waiting import patience, until

CADDYFILE = Path(__file__).parents[2] / "infra" / "caddy" / "Caddyfile"


@contextmanager
def caddy(folder: Path, port: int, upstreams: list[int]) -> Iterator[ssl.SSLContext]:
    """Run Caddy until the end of the block; return what trusts its certificates."""
    env = {
        **os.environ,
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "GETUIGE_SITE": f"https://localhost:{port}",
        "GETUIGE_UPSTREAMS": " ".join(f"127.0.0.1:{one}" for one in upstreams),
        "GETUIGE_TLS": "internal",
    }
    # The Caddyfile is taken as it is, but for the port of plain http, which only root and one at a time may have.
    own = folder / "Caddyfile"
    text = CADDYFILE.read_text()
    assert "\tadmin off\n" in text
    own.write_text(text.replace("\tadmin off\n", "\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n"))
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [need("caddy"), "run", "--config", own, "--adapter", "caddyfile"], env=env, stdout=log, stderr=log
        )
        try:
            ca = folder / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
            until(lambda: process.poll() is not None or ca.is_file(), "Caddy has made its CA")
            assert process.poll() is None, (folder / "caddy.log").read_text()
            context = ssl.create_default_context(cafile=str(ca))
            until(lambda: healthy(f"https://localhost:{port}", context), "Caddy reaches the server")
            yield context
        finally:
            process.terminate()
            process.wait(patience(20))


def healthy(url: str, context: ssl.SSLContext) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", verify=context, timeout=patience(2)).status_code == 200
    except (httpx.TransportError, ssl.SSLError):
        return False
