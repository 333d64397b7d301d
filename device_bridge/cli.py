"""What this package adds to the `getuige` command: `bridge`, `broker`, `device`, `alarms`, `alarm-centre`."""

import json
import os
import signal
import sys
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from device_bridge.errors import SettingsError

commands: Final = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
"""What `device_bridge` contributes to the `getuige` command."""

bridge_app: Final = typer.Typer(invoke_without_command=True, no_args_is_help=False)
alarms_app: Final = typer.Typer(no_args_is_help=True)
device_app: Final = typer.Typer(no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Data folder; GETUIGE_BRIDGE_DATA, or ./var.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines, for programs.")]
Folder = Annotated[Path, typer.Argument(help="The device's folder: its whole memory.")]

Track = Annotated[
    Path | None,
    typer.Option(help="Places to be at while an alarm is open, one a line: latitude,longitude,metres of accuracy."),
]
Battery = Annotated[int | None, typer.Option(min=0, max=100, help="How full the battery is, per cent.")]

CONNECT_S: Final = 10.0
NOT_REACHED: Final = 1
"""Exit code of `device press` when the state that was waited for did not come in time."""


class PressKind(StrEnum):
    """What a device can be made to send."""

    PRESS = "press"
    DURESS = "duress"
    TEST = "test"
    CANCEL = "cancel"
    TAMPER = "tamper"


class WaitFor(StrEnum):
    """How far a press can be followed."""

    STORED = "stored"
    CALL_112 = "call-112"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    CLOSED = "closed"


@bridge_app.callback()
def bridge(
    context: typer.Context,
    data: Data = None,
    name: Annotated[str | None, typer.Option(help="This bridge among others.")] = None,
    brokers: Annotated[str | None, typer.Option(help="MQTT brokers A and B, with a comma between them.")] = None,
    feed_port: Annotated[int | None, typer.Option(help="Port of the feed for the API server.")] = None,
) -> None:
    """Run the alarm bridge: presses from the brokers, to consoles, alarm centres and the journal.

    All settings are environment variables GETUIGE_BRIDGE_…; the options here go before them. Stop with Ctrl-C.
    """
    chosen = {"data": data, "name": name, "brokers": brokers, "feed_port": feed_port}
    context.obj = chosen
    if context.invoked_subcommand is None:
        _run_bridge(chosen)


def _run_bridge(chosen: dict[str, Any]) -> None:
    from device_bridge import logs
    from device_bridge.process import Bridge
    from device_bridge.settings import BridgeSettings

    logs.configure()
    stop = _stop_signal()
    running = Bridge(BridgeSettings.load(**chosen))
    running.start()
    try:
        stop.wait()
    finally:
        running.stop()


@bridge_app.command("key")
def bridge_key(context: typer.Context, as_json: Json = False) -> None:
    """Show the bridge's public keys, making its keys when there are none: the root publishes them."""
    from device_bridge.keyfile import load_or_create_identity
    from device_bridge.settings import BridgeSettings

    who = load_or_create_identity(BridgeSettings.load(**context.obj).bridge_key_file)
    shown = {"kid": who.kid, "sign": who.sign_public.hex(), "box": who.box_public.hex()}
    _show(shown, as_json=as_json)


@bridge_app.command("test-window")
def announce_test(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="The device's id, 32 hexadecimal digits.")],
    minutes: Annotated[int, typer.Option(help="How long a test is awaited.")] = 10,
    as_json: Json = False,
) -> None:
    """Announce a test of a device. Outside a window a test counts as a real press."""
    from device_bridge.keyfile import load_or_create_token
    from device_bridge.settings import BridgeSettings

    settings = BridgeSettings.load(**context.obj)
    import httpx

    url = f"http://{settings.feed_host}:{settings.feed_port}/devices/{device}/test-window"
    headers = {"Authorization": f"Bearer {load_or_create_token(settings.token_file)}"}
    try:
        answer = httpx.post(url, json={"minutes": minutes}, headers=headers)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise SettingsError(f"the bridge did not open a test window: {error}") from error
    _show(answer.json(), as_json=as_json)


@commands.command("broker")
def broker(
    name: Annotated[str, typer.Argument(help="a or b.")],
    data: Data = None,
    mqtt_port: Annotated[int | None, typer.Option(help="MQTT port; 8482 for a, 8483 for b.")] = None,
    client_port: Annotated[int | None, typer.Option(help="NATS port; the MQTT port plus 100.")] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="For mqtts://: certificate (PEM); its key stands beside it as .key.", exists=True),
    ] = None,
) -> None:
    """Run one message broker (NATS with MQTT) in the foreground, configured for Getuige."""
    from device_bridge.brokers import CLIENT_PORT_OFFSET, BrokerSecrets, Certificates, NatsBroker
    from device_bridge.settings import MQTT_PORTS, BridgeSettings

    if name not in ("a", "b"):
        raise SettingsError("a broker is called a or b")
    settings = BridgeSettings.load(data=data)
    port = mqtt_port or MQTT_PORTS["ab".index(name)]
    folder = settings.data.absolute() / "brokers" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secrets = BrokerSecrets.load_or_create(settings.secrets)
    shown = None
    if certificate is not None:
        path = certificate.absolute()
        shown = Certificates(path, path.with_suffix(".key"), path)
    own_port = client_port or port + CLIENT_PORT_OFFSET
    command = NatsBroker(name, folder, port, own_port, secrets, certificates=shown).command()
    os.execv(command[0], command)  # noqa: S606 - our own program; its signals are then the broker's own


@commands.command("alarm-centre")
def alarm_centre(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8490,
    data: Data = None,
    name: Annotated[str, typer.Option(help="Name that the bridge's settings give it.")] = "demo",
    out: Annotated[Path | None, typer.Option(help="File that the JSON lines are added to.")] = None,
) -> None:
    """Run a DEVELOPMENT alarm centre that acknowledges every SIA DC-09 alarm without a human anywhere."""
    from device_bridge.alarm_centre import DevelopmentAlarmCentre, JsonLines, load_or_create_key
    from device_bridge.settings import BridgeSettings

    key = load_or_create_key(BridgeSettings.load(data=data).centre_key_file(name))
    stop = _stop_signal()
    centre = DevelopmentAlarmCentre(port, key, JsonLines(sys.stdout, out))
    centre.start()
    typer.echo("DEVELOPMENT alarm centre: nobody is watching. Never use it for real alarms.", err=True)
    try:
        stop.wait()
    finally:
        centre.stop()


@alarms_app.command("report")
def alarms_report(
    data: Data = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back.")] = 30,
    spool: Annotated[
        list[Path] | None,
        typer.Option(help="Read this bridge's folder or spool.db, and not those of --data; once for each bridge."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how fast alarms were handled, per stage, which deadlines were missed, and how available everything was.

    Reads the spools of all bridges in the data folder, also while the bridges run. An alarm that several bridges know
    is counted once, by its earliest moments. Tests are counted apart.
    """
    from dataclasses import asdict

    from device_bridge.figures import PERCENTILES
    from device_bridge.ledger import read, spools_of
    from device_bridge.settings import BridgeSettings

    given = [path / "spool.db" if path.is_dir() else path for path in spool or ()]
    spools = given or spools_of(BridgeSettings.load(data=data).data)
    found = read(spools, days)
    if as_json:
        shown = {"days": days, "spools": len(spools), "percentiles": list(PERCENTILES), **asdict(found)}
        typer.echo(json.dumps(shown))
        return
    typer.echo(
        f"{found.alarms} alarms in {days} days, {found.open} open, {found.escalated} escalated; {found.tests} tests"
        f" ({len(spools)} spools)"
    )
    for stage in found.stages:
        values = "  ".join(f"p{n} {ms / 1000:.3f} s" for n, ms in zip(PERCENTILES, stage.percentiles, strict=True))
        typer.echo(f"{stage.stage:<24}{stage.count:>6}  {values}  worst {stage.worst / 1000:.3f} s")
    for limit, count in found.missed.items():
        typer.echo(f"not accepted within {limit} s: {count}")
    for kind, several in (("route", found.routes), ("device", found.devices)):
        for one in several:
            typer.echo(f"{kind} {one.name}: {one.share:.3%} of {one.watched_s / 3600:.1f} h")


@device_app.command("new")
def device_new(
    folder: Folder,
    bridge_key: Annotated[str, typer.Option(help="Public signing key of the bridge; the device believes no other.")],
    broker_url: Annotated[list[str], typer.Option("--broker", help="mqtt://host:port; give it twice, for A and B.")],
    press_url: Annotated[str | None, typer.Option(help="https://…/press, when no broker answers.")] = None,
    as_json: Json = False,
) -> None:
    """Make a device: its keys and its memory. A caseworker then enrols the id and key that are printed."""
    from device_bridge.device_memory import DeviceMemory

    memory = DeviceMemory.create(folder, bridge_key=bridge_key, brokers=tuple(broker_url), press_url=press_url)
    _show({"device": memory.device, "sign": memory.identity.sign_public.hex()}, as_json=as_json)


@device_app.command("status")
def device_status(folder: Folder, as_json: Json = False) -> None:
    """Show what a device remembers, without its secrets."""
    from device_bridge.device_memory import DeviceMemory

    memory = DeviceMemory(folder)
    state = memory.state
    _show(
        {
            "device": memory.device,
            "sign": memory.identity.sign_public.hex(),
            "bridge_key": state.bridge_key,
            "brokers": list(state.brokers),
            "press_url": state.press_url,
            "boot": state.boot,
            "counter": state.counter,
        },
        as_json=as_json,
    )


@device_app.command("codes")
def device_codes(
    folder: Folder,
    bridge_box: Annotated[str, typer.Option(help="Public box key of the bridge (`getuige bridge key`).")],
    as_json: Json = False,
) -> None:
    """Choose the cancel code and the duress code, and print them sealed to the bridge, for the enrolment.

    Both are asked for, or read as two lines from standard input. Nobody but the bridge can open what is printed.
    """
    from device_bridge.codes import choose
    from device_bridge.device_memory import DeviceMemory
    from evidence import canonical, ids

    memory = DeviceMemory(folder)
    chosen = choose(memory.code_salt, _typed("Cancel code"), _typed("Duress code"))
    sealed = chosen.seal(memory.device, bytes.fromhex(ids.hex_text(bridge_box, 32)))
    _show({"device": memory.device, "codes": canonical.b64(sealed)}, as_json=as_json)


@device_app.command("press")
def device_press(  # noqa: PLR0913, PLR0917 - each is an option of the command
    folder: Folder,
    kind: Annotated[PressKind, typer.Option(help="What the device sends.")] = PressKind.PRESS,
    lat: Annotated[float | None, typer.Option(help="Latitude in degrees.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude in degrees.")] = None,
    accuracy: Annotated[int, typer.Option(help="Accuracy of the position in metres.")] = 20,
    track: Track = None,
    battery: Battery = None,
    wait: Annotated[WaitFor, typer.Option(help="Follow the press until this was heard.")] = WaitFor.STORED,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.")] = 30.0,
    as_json: Json = False,
) -> None:
    """Switch a device on, press once, and print what it hears, with milliseconds since the push.

    While its alarm is open the device says where it is, from time to time. Ends with 0 when the state that `--wait`
    names was heard in time.
    """
    senses = _senses(lat, lon, accuracy, track, battery)
    raise typer.Exit(_press(folder, kind, senses, wait, timeout, as_json=as_json))


@device_app.command("cancel")
def device_cancel(folder: Folder, timeout: float = 30.0, as_json: Json = False) -> None:
    """Ask to cancel, with the code that is typed (or read as a line). The device cannot tell which code it is."""
    pin = _typed("Code")
    raise typer.Exit(_press(folder, PressKind.CANCEL, _senses(), WaitFor.STORED, timeout, pin, as_json=as_json))


@device_app.command("test")
def device_announced_test(folder: Folder, timeout: float = 30.0, as_json: Json = False) -> None:
    """Send a test, which a caseworker announced beforehand (`getuige bridge test-window`)."""
    raise typer.Exit(_press(folder, PressKind.TEST, _senses(), WaitFor.STORED, timeout, as_json=as_json))


@device_app.command("run")
def device_run(folder: Folder, track: Track = None, battery: Battery = None, as_json: Json = False) -> None:
    """Keep a device switched on: heartbeats, and a press for each line that is typed.

    A line is press, duress, test, tamper or cancel; `cancel 1234` is a cancel with the code 1234. `at 51.92 4.48`
    moves the device, `at` alone takes its fix away, `battery 15` drains it. It says where it is while an alarm is
    open, and at no other time.
    """
    from device_bridge.device import ReferenceDevice
    from device_bridge.device_memory import DeviceMemory
    from device_bridge.message import Kind

    senses = _senses(track=track, battery=battery)
    device = ReferenceDevice(DeviceMemory(folder), _teller(as_json=as_json), senses.locate, senses.battery)
    stop = _stop_signal()
    device.start()

    def listen() -> None:
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word in {kind.value for kind in PressKind}:
                where = senses.locate() if word != PressKind.CANCEL else None
                device.press(Kind(word), where, pin=rest if rest and word == PressKind.CANCEL else None)
            elif word in {"at", "battery"}:
                _sense(senses, word, rest)

    threading.Thread(target=listen, daemon=True).start()
    try:
        stop.wait()
    finally:
        device.stop()


def _typed(name: str) -> str:
    """Return a code: hidden at a terminal, otherwise the next line of standard input; never an argument."""
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True)).strip()
    return sys.stdin.readline().strip()


def _press(
    folder: Path,
    kind: PressKind,
    senses: Any,  # noqa: ANN401 - Senses is imported when needed
    wait: WaitFor,
    timeout: float,
    pin: str | None = None,
    *,
    as_json: bool,
) -> int:
    from device_bridge.device import ReferenceDevice
    from device_bridge.device_memory import DeviceMemory
    from device_bridge.message import Kind, Told

    memory = DeviceMemory(folder)
    device = ReferenceDevice(memory, _teller(as_json=as_json), senses.locate, senses.battery)
    started = time.monotonic()
    device.start()
    try:
        while device.connected() < len(memory.state.brokers) and time.monotonic() - started < CONNECT_S:
            time.sleep(0.01)
        connected_ms = round((time.monotonic() - started) * 1000, 1)
        _show({"event": "connected", "brokers": device.connected(), "ms": connected_ms}, as_json=as_json)
        press = device.press(Kind(kind.value), senses.locate(), pin)
        _show({"event": "pressed", "kind": kind.value, "press": [press.boot, press.counter]}, as_json=as_json)
        return 0 if device.wait(press, Told(wait.value), timeout) is not None else NOT_REACHED
    finally:
        device.stop()


def _senses(
    lat: float | None = None,
    lon: float | None = None,
    accuracy: int = 20,
    track: Path | None = None,
    battery: int | None = None,
) -> Any:  # noqa: ANN401 - imported when needed
    from device_bridge.senses import Senses, place, read_track

    if (lat is None) != (lon is None):
        raise SettingsError("give --lat and --lon together")
    where = None if lat is None or lon is None else place(lat, lon, accuracy)
    return Senses(where, battery, () if track is None else read_track(track))


def _sense(senses: Any, word: str, said: str) -> None:  # noqa: ANN401 - as above
    """Change what a device senses, as a typed line says; a line that says nothing of the kind changes nothing."""
    from device_bridge.senses import place

    try:
        if word == "battery":
            senses.charge(int(said))
        else:
            lat, lon = map(float, said.split()) if said else (None, None)
            senses.put(None if lat is None or lon is None else place(lat, lon))
    except (ValueError, TypeError, SettingsError) as error:
        typer.echo(f"{word}: {error}", err=True)


def _teller(*, as_json: bool) -> Any:  # noqa: ANN401 - device.OnTold, imported when needed
    def told(press: Any, state: Any, elapsed_ms: float) -> None:  # noqa: ANN401 - as above
        shown = {"event": state.value, "press": [press.boot, press.counter], "ms": round(elapsed_ms, 1)}
        _show(shown, as_json=as_json)

    return told


def _show(members: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(members))
    else:
        typer.echo("  ".join(f"{name} {value}" for name, value in members.items()))
    sys.stdout.flush()


def _stop_signal() -> threading.Event:
    """Return an event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


commands.add_typer(bridge_app, name="bridge")
commands.add_typer(alarms_app, name="alarms", help="What became of alarms: figures from the bridge's spool.")
commands.add_typer(device_app, name="device", help="The reference alarm device: a button that talks to any Getuige.")
