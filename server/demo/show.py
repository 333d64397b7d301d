"""`getuige run` and `getuige demo`: found, start, play, and either keep serving or stop."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console

from server import founding
from server.clients import memory
from server.demo import media, story
from server.demo.ledger import Ledger
from server.demo.machine import BRIDGES, Machine, Ports
from server.demo.narration import Narrator
from server.demo.people import ROOT, People
from server.demo.play import play
from server.demo.stage import Stage
from server.demo.supervisor import Supervisor

LOOK_S: Final = 0.5
"""Between two looks whether every process still runs."""

MEDIA_CACHE: Final = Path(".cache/media")
"""Fetched once, below the folder that the command is started in; `make clean` empties it."""


@dataclass(frozen=True)
class Show:
    """What was asked for on the command line."""

    data: Path
    media: Path | None
    port: int | None
    keep_serving: bool
    bridges: int = BRIDGES

    def perform(self, console: Console) -> None:
        """Do it. Returns when the story was played (demo), or when somebody stops it (run).

        Raises:
            ServerError: a process did not start, or a step did not hold; every child has been stopped.
            KeyboardInterrupt: Ctrl-C or SIGTERM; every child has been stopped.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            # SIGINT too: a shell without job control starts programs in the background with SIGINT ignored.
            signal.signal(number, _stop)
        data = memory.make_folder(self.data).resolve()
        with memory.alone_in(data):
            ledger = Ledger.open(data)
            narrator = Narrator(console)
            people = People(memory.make_folder(data / "people"))
            ports = Ports.choose(ledger, self.port)
            machine = Machine(data, ports, people.identity(ROOT).sign_public, self.bridges)
            founding.found(machine.settings(), people.identity(ROOT), story.ROOT_LABEL)
            machine.prepare()
            with Supervisor(data / "logs") as supervisor:
                _start(supervisor, machine, narrator)
                play(self._stage(data, machine, people, ledger, narrator))
                narrator.summary()
                if self.keep_serving:
                    _print_addresses(console, ledger, people)
                    while True:
                        supervisor.check()
                        time.sleep(LOOK_S)

    def _stage(self, data: Path, machine: Machine, people: People, ledger: Ledger, narrator: Narrator) -> Stage:
        found: list[media.DemoMedium] = []

        def gather() -> list[media.DemoMedium]:
            if not found:
                found.extend(media.gather(self.media, MEDIA_CACHE.absolute(), narrator.line))
            return list(found)

        return Stage(data, machine, people, ledger, narrator, gather)


def _start(supervisor: Supervisor, machine: Machine, narrator: Narrator) -> None:
    """Start every process and say when it is ready; those that do not need each other start side by side."""
    narrator.part(f"Starting Getuige in {machine.data}")
    for together in machine.programs():
        for program in together:
            supervisor.start(program)
        for program in together:
            with narrator.working(f"waiting for {program.name}"):
                seconds = supervisor.wait(program.name)
            narrator.line(f"✓ {program.name} is ready after {seconds * 1000:,.0f} ms")


def _print_addresses(console: Console, ledger: Ledger, people: People) -> None:
    """Print where everything is, who can sign in, and how to stop."""
    addresses = ledger.content["addresses"]
    console.print("\nGetuige is running", style="bold")
    pages = {"caseworker": "review", "investigator": "review", "dispatcher": "console"}
    for role, handle, phrase in people.phrases():
        said = f"  {addresses[pages[role]]}  ({role})   sign in as {handle}   pass phrase: {phrase}"
        console.print(said, highlight=False, soft_wrap=True)
    console.print(f"  {addresses['api']}  (API documentation)", highlight=False, soft_wrap=True)
    console.print("These people do not exist; their pass phrases are printed because this is a demonstration.")
    console.print("Ctrl-C stops every part. The same command starts again with what is there.", style="bold")


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Stop on SIGTERM as on Ctrl-C, so that every child is stopped in order; a second signal changes nothing."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
