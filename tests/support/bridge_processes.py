"""Bridges as processes that are killed, cut off and started again."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.programs import need
from tests.support.starter import Process, start
from tests.support.waiting import patience


@dataclass(frozen=True)
class Network:
    """A namespace that bridge 1 lives in, and the cable to it; the addresses are those of its two ends."""

    namespace: str
    link: str
    outside: str
    inside: str

    def pull(self) -> None:
        subprocess.run([need("ip"), "link", "set", self.link, "down"], check=True)

    def plug_in(self) -> None:
        subprocess.run([need("ip"), "link", "set", self.link, "up"], check=True)


@dataclass
class BridgeProcess:
    """`getuige bridge` as a process that is killed and started again."""

    name: str
    folder: Path
    environment: dict[str, str]
    feed: str
    token: str
    before: tuple[str, ...] = ()
    """What its command begins with."""
    process: Process | None = None

    def start(self) -> None:
        environment = {**os.environ, **self.environment}
        with (self.folder / f"bridge-{self.name}.log").open("ab") as log:
            self.process = start("bridge", output=log, environment=environment, before=self.before)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def health(self) -> dict[str, object]:
        """What it says of itself; empty while it does not answer."""
        try:
            headers = {"authorization": f"Bearer {self.token}"}
            answer = httpx.get(f"{self.feed}/health", headers=headers, timeout=patience(2), trust_env=False)
        except httpx.HTTPError:
            return {}
        return dict(answer.json())

    def alarms(self) -> list[dict[str, object]]:
        """Return what it tells of alarms, newest first; nothing while it does not answer."""
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            return list(
                httpx.get(f"{self.feed}/alarms", headers=headers, timeout=patience(5), trust_env=False).json()["alarms"]
            )
        except httpx.HTTPError:
            return []

    def act(self, alarm: object, act: bytes) -> int:
        """Hand an act in; return the status."""
        headers = {"authorization": f"Bearer {self.token}"}
        url = f"{self.feed}/alarms/{alarm}/acts"
        return httpx.post(url, content=act, headers=headers, timeout=patience(5), trust_env=False).status_code

    def count(self, part: str) -> dict[str, int]:
        """Return the numbers in a part of its health; empty while it does not answer."""
        found = self.health().get(part, {})
        assert isinstance(found, dict)
        return found

    def hears(self) -> int:
        """How many brokers it hears."""
        rows = self.health().get("brokers", [])
        assert isinstance(rows, list)
        return sum(bool(row["connected"]) for row in rows)
