"""Several bridges of one installation in this process: the same brokers and journal, each with its own spool."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_bridge.alarm.alarm import Alarm
from device_bridge.mqtt import brokers
from device_bridge.process import Bridge
from device_bridge.settings import BridgeSettings
from tests.support.bridge_world import AlarmOrganisation, World, new_broker, start_bridge
from tests.support.lane_threads import reading_of
from tests.support.ports import free_ports
from tests.support.waiting import until


@dataclass
class Several:
    """A world whose `bridges` all run; `world.bridge` is the first."""

    world: World
    settings: tuple[BridgeSettings, ...]
    bridges: list[Bridge]

    def alarms(self, of: int) -> list[Alarm]:
        return reading_of(self.bridges[of]).newest_alarms(1000)

    def agree(self) -> None:
        """Wait until every bridge knows the same of every alarm."""
        until(lambda: len({self._told(bridge) for bridge in self.bridges}) == 1, "the bridges agree")

    def forwarded(self) -> None:
        """Wait until the journal has everything."""
        until(lambda: not any(reading_of(one).waiting_statements_count() for one in self.bridges), "all is forwarded")

    def _told(self, bridge: Bridge) -> str:
        alarms = reading_of(bridge).newest_alarms(1000)
        return repr(
            sorted(
                (one.alarm, one.state, one.revision, one.repeats, one.flags, one.accepted_by, one.closed, one.claim)
                for one in alarms
            )
        )

    def stop(self, index: int) -> None:
        self.bridges[index].stop()

    def start(self, index: int) -> None:
        self.bridges[index] = start_bridge(self.settings[index])
        if index == 0:
            self.world.bridge = self.bridges[0]

    def knows(self, device: str) -> None:
        """Wait until every bridge has learnt of a device from the journal."""
        for bridge in self.bridges:
            bridge.forwarder.loop.wake()
        until(
            lambda: all(device in {one.device for one in bridge.registry.devices()} for bridge in self.bridges), "known"
        )
        until(lambda: all(bridge.lane.knows() for bridge in self.bridges), "and so do their lanes")


@contextmanager
def several(
    folder: Path,
    kind: str = "nats",
    count: int = 2,
    database_url: str | None = None,
    more: dict[str, Any] | None = None,
    shards: tuple[str, ...] = (),
) -> Iterator[Several]:
    """Run an organisation with two brokers of a kind and `count` bridges that follow each other.

    `shards`: whose heartbeats each reads, when not all read all.
    """
    organisation = AlarmOrganisation.found(folder, database_url)
    organisation.append(*organisation.founding())
    ports = free_ports(count)
    feeds = [f"http://127.0.0.1:{port}" for port in ports]
    with ExitStack() as stack:
        started = tuple(stack.enter_context(brokers.running(new_broker(folder, kind, i))) for i in range(2))
        callouts = tuple(
            f"127.0.0.1:{one.broker.client_port}" for one in started if isinstance(one.broker, brokers.NatsBroker)
        )
        settings = tuple(
            BridgeSettings(
                name=str(number + 1),
                data=folder,
                brokers=tuple(f"mqtt://127.0.0.1:{one.broker.mqtt_port}" for one in started),
                callouts=callouts,
                callout=kind == "nats",
                broker_login=kind == "nats",
                feed_port=port,
                peers=tuple(url for url in feeds if not url.endswith(f":{port}")),
                root_key=organisation.root.sign_public.hex(),
                database_url=organisation.database_url,
                **{**(more or {}), **({"shards": shards[number]} if shards else {})},
            )
            for number, port in enumerate(ports)
        )
        running = [start_bridge(one) for one in settings]
        made = Several(World(organisation, started, settings[0], running[0]), settings, running)
        try:
            yield made
        finally:
            for bridge in made.bridges:
                bridge.stop()
