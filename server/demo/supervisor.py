"""Start the processes of one machine, wait until each is ready, and leave none behind.

Each child runs in a process group of its own (so that Ctrl-C reaches the supervisor alone, and it stops the
children in order), writes to a log file of its own, and is tied to the supervisor by the kernel (parent_watch.py).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from server.errors import ServerError

PARENT_WATCH: Final = Path(__file__).with_name("parent_watch.py")

READY_WITHIN_S: Final = 30.0
"""Seen on two quiet, slow cores: 2 s for the slowest child. The limit grows with what a new Python takes to start here
and now (`slowness`): on a busy machine a child that is still at work is waited for."""

QUIET_START_S: Final = 0.05
"""What an empty Python takes to start and end on a quiet machine of that kind."""

POLL_S: Final = 0.05
"""Between two looks at a child that is starting."""

STOP_WITHIN_S: Final = 8.0
"""A child finishes its requests and flushes in well under a second; after this it is killed."""

MAX_PORT: Final = 65535
"""TCP has no higher one (RFC 9293)."""

PORT_TRIES: Final = 20
"""Ports that the system offers as free; that one has a taken neighbour is rare, twenty in a row is a fault."""

LAST_LINES: Final = 12
"""Of a child's log, shown when it failed: enough for a traceback's end, few enough to read."""


class ChildError(ServerError):
    """A child did not start or stopped by itself; the text has its last log lines and what to do."""


@dataclass(frozen=True)
class Program:
    """One process to start: how, how to see that it is ready, and what a person may do when it is not."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    mend: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    log: Path
    begun: float


class Supervisor:
    """Starts programs in order and stops them in the opposite order. Use it from one thread only.

    From one thread, because PR_SET_PDEATHSIG speaks of the *thread* that started the child.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[_Child] = []

    def __enter__(self) -> Self:
        """Make the folder for logs."""
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every child, whatever happened."""
        self.stop()

    def start(self, program: Program) -> None:
        """Start `program`; `wait` tells when it is ready."""
        log = self._logs / f"{program.name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                watched(program.command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **program.environment},
                process_group=0,
            )
        self._children.append(_Child(program, process, log, time.monotonic()))

    def wait(self, name: str) -> float:
        """Wait until the child `name` is ready, and return the seconds since it was started.

        Raises:
            ChildError: it ended or was not ready in time; every child keeps running until `stop`.
        """
        child = next(child for child in self._children if child.program.name == name)
        program, process, begun = child.program, child.process, child.begun
        within_s = READY_WITHIN_S
        while not program.ready():
            if process.poll() is not None:
                raise ChildError(_last_words(child, f"{program.name} stopped (exit {process.returncode})."))
            if time.monotonic() - begun > within_s:
                if within_s == READY_WITHIN_S and (slow := slowness()) > 1:
                    within_s *= slow
                    continue
                text = f"{program.name} is not ready after {within_s:.0f} s, and did not stop either."
                raise ChildError(_last_words(child, text))
            time.sleep(POLL_S)
        return time.monotonic() - begun

    def check(self) -> None:
        """Raise ChildError when a child stopped by itself."""
        for child in self._children:
            if child.process.poll() is not None:
                text = f"{child.program.name} stopped by itself (exit {child.process.returncode})."
                raise ChildError(_last_words(child, text))

    def stop(self) -> None:
        """Stop every child, last started first, politely and then by force; wait until each is gone."""
        for child in reversed(self._children):
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        for child in reversed(self._children):
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.process.wait()
            # What the child itself started is in its group; it must not be left either.
            _signal(child, signal.SIGKILL)
        self._children.clear()


def slowness() -> float:
    """Return how many times longer than on a quiet machine a program takes to start now; at least 1."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=False)
    return max(1.0, (time.monotonic() - begun) / QUIET_START_S)


def watched(command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` as a child that cannot outlive the thread that starts it."""
    return [sys.executable, "-I", "-S", str(PARENT_WATCH), str(os.getpid()), *command]


def _signal(child: _Child, number: signal.Signals) -> None:
    """Send a signal to the whole group of a child; gone already is fine."""
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        return


def _last_words(child: _Child, text: str) -> str:
    """Return `text` with the end of the child's log and what to do."""
    lines = child.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
    quoted = "\n".join(f"  | {line}" for line in lines) or "  | (it wrote nothing)"
    return f"{text}\n{quoted}\nThe whole log: {child.log}\nWhat to do: {child.program.mend}"


def free_port(preferred: int, beside: Sequence[int] = (), host: str = "127.0.0.1") -> int:
    """Return `preferred` when it is free, otherwise a port that was free a moment ago.

    Free means: nothing listens on it, nor on the ports that lie the distances `beside` above it.
    """
    for port in (preferred, *(0 for _ in range(PORT_TRIES))):
        if port > MAX_PORT:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        neighbours = [found + distance for distance in beside]
        if not any(neighbour > MAX_PORT or listens(neighbour, host) for neighbour in neighbours):
            return found
    raise ChildError(f"No free port on {host}: stop something that listens and start again.")


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something accepts connections on `port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0
