"""What a signed statement costs the server until its receipt, beside its own Ed25519 and beside bare asyncio.

Run by `make bench-uploads`; writes `var/bench/statements.json`. Requests are signed beforehand and sent by 32 kept
connections of a client that only writes and reads, to ours and to the peer (`bare_statements.py`) in turns whose order
changes, after a warm-up; medians of the rounds. The processor time of a server is of the whole process: the log's
keeper and the collection of garbage are in it.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import pytest

from evidence import keys
from server.founding import found
from server.settings import Settings
from tests.bench import figures
from tests.bench.figures import Figure
from tests.bench.statements import Run, hammer, raw, signed_posts
from tests.bench.uploads import cpu_s
from tests.support.batches import BATCH, together
from tests.support.disk import Disk
from tests.support.ports import free_port
from tests.support.server_process import invitation, serving
from tests.support.server_world import CaseOfHers, Person, Signed, World, settings_in
from tests.support.waiting import until

OUT: Final = Path(__file__).parent.parent.parent / "var" / "bench" / "statements.json"
CLIENTS: Final = 32
KEYS: Final = 32
"""Caseworkers who sign: one key alone would meet its pace (`server/auth/rates.py`)."""
ALONE, TOGETHER, BATCHES = 960, 50, 32
"""Statements of one round in requests of their own, and in batches."""
ROUNDS: Final = int(os.environ.get("GETUIGE_BENCH_ROUNDS", "3"))
SLOW_US: Final = 2000
GOAL_ALONE, GOAL_TOGETHER, GOAL_OF_BARE, GOAL_GAIN, GOAL_P99_MS = 9, 4, 0.5, 2, 60
NEXT: Final = "loop and writer take Python's lock from each other; next: partial indexes, log lines once a turn"


@dataclass
class Rounds:
    """What the rounds of one kind measured."""

    cost_us: list[float] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def turn(self, port: int, pid: int, requests: list[bytes], statements: int) -> None:
        """Send requests that carry so many statements; keep what they took."""
        before = cpu_s(pid)
        self.runs.append(asyncio.run(hammer(port, requests, CLIENTS, b"HTTP/1.1 201")))
        self.cost_us.append((cpu_s(pid) - before) / statements * 1e6)

    @property
    def per_second(self) -> float:
        """Answers a second; the first round warms up, here and below."""
        return statistics.median(one.per_second for one in self.runs[1:])

    @property
    def p99_ms(self) -> float:
        """The 99th part of a hundred of an answer's time."""
        return statistics.median(one.p99_ms for one in self.runs[1:])

    @property
    def us(self) -> float:
        """Microseconds of processor time for a statement."""
        return statistics.median(self.cost_us[1:])


def crypto_us() -> float:
    """Return what two checks of a signature and one signature take, as this machine is now."""
    who, message = keys.SigningKey.generate(), os.urandom(700)
    public, signature = who.sign_public, who.sign(message)

    def once() -> None:
        keys.verify(public, message, signature)
        keys.verify(public, message, signature)
        who.sign(message)

    taken = []
    for _ in range(400):
        begun = time.thread_time()
        once()
        taken.append((time.thread_time() - begun) * 1e6)
    return statistics.median(taken)


@contextmanager
def bare(folder: Path, people: list[Person]) -> Iterator[tuple[int, int]]:
    """Run the peer; yield its port and process."""
    port, known = free_port(), folder / "keys.json"
    known.write_text(json.dumps({who.kid: who.identity.sign_public.hex() for who in people}))
    command = [sys.executable, "-m", "tests.bench.bare_statements", str(port), str(known), str(folder / "bare.db")]
    process = subprocess.Popen(command)
    try:
        until(lambda: _listens(port), "the bare server listens")
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def signed_batches(settings: Settings, people: list[Person], case: CaseOfHers, count: int) -> list[bytes]:
    """Return signed requests, each with another batch, in the names of all in turn."""
    made = []
    for number in range(count):
        who = people[number % len(people)]
        body = together([invitation(who, case) for _ in range(TOGETHER)])
        kind = {"content-type": "application/json"}
        request = httpx.Request("POST", f"{settings.public_url}{BATCH}", content=body, headers=kind)
        next(Signed(who.identity).auth_flow(request))
        made.append(raw(request))
    return made


@contextmanager
def setting(folder: Path, **variables: str) -> Iterator[tuple[Settings, int, list[Person], CaseOfHers]]:
    """Run our server with a case; yield its settings, its process, and whoever may sign."""
    settings, root = settings_in(folder / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    with serving(settings, **variables) as process:
        world = World(settings, Person(settings.public_url, identity=root))
        people = [world.certify("caseworker", f"Caseworker {n}", world.team) for n in range(KEYS)]
        yield settings, process.pid, people, world.open_case()


@pytest.mark.timeout(1800)
def test_what_a_statement_costs(tmp_path: Path) -> None:
    ours, peer, batches = Rounds(), Rounds(), Rounds()
    crypto: list[float] = []
    with ExitStack() as stack:
        settings, pid, people, case = stack.enter_context(setting(tmp_path))
        there, other = stack.enter_context(bare(tmp_path, people))
        for turn in range(ROUNDS + 1):
            alone = signed_posts(settings, people, case, ALONE)
            many = signed_batches(settings, people, case, BATCHES)
            turns = [
                partial(ours.turn, settings.port, pid, alone, ALONE),
                partial(peer.turn, there, other, alone, ALONE),
                partial(batches.turn, settings.port, pid, many, BATCHES * TOGETHER),
            ]
            for work in turns[turn % 3 :] + turns[: turn % 3]:
                crypto.append(crypto_us())
                work()
    own = statistics.median(crypto)
    rate, of_batches = ours.per_second, batches.per_second * TOGETHER
    print(f"\nUS A STATEMENT {ours.us:.0f}, in a batch {batches.us:.0f}, bare {peer.us:.0f}", end="")
    keep(
        tmp_path,
        least(
            "One statement, 32 clients: processor time", "us", ours.us, own, "two checks and a signature", GOAL_ALONE
        ),
        least("The same in a batch of fifty", "us", batches.us, own, "two checks and a signature", GOAL_TOGETHER),
        most("Statements a second, 32 clients", "1/s", rate, peer.per_second, "plain asyncio", GOAL_OF_BARE),
        most("Statements a second, fifty in a request", "1/s", of_batches, rate, "one in a request", GOAL_GAIN),
    )


@pytest.mark.timeout(900)
def test_how_long_the_slowest_waits_for_a_slow_disk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    disk, rounds = Disk.build(tmp_path_factory.mktemp("disk")), Rounds()
    with setting(tmp_path, **disk.variables) as (settings, pid, people, case):
        disk.is_slow(SLOW_US)
        for _ in range(ROUNDS + 1):
            rounds.turn(settings.port, pid, signed_posts(settings, people, case, ALONE), ALONE)
    name = "Statement, 32 clients, fsync + 2 ms: p99"
    keep(tmp_path, least(name, "ms", rounds.p99_ms, GOAL_P99_MS, "the goal", 1))


def most(name: str, unit: str, ours: float, peer: float, peer_name: str, goal: float) -> Figure:
    """Print one figure that should be at least `goal` times the peer's."""
    return _figure(name, unit, ours, peer, peer_name, goal, met=ours / peer >= goal)


def least(name: str, unit: str, ours: float, peer: float, peer_name: str, goal: float) -> Figure:
    """Print one figure that should be at most `goal` times the peer's."""
    return _figure(name, unit, ours, peer, peer_name, goal, met=ours / peer <= goal)


def _figure(name: str, unit: str, ours: float, peer: float, peer_name: str, goal: float, *, met: bool) -> Figure:
    ratio = ours / peer
    short = "" if met else f"  SHORT of {goal}: {NEXT}"
    print(f"\n{name}: {ours:,.1f} {unit}; {peer_name} {peer:,.1f}; ratio {ratio:.2f}{short}", end="")
    return Figure(name, unit, round(ours, 2), round(peer, 2), peer_name, round(ratio, 3), goal, met)


def keep(folder: Path, *measured: Figure) -> None:
    figures.keep(OUT, folder, measured, NEXT)
