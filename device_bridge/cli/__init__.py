"""The commands that this package adds to `getuige`: `bridge`, `broker`, `device`, `alarms`, `alarm-centre`."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from device_bridge.cli.device import device_app
from device_bridge.cli.output import Json, show, stop_signal
from device_bridge.errors import SettingsError

commands: Final = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
"""What `device_bridge` contributes to the `getuige` command."""

bridge_app: Final = typer.Typer(invoke_without_command=True, no_args_is_help=False)
alarms_app: Final = typer.Typer(no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Data folder; GETUIGE_BRIDGE_DATA, or ./var.")]


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
    from device_bridge import log_keys
    from device_bridge.process import Bridge
    from device_bridge.settings import BridgeSettings
    from evidence import logs

    logs.configure(log_keys.ALLOWED)
    stop = stop_signal()
    running = Bridge(BridgeSettings.load(**chosen))
    running.start()
    try:
        stop.wait()
    finally:
        running.stop()


@bridge_app.command("key")
def bridge_key(context: typer.Context, as_json: Json = False) -> None:
    """Show the bridge's public keys, making its keys when there are none: the root publishes them."""
    from device_bridge.settings import BridgeSettings
    from evidence import keyfile

    who = keyfile.load_or_create_bridge(BridgeSettings.load(**context.obj).bridge_key_file)
    shown = {"kid": who.kid, "sign": who.sign_public.hex(), "box": who.box_public.hex()}
    show(shown, as_json=as_json)


@bridge_app.command("test-window")
def announce_test(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="The device's id, 32 hexadecimal digits.")],
    minutes: Annotated[int, typer.Option(help="How long a test is awaited.")] = 10,
    as_json: Json = False,
) -> None:
    """Announce a test of a device. Outside a window a test counts as a real press."""
    import httpx

    from device_bridge.settings import BridgeSettings
    from evidence import keyfile

    settings = BridgeSettings.load(**context.obj)

    url = f"http://{settings.feed_host}:{settings.feed_port}/devices/{device}/test-window"
    headers = {"Authorization": f"Bearer {keyfile.load_or_create_token(settings.token_file)}"}
    try:
        answer = httpx.post(url, json={"minutes": minutes}, headers=headers)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise SettingsError(f"the bridge did not open a test window: {error}") from error
    show(answer.json(), as_json=as_json)


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
    from device_bridge.mqtt.brokers import CLIENT_PORT_OFFSET, BrokerSecrets, Certificates, NatsBroker
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
    from device_bridge.routes.development_centre import DevelopmentAlarmCentre, JsonLines, load_or_create_key
    from device_bridge.settings import BridgeSettings

    key = load_or_create_key(BridgeSettings.load(data=data).centre_key_file(name))
    stop = stop_signal()
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
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="One day here instead: presses, tests and batteries of each device."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how fast alarms were handled, per stage, which deadlines were missed, and how available everything was.

    Reads the spools of all bridges in the data folder, also while the bridges run. An alarm that several bridges know
    is counted once, by its earliest moments. Tests are counted apart.
    """
    from dataclasses import asdict

    from device_bridge.figures.report import PERCENTILES
    from device_bridge.figures.spools import read, spools_of
    from device_bridge.settings import BridgeSettings

    given = [path / "spool.db" if path.is_dir() else path for path in spool or ()]
    spools = given or spools_of(BridgeSettings.load(data=data).data)
    if day is not None:
        _show_day(spools, day, as_json=as_json)
        return
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
    for name, into in found.folded.items():
        typer.echo(f"alarm {name} is alarm {into}: what first stood in it counts there")


def _show_day(spools: Sequence[Path], day: datetime, *, as_json: bool) -> None:
    """Print what supervisors read on the page: the same rows."""
    from dataclasses import asdict

    from device_bridge.figures import days
    from device_bridge.figures.spools import read_days

    begin, end = (round(one.timestamp() * 1000) for one in (day, day + timedelta(days=1)))  # midnights of this machine
    rows = read_days(spools, begin, end)
    if as_json:
        typer.echo(json.dumps({"day": str(day.date()), "devices": [asdict(row) for row in rows]}))
        return
    for name, count in days.total(rows).items():
        typer.echo(f"{name.replace('_', ' '):<14}{count:>6}")
    for row in rows:
        battery = "battery not known" if row.battery is None else f"battery {row.battery} %"
        said = f"{row.presses} presses, {row.presses - row.open - row.genuine} closed as none, {row.tests} tests"
        typer.echo(f"device {row.device}: {said}, {battery}, heard {row.heard_at or 'never'}")


commands.add_typer(bridge_app, name="bridge")
commands.add_typer(alarms_app, name="alarms", help="What became of alarms: figures from the bridge's spool.")
commands.add_typer(device_app, name="device", help="The reference alarm device: a button that talks to any Getuige.")
