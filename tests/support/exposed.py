"""Everything around two bridges in reach of whoever breaks it: disks, clocks, the way to a broker, a database.

Real ones: file systems in memory, a clock that is set, a gate in front of a port, a PostgreSQL server of its own.
"""

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from device_bridge.causes import CauseCode
from evidence.store.database import migrating
from evidence.store.database.engine import connect
from server.keeping import spools
from tests.support.chaos import Chaos, chaos
from tests.support.clock import Clock
from tests.support.gate import Gate, gate
from tests.support.postgres_world import PostgresServer, postgres_server
from tests.support.small_disk import small_disk

SPOOL_DISK, SMALL_DISK = "96m", "512k"
"""A spool's disk is nearly full below 32 MB, so it must be larger than that."""

LOOK_S: Final = 0.2

LASTS: Final = frozenset[CauseCode]({"clock-set"})
"""Said for a quarter of an hour, whatever happens."""


@dataclass
class Exposed:
    """The chaos, and what else of it can be reached: disks, clocks, the ways to the brokers' own ports, the database.

    What is None is not there, and the rows that need it are left out.
    """

    chaos: Chaos
    folder: Path
    way: Gate | None = None
    postgres: PostgresServer | None = None
    clocks: Sequence[Clock] = ()
    disks: Sequence[Path] = ()
    """Of the spools."""

    registry_disks: Sequence[Path] = ()
    log_disk: Path | None = None
    silent: set[int] = field(default_factory=set)
    """Bridges that can say nothing now."""

    looks: list[tuple[float, int, frozenset[str] | None]] = field(default_factory=list)
    """Every look at the health of a bridge: when, which, and its causes (None: no answer)."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at the health of both bridges all the while."""
        end = threading.Event()

        def look(index: int) -> None:
            while not end.wait(LOOK_S):
                at = time.monotonic()
                self.looks.append((at, index, self.chaos.bridges[index].causes()))

        lookers = [threading.Thread(target=look, args=(index,), daemon=True) for index in (0, 1)]
        for one in lookers:
            one.start()
        try:
            yield
        finally:
            end.set()
            for one in lookers:
                one.join()

    def seen(self, index: int, codes: frozenset[str], since: float) -> bool:
        """Whether a bridge named one of these causes in a look that began after that moment."""
        return any(at >= since and of == index and said and said & codes for at, of, said in list(self.looks))

    def green(self) -> bool:
        """Whether both bridges say now that all is well, and every device has every broker."""
        said = [bridge.causes() for bridge in self.chaos.bridges]
        return all(one is not None and one <= LASTS for one in said) and self.chaos.whole()

    def forwarded(self) -> bool:
        """Whether the journal has what the bridges say."""
        return all(one.count("journal").get("waiting") == 0 for one in self.chaos.bridges)


@contextmanager
def exposed(folder: Path, devices: int = 4) -> Iterator[Exposed]:
    """Start everything on disks, clocks, ways and a database that can be broken; one broker of each kind. Root only."""
    names = ("bridge", "bridge-2")
    with ExitStack() as stack:
        disks = tuple(stack.enter_context(small_disk(folder / name, SPOOL_DISK)) for name in names)
        small = tuple(stack.enter_context(small_disk(folder / f"registry-of-{name}", SMALL_DISK)) for name in names)
        for where, disk in zip(disks, small, strict=True):
            (where / "registry.jsonl").symlink_to(disk / "registry.jsonl")
        log_disk = stack.enter_context(small_disk(folder / "logs", SMALL_DISK))
        postgres = stack.enter_context(postgres_server())
        url = postgres.database()
        engine = connect(url)
        migrating.migrate(engine)
        engine.dispose()
        clocks = tuple(Clock.build(folder, f"clock-of-{name}") for name in names)
        first, second = (clock.variables for clock in clocks)
        way = stack.enter_context(gate())
        made = stack.enter_context(chaos(folder, "both", devices, url, (first, second), way=way, logs=log_disk))
        made.unanswered = made.pressed[0].memory.device
        yield Exposed(made, folder, way, postgres, clocks, disks, small, log_disk)


def back_up(made: Exposed) -> None:
    """Copy both spools, as `getuige backup` does: this is yesterday's."""
    spools.copy(made.folder, made.folder / "backup")
    for copied in (made.folder / "backup").glob("*.db"):
        (made.folder / "backup" / copied.stem).mkdir()
        shutil.copy(copied, made.folder / "backup" / copied.stem)
