"""Steps 1 and 4: an alarm device is lent out; it presses, a dispatcher acts by name, and the device hears it."""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

from evidence import ids
from evidence.bundle.format.kinds import kind_of
from evidence.envelope.meta import Alarm
from evidence.statements.bodies import CentreAccount
from server.clients.caseworker import Caseworker, Device
from server.clients.dispatcher import Dispatcher, FeedEvent
from server.clients.errors import ClientError
from server.clients.vault import Vault
from server.demo import story
from server.demo.machine import GETUIGE
from server.demo.people import VAULT
from server.demo.stage import Stage, StoryError, demand
from server.demo.supervisor import watched

HEARD_WITHIN_S: Final = 20.0
"""Everything here takes milliseconds; this leaves room for a bridge that has only just heard of the device."""

ACCOUNT: Final = CentreAccount("demo", "4711")
"""What the demonstration's alarm centre gave out for it."""

POLL_S: Final = 0.1


def device(stage: Stage) -> str:
    """The caseworker lends out an alarm device, with the dispatcher card."""
    folder = stage.people.alarm_device
    if not (folder / "device.json").exists():
        bridge = stage.machine.bridge_identity().sign_public.hex()
        brokers = [part for url in stage.machine.ports.brokers for part in ("--broker", url)]
        stage.command("device", "new", folder, "--bridge-key", bridge, *brokers, "--json")
    made = json.loads(stage.command("device", "status", folder, "--json"))
    worker = Caseworker(stage.signer(story.CASEWORKER.handle))
    lent = Device(
        ids.DeviceId(made["device"]), ids.PublicKey(made["sign"]), "30min", story.COVENANT, accounts=(ACCOUNT,)
    )
    card = ids.ItemId(stage.ledger.new_id("item-card"))
    stage.ledger.once("device-lent", lambda: worker.lend(stage.case, lent, card))
    stage.ledger.once("device-issued", lambda: worker.issue(stage.case, lent.device, story.COVENANT))
    return f"{lent.device[:8]}… lent out, supervision class {lent.profile}, both brokers"


def alarm(stage: Stage) -> str:
    """She presses; a dispatcher hears it live, opens the card, and acts until it is closed."""
    dispatcher = Dispatcher(stage.signer(story.DISPATCHER.handle)).with_desks()
    console = _Console(dispatcher)
    console.start()
    console.next("health")
    with _Button(stage) as button:
        return _act(stage, dispatcher, console, button)


def _act(stage: Stage, dispatcher: Dispatcher, console: "_Console", button: "_Button") -> str:
    """See the press, open it, act on it by name, and demand that everyone who must hear it did."""
    raised = console.next("alarm", lambda one: one["device"] == button.device and one["item"] is not None)
    stage.narrator.line(
        f"The press was on the dispatcher's stream {button.since_ms():,.0f} ms after the device started."
    )
    name = ids.AlarmId(raised["alarm"])
    press = dispatcher.open_alarm(raised)
    demand(press.position is not None, "The alarm does not say where.")
    card = dispatcher.open_card(name).card
    demand(card.name == story.VICTIM_NAME, "The card is not the one that was sealed to the desk.")
    stage.narrator.line("The dispatcher opened position and card with the desk's key; the server logged the reading.")
    for act in ("claim", "accept", "dispatch", "on_scene"):
        state = dispatcher.act(name, stage.case, f"alarm.{act}")
        stage.narrator.line(f"{story.DISPATCHER.label}: {act} → {state}")
    dispatcher.close(name, stage.case, "genuine")
    heard = button.finish()
    for needed in ("stored", "accepted", "closed"):
        demand(needed in heard, f"The device did not hear '{needed}'.")
    stage.narrator.line("The device heard: " + ", ".join(f"{what} after {ms:,.1f} ms" for what, ms in heard.items()))
    routes = _routes(dispatcher, name)
    _received_by_centre(stage)
    _sealed_into_case(stage, name)
    return (
        f"stored {heard['stored']:,.0f} ms after the press, accepted by a named human at {heard['accepted']:,.0f} ms; "
        f"routes delivered: {', '.join(routes)}; sealed into the case"
    )


@dataclass
class _Button:
    """The alarm device as a process of its own; it presses once and follows the press until it is closed."""

    stage: Stage

    def __post_init__(self) -> None:
        position = story.PRESS_POSITION
        folder = self.stage.people.alarm_device
        self.device = json.loads(self.stage.command("device", "status", folder, "--json"))["device"]
        self._begun = time.monotonic()
        arguments = [
            "device", "press", str(folder), "--lat", position[0], "--lon", position[1], "--accuracy", str(position[2]),
            "--wait", "closed", "--timeout", str(HEARD_WITHIN_S * 2), "--json",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            watched([*GETUIGE, *arguments]), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        """Nothing more: it pressed when it was made."""
        return self

    def __exit__(self, *_reason: object) -> None:
        """Leave no device behind that goes on pressing."""
        self._process.kill()
        self._process.communicate()

    def since_ms(self) -> float:
        """Return the milliseconds since the device was switched on."""
        return (time.monotonic() - self._begun) * 1000

    def finish(self) -> dict[str, float]:
        """Wait until it heard that the alarm is closed; return what it heard and when."""
        try:
            said, trouble = self._process.communicate(timeout=HEARD_WITHIN_S * 2)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise StoryError("The alarm device did not hear that its alarm was closed.") from error
        if self._process.returncode != 0:
            raise StoryError(f"The alarm device ended with {self._process.returncode}:\n{trouble.strip()}")
        events = [json.loads(line) for line in said.splitlines()]
        return {one["event"]: one["ms"] for one in events if "press" in one and "ms" in one}


class _Console:
    """A console without a screen: it listens to the stream in a thread, as the page does."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._events: queue.Queue[FeedEvent | ClientError] = queue.Queue()

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, name="console", daemon=True).start()

    def next(self, name: str, wanted: Callable[[dict[str, Any]], bool] = lambda _one: True) -> dict[str, Any]:
        """Return the next event of this name that is wanted.

        Raises:
            StoryError: it did not come in time.
        """
        deadline = time.monotonic() + HEARD_WITHIN_S
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                break
            if isinstance(event, ClientError):
                raise event
            if event.name == name and wanted(event.data):
                return event.data
        raise StoryError(f"The dispatcher's stream showed no {name} within {HEARD_WITHIN_S:.0f} s.")

    def _listen(self) -> None:
        try:
            for event in self._dispatcher.stream():
                self._events.put(event)
        except ClientError as error:
            self._events.put(error)


def _routes(dispatcher: Dispatcher, name: ids.AlarmId) -> list[str]:
    """Wait until every route has an outcome, and return those that delivered."""
    routes: list[dict[str, Any]] = []
    for _ in _until_heard():
        alarms = dispatcher.alarms()["alarms"]
        routes = next((one["routes"] for one in alarms if one["alarm"] == name), [])
        delivered = sorted({str(one["route"]) for one in routes if one["outcome"] == "delivered"})
        if len(delivered) > 1:
            return delivered
    raise StoryError(f"The press did not get through on two routes: {routes}")


def _received_by_centre(stage: Stage) -> None:
    """Demand that the alarm centre's receiver wrote the press down."""
    file = stage.machine.alarm_centre_file
    for _ in _until_heard():
        if file.exists() and file.read_text().strip():
            stage.narrator.line(f"The alarm centre's receiver wrote the press down in {file.name}.")
            return
    raise StoryError("The alarm centre's receiver got nothing.")


def _sealed_into_case(stage: Stage, name: ids.AlarmId) -> None:
    """Demand that her vault finds the alarm, and the signed act that closed it, in her case."""
    vault = Vault(stage.signer(VAULT), stage.case)
    for _ in _until_heard():
        moments = vault.items()
        sealed = [
            one
            for one in moments
            if one.opened and isinstance(one.opened.meta, Alarm) and one.opened.meta.alarm.alarm == name
            if kind_of(one.opened.meta) == "alarm"
        ]
        closed = [one for one in moments if one.type == "alarm.close" and one.body.get("alarm") == name]
        if sealed and closed:
            return
    raise StoryError("The alarm did not come into her case.")


def _until_heard() -> Any:  # noqa: ANN401 - an iterator of nothing
    """Yield until the time in which everything must have happened is over."""
    deadline = time.monotonic() + HEARD_WITHIN_S
    while time.monotonic() < deadline:
        yield
        time.sleep(POLL_S)
