"""The processes of one machine and the ports between them: the embedded default of DESIGN.md, in one table."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from evidence import keyfile, keys
from server.demo.ledger import Ledger
from server.demo.supervisor import Program, free_port, listens
from server.errors import ServerError
from server.layout import PORT, Layout
from server.settings import Settings

GETUIGE: Final = (sys.executable, "-c", "from server.cli import main; main()")
"""The `getuige` command of this very installation, also when its script is not on PATH."""

NATS_OFFSET: Final = 100
"""A NATS broker's own port lies this far above its MQTT port (`getuige broker`)."""

READY_TIMEOUT_S: Final = 1.0
"""A process that is ready answers at once; one that does not answer is asked again."""

LOOPBACK: Final = "127.0.0.1"

BRIDGES: Final = 2
"""One is enough to show everything; two show that it may be killed."""


class PortsError(ServerError):
    """Another port was asked for than the one that a used folder has."""


@dataclass(frozen=True)
class Ports:
    """One port for each listener, all on the loopback interface."""

    api: int
    feed: int
    broker_a: int
    broker_b: int
    alarm_centre: int
    feed_2: int

    @staticmethod
    def choose(ledger: Ledger, first: int | None = None) -> "Ports":
        """Return the ports of an earlier start, or those from `first` on; a free one where something else listens.

        PortsError when the folder was used with another first port.
        """
        names = ("api", "feed", "broker_a", "broker_b", "alarm_centre", "feed_2")
        known: dict[str, int] = ledger.content["ports"]
        if first is not None and known.get("api", first) != first:
            raise PortsError(
                f"This folder was started with port {known['api']}, which its phone and devices know."
                " Leave --port (GETUIGE_PORT) away, or take another folder with --data."
            )
        first = first or PORT
        chosen = {}
        for offset, name in enumerate(names):
            beside = (NATS_OFFSET,) if name.startswith("broker") else ()
            chosen[name] = free_port(known.get(name, first + offset), beside)
        ledger.content["ports"] = chosen
        ledger.content["addresses"] = {
            "review": f"http://localhost:{chosen['api']}/review",
            "console": f"http://localhost:{chosen['api']}/console",
            "api": f"http://localhost:{chosen['api']}/docs",
        }
        ledger.save()
        return Ports(**chosen)

    @property
    def url(self) -> str:
        """Where phones and browsers find the server: localhost, because browsers trust that name without TLS."""
        return f"http://localhost:{self.api}"

    @property
    def feeds(self) -> tuple[str, str]:
        """Where bridges 1 and 2 tell of presses."""
        return f"http://{LOOPBACK}:{self.feed}", f"http://{LOOPBACK}:{self.feed_2}"

    @property
    def brokers(self) -> tuple[str, str]:
        """The brokers, for the bridge and for alarm devices."""
        return f"mqtt://{LOOPBACK}:{self.broker_a}", f"mqtt://{LOOPBACK}:{self.broker_b}"


@dataclass(frozen=True)
class Machine:
    """One machine: a data folder and its ports."""

    data: Path
    ports: Ports
    root: bytes
    bridges: int = BRIDGES

    def settings(self) -> Settings:
        """Return the server's settings, as the server process reads them from its environment."""
        return Settings(
            data=self.data,
            port=self.ports.api,
            public_url=self.ports.url,
            demonstration_people=True,
            demonstration_alarm_centre=True,
        )

    def bridge_identity(self) -> keys.BridgeIdentity:
        """Return the bridge's keys, made before its first start so that the root can certify them."""
        return keyfile.load_or_create_bridge(Layout(self.data).secrets / "bridge.key")

    def prepare(self) -> None:
        """Make what two processes share before the first of them starts: the bridge's keys, the feed's token."""
        self.bridge_identity()
        keyfile.load_or_create_token(Layout(self.data).secrets / "bridge-feed.token")

    @property
    def alarm_centre_file(self) -> Path:
        """What the alarm centre's receiver got, a JSON line each."""
        return self.data / "alarm-centre.jsonl"

    def programs(self) -> Iterator[tuple[Program, ...]]:
        """Yield the programs in the order in which they start; those of one tuple start side by side."""
        yield (self._broker("a", self.ports.broker_a), self._broker("b", self.ports.broker_b), self._server())
        # The bridge after the brokers that it subscribes at, and after the server, which makes the journal's tables.
        yield (self._alarm_centre(), *(self._bridge(number) for number in range(self.bridges)))

    def _broker(self, name: str, port: int) -> Program:
        return Program(
            f"broker-{name}",
            (*GETUIGE, "broker", name, "--mqtt-port", str(port)),
            partial(listens, port),
            "getuige doctor says whether nats-server is installed",
            self._environment(),
        )

    def _server(self) -> Program:
        return Program(
            "server",
            (*GETUIGE, "serve"),
            _answers(f"http://{LOOPBACK}:{self.ports.api}/health/ready"),
            "getuige doctor says what is missing; look whether the disk is full",
            self._environment(),
        )

    def _alarm_centre(self) -> Program:
        port, out = str(self.ports.alarm_centre), str(self.alarm_centre_file)
        return Program(
            "alarm-centre",
            (*GETUIGE, "alarm-centre", "--port", port, "--out", out),
            partial(listens, self.ports.alarm_centre),
            "pip install pysiaalarm, or start again when the port is free",
            self._environment(),
        )

    def _bridge(self, index: int) -> Program:
        name = str(index + 1)
        others = [url for place, url in enumerate(self._feeds()) if place != index]
        own = {
            "GETUIGE_BRIDGE_NAME": name,
            "GETUIGE_BRIDGE_FEED_PORT": str((self.ports.feed, self.ports.feed_2)[index]),
            "GETUIGE_BRIDGE_PEERS": ",".join(others),
        }
        return Program(
            "bridge" if index == 0 else f"bridge-{name}",
            (*GETUIGE, "bridge"),
            _answers(f"{self._feeds()[index]}/health", also=(401,)),
            "look whether both brokers run; the bridge keeps what it has in its spool.db",
            {**self._environment(), **own},
        )

    def _feeds(self) -> tuple[str, ...]:
        return self.ports.feeds[: self.bridges]

    def _environment(self) -> dict[str, str]:
        """Return what every process is told; settings that are not for it are not read by it."""
        brokers = ",".join(self.ports.brokers)
        return {
            "GETUIGE_DATA": str(self.data),
            "GETUIGE_PORT": str(self.ports.api),
            "GETUIGE_PUBLIC_URL": self.ports.url,
            "GETUIGE_BROKERS": brokers,
            "GETUIGE_BRIDGE_FEED_URL": ",".join(self._feeds()),
            "GETUIGE_BRIDGE_FEED_TOKEN_FILE": str(Layout(self.data).secrets / "bridge-feed.token"),
            "GETUIGE_DEMONSTRATION_PEOPLE": "true",
            "GETUIGE_DEMONSTRATION_ALARM_CENTRE": "true",
            "GETUIGE_BRIDGE_DATA": str(self.data),
            "GETUIGE_BRIDGE_BROKERS": brokers,
            "GETUIGE_BRIDGE_ROOT_KEY": self.root.hex(),
            "GETUIGE_BRIDGE_ALARM_CENTRES": f"demo={LOOPBACK}:{self.ports.alarm_centre}",
            "GETUIGE_BRIDGE_DEMONSTRATION_ALARM_CENTRE": "true",
            "PYTHONUNBUFFERED": "1",
        }


def _answers(url: str, also: tuple[int, ...] = ()) -> Callable[[], bool]:
    """Return a check whether `url` answers 200 (or one of `also`)."""

    def ready() -> bool:
        try:
            status = httpx.get(url, timeout=READY_TIMEOUT_S, trust_env=False).status_code
        except httpx.TransportError:
            return False
        return status in (200, *also)

    return ready
