"""Bridges as processes that are killed, stopped, cut off and started again."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from device_bridge.lane.running import LOCK, lane_of
from tests.support import process_tree
from tests.support.programs import need
from tests.support.starter import Process, start
from tests.support.waiting import patience, until


def end_lanes(data: Path) -> None:
    """End the lanes of every bridge in a data folder: each outlives a bridge that was killed."""
    for lock in data.glob(f"bridge*/{LOCK}"):
        _end(lock)


def _end(lock: Path) -> None:
    if process := lane_of(lock):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        until(lambda: lane_of(lock) is None, "the lane ends")


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
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    @property
    def log(self) -> Path:
        return self.folder / f"bridge-{self.name}.log"

    def start(self) -> None:
        environment = {**os.environ, **self.environment}
        with self.log.open("ab") as log:
            self.process = start("bridge", output=log, environment=environment, before=self.before)

    def kill(self) -> None:
        """End it as a power cut would, with all that it started (SIGKILL)."""
        assert self.process is not None
        process_tree.signal_all(process_tree.tree(self.process.pid), signal.SIGKILL)
        self.process.wait()

    def kill_alone(self) -> None:
        """End the process itself, as the kernel does that has no memory left; what it started has to notice."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop_still(self) -> list[int]:
        """Stop it and all that it started (SIGSTOP); return what was stopped."""
        assert self.process is not None
        stopped = process_tree.tree(self.process.pid)
        process_tree.signal_all(stopped, signal.SIGSTOP)
        return stopped

    def lanes(self) -> list[int]:
        """Return the processes that it started: the press lane, where that is one of its own."""
        return [] if self.process is None else process_tree.children(self.process.pid)

    def switch_off(self) -> None:
        """Kill it and its lane, as when their machine dies."""
        self.kill()
        _end(self.folder / ("bridge" if self.name == "1" else f"bridge-{self.name}") / LOCK)

    def health(self) -> dict[str, object]:
        """What it says of itself; empty while it does not answer."""
        return self._asked("/health", 2)

    def causes(self) -> frozenset[str] | None:
        """Return the codes of what it says is wrong; None while it does not answer."""
        causes = self.health().get("causes")
        assert causes is None or isinstance(causes, list)
        return None if causes is None else frozenset(one["code"] for one in causes)

    def alarms(self) -> list[dict[str, object]]:
        """Return what it tells of alarms, newest first; nothing while it does not answer."""
        alarms = self._asked("/alarms", 5).get("alarms", [])
        assert isinstance(alarms, list)
        return alarms

    def _asked(self, path: str, within_s: float) -> dict[str, object]:
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            answer = self.client.get(f"{self.feed}{path}", headers=headers, timeout=patience(within_s))
        except httpx.HTTPError:
            return {}
        return dict(answer.json())

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
