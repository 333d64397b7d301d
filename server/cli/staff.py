"""`getuige staff …`: root, caseworker and dispatcher on the command line. Each signs with a key of their own."""

from pathlib import Path
from typing import Annotated

import typer

from server.cli import breaking_glass, devices, erasing, organising, records, standing
from server.cli.organising import connect as _signer
from server.cli.phrases import PhraseFile, phrase
from server.cli.rows import AsJson, show

Key = Annotated[Path, typer.Option("--key", help="Your locked key.", dir_okay=False)]
Trust = Annotated[Path, typer.Option("--trust", exists=True, file_okay=False, help="Your trust folder.")]
Url = Annotated[str, typer.Option("--url", envvar="GETUIGE_PUBLIC_URL", help="Address of the server.")]

app = typer.Typer(no_args_is_help=True, help="Root, caseworker and dispatcher on the command line.")
root = typer.Typer(no_args_is_help=True, help="The organisation's root. Its key stays away from the server.")
caseworker = typer.Typer(no_args_is_help=True, help="Open a case and invite a phone.")
dispatcher = typer.Typer(no_args_is_help=True, help="See presses and act on them.")
app.add_typer(root, name="root")
app.add_typer(caseworker, name="caseworker")
app.add_typer(dispatcher, name="dispatcher")


@app.command("key")
def new_key(
    key: Key, handle: Annotated[str, typer.Option(help="Your sign-in name.")], phrase_file: PhraseFile = None
) -> None:
    """Make your own key under a pass phrase, and print the public halves that the root certifies."""
    from evidence import canonical
    from server.clients import locked

    identity = locked.create(key, handle, phrase(phrase_file, new=True))
    typer.echo(f"name  {identity.kid}\nsign  {identity.sign_public.hex()}")
    typer.echo(f"xwing {canonical.b64(identity.xwing_public)}")


@app.command("leave-key")
def leave_key(key: Key, trust: Trust, url: Url, phrase_file: PhraseFile = None) -> None:
    """Leave your locked key at the server, so that you can sign in from a browser. It cannot open it."""
    from server.clients import locked

    locked.leave_at_server(_signer(key, trust, url, phrase_file), locked.read(key))
    typer.echo("Left at the server. Sign in with your sign-in name and pass phrase.")


@root.command("team")
def open_team(
    key: Key, trust: Trust, url: Url, label: Annotated[str, typer.Argument()], phrase_file: PhraseFile = None
) -> None:
    """Found a team of caseworkers and print its id."""
    from server.clients.root import Root

    typer.echo(Root(_signer(key, trust, url, phrase_file)).open_team(label))


@root.command("publish")
def publish(  # noqa: PLR0913, PLR0917 - each option of a typer command is a parameter
    key: Key,
    trust: Trust,
    url: Url,
    role: Annotated[str, typer.Option(help="caseworker, dispatcher, desk, investigator, bridge or server.")],
    label: Annotated[str, typer.Option(help="Name of the professional or desk, as others will see it.")],
    sign: Annotated[str, typer.Option(help="The public key that signs.")],
    team: Annotated[str | None, typer.Option(help="The caseworker's team.")] = None,
    xwing: Annotated[str | None, typer.Option(help="The X-Wing key of a person or a desk: what opens.")] = None,
    box: Annotated[str | None, typer.Option(help="The box key of a bridge.")] = None,
    phrase_file: PhraseFile = None,
) -> None:
    """Certify someone's public keys."""
    from typing import cast, get_args

    from evidence import canonical, ids
    from evidence.statements.bodies import Role
    from server.clients.root import Root

    if role not in get_args(Role):
        raise typer.BadParameter(f"one of {', '.join(get_args(Role))}", param_hint="--role")
    public = bytes.fromhex(ids.hex_text(sign, 32))
    member = ids.TeamId(ids.hex_text(team, 16)) if team else None
    opens = canonical.unb64(xwing) if xwing else None
    takes = bytes.fromhex(ids.hex_text(box, 32)) if box else None
    who = Root(_signer(key, trust, url, phrase_file))
    typer.echo(who.publish(cast("Role", role), label, public, member, xwing=opens, box=takes))


@caseworker.command("open-case")
def open_case(
    key: Key,
    trust: Trust,
    url: Url,
    team: Annotated[str, typer.Option(help="Your team's id.")],
    victim_keys: Annotated[tuple[str, str], typer.Option(metavar="CASE VAULT", help="From `getuige vault create`.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Open a case for the keys that she made herself, and print its id."""
    from evidence import canonical, ids
    from server.clients.caseworker import Caseworker

    case_key, vault = victim_keys
    public = ids.Base64(canonical.b64(canonical.unb64(case_key))), ids.PublicKey(ids.hex_text(vault, 32))
    who = Caseworker(_signer(key, trust, url, phrase_file))
    typer.echo(who.open_case(*public, ids.TeamId(ids.hex_text(team, 16))))


@caseworker.command("invite")
def invite(
    key: Key,
    trust: Trust,
    url: Url,
    case: Annotated[str, typer.Argument(help="The case.")],
    case_key: Annotated[str, typer.Option(help="The name of the case key, from `getuige vault create`.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Invite one phone: prints the text and the QR code. Show it once; who reads it may enrol a phone for a day."""
    from evidence import ids
    from server.clients.caseworker import Caseworker

    who = Caseworker(_signer(key, trust, url, phrase_file))
    invitation = who.invite(ids.CaseId(ids.hex_text(case, 16)), ids.KeyId(ids.hex_text(case_key, 16)))
    typer.echo(invitation.text())
    typer.echo(invitation.terminal_qr())


@caseworker.command("lend")
def lend(
    key: Key,
    trust: Trust,
    url: Url,
    case: Annotated[str, typer.Argument(help="The case.")],
    device: Annotated[str, typer.Argument(help="The alarm device.")],
    basis: Annotated[str, typer.Option(help="Covenant or agreement, such as 'AWARE-convenant 12'. No name.")],
    household: Annotated[bool, typer.Option(help="Somebody of her household carries it, not she.")] = False,
    phrase_file: PhraseFile = None,
) -> None:
    """Write down that a device was handed over; somebody looks again within half a year."""
    from server.cli import lending

    lending.lend(_signer(key, trust, url, phrase_file), case, device, basis, household=household)


@caseworker.command("review")
def review_lending(
    key: Key,
    trust: Trust,
    url: Url,
    case: Annotated[str, typer.Argument(help="The case.")],
    device: Annotated[str, typer.Argument(help="The alarm device.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Write down that a lending was looked at again and goes on for half a year."""
    from server.cli import lending

    lending.review(_signer(key, trust, url, phrase_file), case, device)


@caseworker.command("take-back")
def take_back(
    key: Key,
    trust: Trust,
    url: Url,
    case: Annotated[str, typer.Argument(help="The case.")],
    device: Annotated[str, typer.Argument(help="The alarm device.")],
    condition: Annotated[str, typer.Option(help="whole, damaged or lost.")] = "whole",
    phrase_file: PhraseFile = None,
) -> None:
    """Write down that a device came back, or is lost. To shut it out: `revoke-device`."""
    from server.cli import lending

    lending.take_back(_signer(key, trust, url, phrase_file), case, device, condition)


@caseworker.command("lendings")
def lendings(key: Key, trust: Trust, url: Url, as_json: AsJson = False, phrase_file: PhraseFile = None) -> None:
    """List who has the team's alarm devices; those that should have been looked at again stand first."""
    from server.cli import lending

    lending.show(_signer(key, trust, url, phrase_file), as_json=as_json)


@dispatcher.command("shifts")
def shifts(key: Key, trust: Trust, url: Url, as_json: AsJson = False, phrase_file: PhraseFile = None) -> None:
    """List who watched when, newest first. A shift without an end runs, or its console went dark."""
    from server.clients.dispatcher import Dispatcher

    rows = [
        {
            "began": one["began_at"],
            "ended": one["ended_at"],
            "label": one["label"],
            "by": one["by"],
            "taken_over": one["taken_over_label"],
        }
        for one in Dispatcher(_signer(key, trust, url, phrase_file)).shifts()
    ]
    show(rows, as_json=as_json, nothing="Nobody began a shift yet.")


@dispatcher.command("watch")
def watch(key: Key, trust: Trust, url: Url, phrase_file: PhraseFile = None) -> None:
    """Print presses as they come, a line each, until you stop it. When it says NOT LIVE, use the telephone."""
    from server.clients.dispatcher import Dispatcher

    for event in Dispatcher(_signer(key, trust, url, phrase_file)).stream():
        if event.name == "alarm":
            alarm = event.data
            typer.echo(f"{alarm['raised_at']}  {alarm['alarm']}  {alarm['kind']:<7} {alarm['state']}")
        elif event.name == "health":
            typer.echo(f"health: {event.data}")


@dispatcher.command("act")
def act(
    key: Key,
    trust: Trust,
    url: Url,
    alarm: Annotated[str, typer.Argument(help="The alarm.")],
    what: Annotated[str, typer.Argument(help="claim, accept, take_over, dispatch, on_scene, look; or close:REASON.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Act on an alarm by name. Reasons to close: genuine, accidental, test, technical."""
    from typing import cast, get_args

    from evidence import ids
    from evidence.statements.bodies import CloseReason
    from server.clients.dispatcher import ACTS, Dispatcher
    from server.clients.errors import ClientError

    who = Dispatcher(_signer(key, trust, url, phrase_file))
    name = ids.AlarmId(ids.hex_text(alarm, 16))
    case = next((one["case"] for one in who.alarms()["alarms"] if one["alarm"] == name), None)
    if case is None:
        raise ClientError("There is no such alarm on the list.")
    verb, _, reason = what.partition(":")
    if verb == "close" and reason in get_args(CloseReason):
        typer.echo(who.close(name, case, cast("CloseReason", reason)))
    elif f"alarm.{verb}" in ACTS:
        typer.echo(who.act(name, case, f"alarm.{verb}"))
    else:
        raise typer.BadParameter(
            "claim, accept, take_over, dispatch, on_scene, look or close:REASON", param_hint="WHAT"
        )


def register(parent: typer.Typer) -> None:
    """Add the group to the app."""
    organising.register(app, root)
    devices.register(caseworker, staff=True)
    devices.register_enrolment(caseworker)
    erasing.register_caseworker(caseworker)
    standing.register(caseworker, staff=True)
    caseworker.add_typer(breaking_glass.app, name="rescue")
    records.register_caseworker(caseworker)
    parent.add_typer(app, name="staff")
