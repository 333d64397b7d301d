"""Proves the three promises over one long mixed history: phones upload and seal, devices press, everything is killed.

`make faults` runs it for 60 seconds. Afterwards nobody helps:
the service recovers by itself, and then the whole history is compared with what each phone and device was told.
"""

import hashlib
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire.message import PressId, Told
from evidence import canonical, ids, keys
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.statements import bodies, event
from evidence.statements.statement import Chain
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from evidence.store.journal.verifying import verify
from server.demo.ledger import Ledger
from server.demo.machine import Machine, Ports
from server.founding import found
from tests.support import published
from tests.support.disk import Disk
from tests.support.keeper import Keeper, trouble
from tests.support.server_world import STATEMENTS, CaseOfHers, Person, World, seal
from tests.support.sizes import LONG_S
from tests.support.waiting import patience, until

PHONES, DEVICES = 4, 3
PAUSE_S = 0.05


@dataclass
class Victim:
    """A phone that tries until it is told that each item arrived; it keeps what it was told."""

    phone: Person
    vault: bytes
    chance: random.Random
    told: list[tuple[ids.Sha256, dict[str, str]]] = field(default_factory=list)
    containers: list[ids.Sha256] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)

    def live(self, over: threading.Event) -> None:
        while not over.is_set():
            self.record()
            time.sleep(PAUSE_S)

    def record(self) -> None:
        """Seal one item, and do not rest before its receipt is there."""
        item = seal(self.phone, [self.vault], content=self.chance.randbytes(self.chance.randrange(1000, 300_000)))
        self._upload(item.container, item.body)
        statement = self.phone.sign("item.seal", item.body)
        while True:
            answer = self._ask(lambda: self.phone.http.post(STATEMENTS, content=statement.envelope.to_bytes()))
            if answer.status_code in {200, 201}:
                break
            if answer.status_code < 500 and answer.status_code != 429:
                self.untrue.append(f"sealing was refused: {answer.text}")
                return
            time.sleep(PAUSE_S)
        assert self.phone.chain is not None
        self.phone.chain = Chain(self.phone.chain.seq + 1, statement.id)
        self.told.append((statement.id, answer.json()))
        self.containers.append(item.body.container.sha256)

    def _upload(self, container: bytes, body: bodies.ItemSeal) -> None:
        created = self._until_stored(lambda: self.phone.create(len(container), body.container.sha256, body.item))
        where = created.headers["location"]
        acknowledged = 0
        while acknowledged < len(container):
            head = self._until_stored(lambda: self.phone.head(where))
            at = int(head.headers["upload-offset"])
            if at < acknowledged:
                self.untrue.append(f"{acknowledged} bytes were acknowledged, then only {at}")
                return
            piece = container[at : at + self.chance.randrange(1, 100_000)]
            answer = self._ask(partial(self.phone.patch, where, at, piece))
            acknowledged = int(answer.headers["upload-offset"]) if answer.status_code == 204 else at

    def _until_stored(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        while True:
            answer = self._ask(ask)
            if answer.status_code < 400:
                return answer
            time.sleep(PAUSE_S)

    def _ask(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        while True:
            try:
                return ask()
            except httpx.TransportError:
                time.sleep(PAUSE_S)


@dataclass
class Button:
    """An alarm device that is pressed now and then; it keeps which presses it was told are stored."""

    memory: DeviceMemory
    chance: random.Random
    pressed: list[PressId] = field(default_factory=list)
    told: list[PressId] = field(default_factory=list)

    def live(self, over: threading.Event) -> None:
        device = ReferenceDevice(self.memory)
        device.start()
        try:
            while not over.is_set():
                self.pressed.append(device.press())
                over.wait(self.chance.uniform(0.2, 0.8))
            # Faults are over: each press must be stored now, by the device's own repeating.
            self.told = [press for press in self.pressed if device.wait(press, Told.STORED, patience(60)) is not None]
        finally:
            device.stop()


@dataclass
class Reader:
    """Keeps every head of the log that was ever shown."""

    url: str
    heads: dict[bytes, SignedCheckpoint] = field(default_factory=dict)

    def live(self, over: threading.Event) -> None:
        while not over.wait(PAUSE_S):
            try:
                answer = httpx.get(f"{self.url}/log/checkpoint", timeout=patience(2))
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                self.heads[answer.content] = SignedCheckpoint.parse(answer.content)


@dataclass
class Town:
    """Everybody, and the machine that serves them."""

    machine: Machine
    keeper: Keeper
    victims: list[Victim]
    buttons: list[Button]
    reader: Reader

    def live(self, chance: random.Random, seconds: float) -> None:
        """Let everybody live through the trouble; then let them finish what they began."""
        people: list[Victim | Button | Reader] = [*self.victims, *self.buttons, self.reader]
        with ExitStack() as stack:
            over = stack.enter_context(trouble(self.keeper, chance))
            threads = [threading.Thread(target=one.live, args=(over,)) for one in people]
            for thread in threads:
                thread.start()
            time.sleep(seconds)
        self.keeper.await_health()
        for thread in threads:
            thread.join(patience(90))
            assert not thread.is_alive(), "somebody still waits although everything is well again"


@contextmanager
def town(folder: Path, chance: random.Random) -> Iterator[Town]:
    data = folder / "data"
    data.mkdir()
    root = keys.Identity.generate()
    machine = Machine(data, Ports.choose(Ledger.open(data), chance.randrange(20_000, 50_000)), root.sign_public)
    found(machine.settings(), root, "Filomena")
    machine.prepare()
    keeper = Keeper(machine, Disk.build(folder), folder / "logs")
    try:
        keeper.start()
        world = World(machine.settings(), Person(machine.ports.url, identity=root))
        bridge = machine.bridge_identity()
        world.root.act("key.publish", published.certificate(bridge, "bridge"))
        case = world.open_case()
        victims = [
            Victim(case.phone(), case.vault.identity.xwing_public, random.Random(chance.random()))
            for _ in range(PHONES)
        ]
        buttons = [Button(lend(folder, machine, case, n), random.Random(chance.random())) for n in range(DEVICES)]
        yield Town(machine, keeper, victims, buttons, Reader(machine.ports.url))
    finally:
        keeper.stop()


def lend(folder: Path, machine: Machine, case: CaseOfHers, number: int) -> DeviceMemory:
    """Make an alarm device, enrol it, and wait until the bridge lets it in."""
    memory = DeviceMemory.create(
        folder / f"button-{number}",
        bridge_key=machine.bridge_identity().sign_public.hex(),
        brokers=machine.ports.brokers,
        press_url=f"http://127.0.0.1:{machine.ports.feed}/press",
    )
    sign = ids.PublicKey(memory.identity.sign_public.hex())
    case.world.caseworker.act(
        "alarm_device.enrol", bodies.AlarmDeviceEnrol(memory.device, sign, "30min", "AWARE test covenant"), case.case
    )
    device = ReferenceDevice(memory)
    device.start()
    try:
        until(lambda: device.connected() == len(machine.ports.brokers), "the brokers let the device in")
    finally:
        device.stop()
    return memory


@pytest.mark.need("gcc", "nats-server")
@pytest.mark.timeout(240 + 2 * LONG_S)
@pytest.mark.faults  # each of its faults alone is in the files beside it
def test_the_whole_history_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    with town(tmp_path, chance) as made:
        made.live(chance, LONG_S)
        history = f"seed {seed}: {made.keeper.kills}"
        settings = made.machine.settings()
        pressed = sum(len(one.pressed) for one in made.buttons)
        until(
            lambda: len(presses_in(settings.database_url)) >= pressed, f"the journal has {pressed} presses; {history}"
        )
    sealed = [one for victim in made.victims for one in victim.told]
    assert made.keeper.kills, "nothing bad happened: this proves nothing"
    assert sealed, "nobody was told anything: this proves nothing"
    assert [one.untrue for one in made.victims] == [[]] * PHONES, history
    for button in made.buttons:
        assert button.told == button.pressed, f"a press was not stored although everything is well again; {history}"

    # Every answer is in the journal, once; the journal is whole; every head that was ever shown is of this one log.
    engine = open_engine(settings.database_url)
    try:
        stored = {one.statement: one for one in SqlJournal(engine).read(limit=1_000_000)}
        shown = [one.checkpoint for one in made.reader.heads.values()]
        verified = verify(engine, {(one.origin, one.size) for one in shown})
    finally:
        engine.dispose()
    assert not verified.faults, history
    for statement, answer in sealed:
        known = stored[statement]
        assert (known.event, known.salt.hex()) == (canonical.unb64(answer["event"]), answer["salt"]), history
    for checkpoint in shown:
        assert verified.roots[checkpoint.origin, checkpoint.size] == checkpoint.root, (
            f"a head of another history; {history}"
        )

    # Every sealed container is there with every byte, once.
    blobs = DirectoryBlobs(settings.data / "blobs")
    for victim in made.victims:
        for sha256 in victim.containers:
            assert hashlib.sha256(blobs.local_path(sha256).read_bytes()).hexdigest() == sha256, history

    # Every press once, and no alarm twice.
    counted = Counter(presses_in(settings.database_url))
    wanted = {(one.memory.device, press.boot, press.counter) for one in made.buttons for press in one.pressed}
    assert set(counted) == wanted, history
    assert set(counted.values()) == {1}, history
    kinds = Counter(event.parse(one.event).statement.type for one in stored.values())
    assert kinds["alarm.raise"] == DEVICES, f"one open alarm per device, however often it was pressed; {history}"
    figures = f"{len(sealed)} items, {len(counted)} presses, {len(shown)} heads, {verified.size} events"
    with capsys.disabled():
        sys.stdout.write(f"\n{LONG_S:.0f} s, {len(made.keeper.kills)} faults: {figures}; nothing lost, nothing twice\n")


def presses_in(database_url: str) -> list[tuple[str, int, int]]:
    """Return (device, boot, counter) of every press in the journal."""
    engine = open_engine(database_url)
    try:
        said = [event.parse(one.event).statement.body for one in SqlJournal(engine).read(limit=1_000_000)]
    finally:
        engine.dispose()
    devices = {one.alarm: one.device for one in said if isinstance(one, bodies.AlarmRaise)}
    return [
        (devices[one.alarm], one.press.boot, one.press.counter)
        for one in said
        if isinstance(one, bodies.AlarmRaise | bodies.AlarmRepeat)
    ]
