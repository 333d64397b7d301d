"""All processes of a machine under a keeper that restarts what died, as systemd does; and a hand that kills them."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from server.demo.machine import Machine
from server.demo.supervisor import Program
from tests.support.disk import Disk
from tests.support.waiting import patience, until

LOOK_S = 0.05
UNREADY_FOR_S = 1.0
"""A server that says for so long that its journal stopped is started anew: what a watchdog does in earnest."""


@dataclass
class Keeper:
    """Keeps the programs of a machine running until it is told to stop."""

    machine: Machine
    disk: Disk
    logs: Path
    kills: list[str] = field(default_factory=list)
    """What was done to whom, in order: the history of a failed run."""
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def programs(self) -> dict[str, Program]:
        return {program.name: program for together in self.machine.programs() for program in together}

    def start(self) -> None:
        """Start everything in order, and keep it so."""
        self.logs.mkdir()
        for together in self.machine.programs():
            for program in together:
                self._start(program)
            for program in together:
                wait_ready(program, 30)
        self._threads = [threading.Thread(target=self._keep), threading.Thread(target=self._watch)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for process in self._running.values():
            process.kill()
            process.wait()

    def kill(self, name: str) -> None:
        """SIGKILL, without a warning."""
        with self._lock:
            self.kills.append(f"kill {name}")
            self._running[name].kill()

    def break_disk(self, seconds: float) -> None:
        """Let the disk of the server fail for a while; the bridge has a disk of its own in this story."""
        self.kills.append(f"disk fails for {seconds:.2f} s")
        self.disk.fails()
        time.sleep(seconds)
        self.disk.is_well()

    def slow_disk(self, seconds: float) -> None:
        self.kills.append(f"disk is slow for {seconds:.2f} s")
        self.disk.is_slow(20_000)
        time.sleep(seconds)
        self.disk.is_well()

    def await_health(self) -> None:
        """Wait until every program is ready by itself, without any hand."""
        for program in self.programs.values():
            wait_ready(program, 60)

    def _start(self, program: Program) -> None:
        more = self.disk.variables if program.name.startswith("server") else {}
        with (self.logs / f"{program.name}.log").open("ab") as output:
            self._running[program.name] = subprocess.Popen(
                program.command, stdout=output, stderr=output, env={**os.environ, **program.environment, **more}
            )

    def _keep(self) -> None:
        programs = self.programs
        while not self._stop.wait(LOOK_S):
            with self._lock:
                for name, process in list(self._running.items()):
                    if process.poll() is not None:
                        self._start(programs[name])

    def _watch(self) -> None:
        """Start the server anew when it says that it takes nothing, and goes on saying so."""
        since: float | None = None
        url = f"{self.machine.ports.url}/health/ready"
        while not self._stop.wait(LOOK_S):
            try:
                unready = httpx.get(url, timeout=patience(2)).status_code == 503
            except httpx.TransportError:
                unready = False
            if not unready:
                since = None
            elif since is None:
                since = time.monotonic()
            elif time.monotonic() - since > UNREADY_FOR_S:
                with self._lock:
                    self._running["server"].send_signal(signal.SIGTERM)
                since = None


def wait_ready(program: Program, within_s: float) -> None:
    until(program.ready, f"{program.name} is ready", within_s)


@contextmanager
def trouble(keeper: Keeper, chance: random.Random) -> Iterator[threading.Event]:
    """Do something bad every second or so, until the block ends."""
    over = threading.Event()

    def go_on() -> None:
        names = list(keeper.programs)
        while not over.wait(chance.uniform(0.4, 1.6)):
            match chance.randrange(8):
                case 0:
                    keeper.break_disk(chance.uniform(0.05, 0.5))
                case 1:
                    keeper.slow_disk(chance.uniform(0.2, 1))
                case 2 | 3:
                    keeper.kill("server")
                case _:
                    keeper.kill(chance.choice(names))

    hand = threading.Thread(target=go_on)
    hand.start()
    try:
        yield over
    finally:
        over.set()
        hand.join()
