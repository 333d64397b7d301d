"""`getuige device`: the reference alarm device at the command line."""

import sys
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from device_bridge.cli.output import Json, show, stop_signal
from device_bridge.errors import SettingsError

device_app: Final = typer.Typer(no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The device's folder: its whole memory.")]

Track = Annotated[
    Path | None,
    typer.Option(help="Places to be at while an alarm is open, one a line: latitude,longitude,metres of accuracy."),
]
Battery = Annotated[int | None, typer.Option(min=0, max=100, help="How full the battery is, per cent.")]

_SPEAKING: Final = threading.RLock()
"""Held by whoever prints: a press is told before what is answered to it."""

CONNECT_S: Final = 10.0
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600}
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


@device_app.command("new")
def device_new(
    folder: Folder,
    bridge_key: Annotated[str, typer.Option(help="Public signing key of the bridge; the device believes no other.")],
    broker_url: Annotated[list[str], typer.Option("--broker", help="mqtt://host:port; give it twice, for A and B.")],
    press_url: Annotated[str | None, typer.Option(help="https://…/press, when no broker answers.")] = None,
    as_json: Json = False,
) -> None:
    """Make a device: its keys and its memory. A caseworker then enrols the id and key that are printed."""
    from device_bridge.reference_device.memory import DeviceMemory

    memory = DeviceMemory.create(folder, bridge_key=bridge_key, brokers=tuple(broker_url), press_url=press_url)
    show({"device": memory.device, "sign": memory.identity.sign_public.hex()}, as_json=as_json)


@device_app.command("status")
def device_status(folder: Folder, as_json: Json = False) -> None:
    """Show what a device remembers, without its secrets."""
    from device_bridge.reference_device.memory import DeviceMemory

    memory = DeviceMemory(folder)
    state = memory.state
    show(
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
    from device_bridge.reference_device.memory import DeviceMemory
    from device_bridge.wire.codes import choose
    from evidence import canonical, ids

    memory = DeviceMemory(folder)
    chosen = choose(memory.code_salt, _typed("Cancel code"), _typed("Duress code"))
    sealed = chosen.seal(memory.device, bytes.fromhex(ids.hex_text(bridge_box, 32)))
    show({"device": memory.device, "codes": canonical.b64(sealed)}, as_json=as_json)


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


@device_app.command("check-in")
def device_check_in(
    folder: Folder,
    wait: Annotated[str, typer.Argument(help="Until the next: 90s, 45m, 2h; or end.")],
    note: Annotated[str | None, typer.Option(help="Where she goes: sealed, for whoever looks for her.")] = None,
    tell: Annotated[list[str] | None, typer.Option(help="A number or address of hers to tell too, up to five.")] = None,
    bridge_box: Annotated[str | None, typer.Option(help="Public box key of the bridge, for --tell.")] = None,
    code: Annotated[
        bool, typer.Option("--code", help="Ask for her code: only that puts off what was promised.")
    ] = False,
    timeout: float = 30.0,
    as_json: Json = False,
) -> None:
    """Promise to check in again in time, else an alarm is opened; `end` (with her code) ends the promise."""
    from device_bridge.reference_device.device import refuse_check_in

    wait_s = _wait_s(wait)
    refuse_check_in(wait_s, note)
    pin = _typed("Code") if code or wait_s == 0 else None
    if bool(tell) != bool(bridge_box):
        raise SettingsError("give --tell and --bridge-box together")
    told = None
    if tell and bridge_box:
        from evidence import ids, keys

        told = keys.seal_box(bytes.fromhex(ids.hex_text(bridge_box, 32)), "\n".join(tell).encode())

    def push(device: Any, where: Any) -> Any:  # noqa: ANN401 - ReferenceDevice, Location, PressId
        return device.check_in(wait_s, where, pin, note, told)

    raise typer.Exit(_pushed(folder, "check-in", push, _senses(), WaitFor.STORED, timeout, as_json=as_json))


@device_app.command("run")
def device_run(folder: Folder, track: Track = None, battery: Battery = None, as_json: Json = False) -> None:
    """Keep a device switched on: heartbeats, and a press for each line that is typed.

    A line is press, duress, test, tamper or cancel; `cancel 1234` is a cancel with the code 1234. `check-in 45m`
    promises to check in again, `check-in 45m 1234` puts that off, `check-in end 1234` ends it. `at 51.92 4.48` moves
    the device, `at` alone takes its fix away, `battery 15` drains it. It says where it is while an alarm is
    open, and at no other time.
    """
    from device_bridge.reference_device.device import ReferenceDevice
    from device_bridge.reference_device.memory import DeviceMemory
    from device_bridge.wire.message import Kind

    senses = _senses(track=track, battery=battery)
    told, refused = _tellers(as_json=as_json)
    device = ReferenceDevice(DeviceMemory(folder), told, senses.locate, senses.battery, refused)
    stop = stop_signal()
    device.start()

    def listen() -> None:
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word in {kind.value for kind in PressKind}:
                where = senses.locate() if word != PressKind.CANCEL else None
                device.press(Kind(word), where, pin=rest if rest and word == PressKind.CANCEL else None)
            elif word == "check-in":
                _check_in(device, senses.locate(), rest)
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
    from device_bridge.wire.message import Kind

    def push(device: Any, where: Any) -> Any:  # noqa: ANN401 - ReferenceDevice, Location, PressId
        return device.press(Kind(kind.value), where, pin)

    return _pushed(folder, kind.value, push, senses, wait, timeout, as_json=as_json)


def _pushed(
    folder: Path,
    kind: str,
    push: Callable[[Any, Any], Any],
    senses: Any,  # noqa: ANN401 - as above
    wait: WaitFor,
    timeout: float,
    *,
    as_json: bool,
) -> int:
    """Switch a device on, push, and follow it; return the exit code."""
    from device_bridge.reference_device.device import ReferenceDevice
    from device_bridge.reference_device.memory import DeviceMemory
    from device_bridge.wire.message import Told

    memory = DeviceMemory(folder)
    told, refused = _tellers(as_json=as_json)
    device = ReferenceDevice(memory, told, senses.locate, senses.battery, refused)
    started = time.monotonic()
    device.start()
    try:
        while device.connected() < len(memory.state.brokers) and time.monotonic() - started < CONNECT_S:
            time.sleep(0.01)
        connected_ms = round((time.monotonic() - started) * 1000, 1)
        show({"event": "connected", "brokers": device.connected(), "ms": connected_ms}, as_json=as_json)
        place = senses.locate()
        with _SPEAKING:  # an answer may be here before this thread goes on
            press = push(device, place)
            show({"event": "pressed", "kind": kind, "press": [press.boot, press.counter]}, as_json=as_json)
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
    from device_bridge.reference_device.sensors import Senses, place, read_track

    if (lat is None) != (lon is None):
        raise SettingsError("give --lat and --lon together")
    where = None if lat is None or lon is None else place(lat, lon, accuracy)
    return Senses(where, battery, () if track is None else read_track(track))


def _wait_s(typed: str) -> int:
    """Read how long is typed: a number of seconds, minutes or hours, or `end`; SettingsError for anything else."""
    number, unit = typed[:-1], typed[-1:]
    if typed == "end":
        return 0
    if not (number.isascii() and number.isdecimal() and unit in _UNITS_S):
        raise SettingsError("say how long: 90s, 45m, 2h; or end")
    return int(number) * _UNITS_S[unit]


def _check_in(device: Any, where: Any, said: str) -> None:  # noqa: ANN401 - ReferenceDevice and Location
    """Check in as a typed line says: how long, a code, where she goes; a line that says nothing of it sends nothing."""
    wait, _, rest = said.partition(" ")
    pin, _, note = rest.partition(" ")
    if not pin.isdecimal():
        pin, note = "", rest
    try:
        device.check_in(_wait_s(wait), where, pin or None, note or None)
    except SettingsError as error:
        typer.echo(f"check-in: {error}", err=True)


def _sense(senses: Any, word: str, said: str) -> None:  # noqa: ANN401 - as above
    """Change what a device senses, as a typed line says; a line that says nothing of the kind changes nothing."""
    from device_bridge.reference_device.sensors import place

    try:
        if word == "battery":
            senses.charge(int(said))
        else:
            lat, lon = map(float, said.split()) if said else (None, None)
            senses.put(None if lat is None or lon is None else place(lat, lon))
    except (ValueError, TypeError, SettingsError) as error:
        typer.echo(f"{word}: {error}", err=True)


def _tellers(*, as_json: bool) -> Any:  # noqa: ANN401 - device.OnTold and device.OnRefused, imported when needed
    def told(press: Any, state: Any, elapsed_ms: float) -> None:  # noqa: ANN401 - as above
        shown = {"event": state.value, "press": [press.boot, press.counter], "ms": round(elapsed_ms, 1)}
        with _SPEAKING:
            show(shown, as_json=as_json)

    def refused(press: Any, why: Any, elapsed_ms: float) -> None:  # noqa: ANN401 - as above
        number = [press.boot, press.counter]
        with _SPEAKING:
            show({"event": "refused", "why": why.value, "press": number, "ms": round(elapsed_ms, 1)}, as_json=as_json)

    return told, refused
