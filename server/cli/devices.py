"""`… devices | revoke-phone | revoke-device | enrol-device`: phones and alarm devices of a case, by whoever may."""

from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.plain import one_line
from server.cli.rows import AsJson, Really, hex_id, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.clients.case_lists import Enrolled
    from server.clients.signing import Signer

Case = Annotated[str, typer.Argument(help="The case.")]
Device = Annotated[str, typer.Argument(help="Its id: `devices` lists them.")]

PROFILES = ("20s", "3min", "30min")


def register(app: typer.Typer, *, staff: bool) -> None:
    """Add what both a caseworker and her vault may do."""

    @app.command("devices")
    def devices(
        key: Key, trust: Trust, url: Url, case: Case, as_json: AsJson = False, phrase_file: PhraseFile = None
    ) -> None:
        """List the phones and alarm devices of a case, also those shut out, and say what is not right with one."""
        who = connect(key, trust, url, phrase_file)
        found = _devices(who, case)
        show([_row(one) for one in found], as_json=as_json, nothing="No phone and no device was enrolled.")
        tell_signs(who, case, found, staff=staff)

    @app.command("revoke-phone")
    def revoke_phone(
        key: Key,
        trust: Trust,
        url: Url,
        case: Case,
        phone: Device,
        really: Really = False,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Shut a phone out, for ever: it was lost, or somebody else has it. Invite another one afterwards."""
        _revoke(connect(key, trust, url, phrase_file), case, phone, "phone", really=really)

    @app.command("revoke-device")
    def revoke_device(
        key: Key,
        trust: Trust,
        url: Url,
        case: Case,
        device: Device,
        really: Really = False,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Shut an alarm device out, for ever: its presses are no alarms any more."""
        _revoke(connect(key, trust, url, phrase_file), case, device, "alarm device", really=really)


def register_enrolment(app: typer.Typer) -> None:
    """Add what only a caseworker may do."""

    @app.command("enrol-device")
    def enrol_device(  # noqa: PLR0913, PLR0917 - each option of a typer command is a parameter
        key: Key,
        trust: Trust,
        url: Url,
        case: Case,
        device: Annotated[str, typer.Option(help="The device's id, from `getuige device new`.")],
        sign: Annotated[str, typer.Option(help="Its public key, from the same command.")],
        covenant: Annotated[str, typer.Option(help="Covenant or agreement under which its alarms are answered.")],
        profile: Annotated[str, typer.Option(help=f"How soon its silence is told: {', '.join(PROFILES)}.")] = "3min",
        codes: Annotated[str | None, typer.Option(help="Cancel and duress code, from `getuige device codes`.")] = None,
        card: Annotated[str | None, typer.Option(help="Item id of the dispatcher card that its presses show.")] = None,
        account: Annotated[
            list[str] | None,
            typer.Option(help="centre=account, as that alarm centre gave it out; one for each centre."),
        ] = None,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Enrol an alarm device in a case: from now on its presses are alarms."""
        from typing import Literal, cast

        from evidence import canonical, ids
        from evidence.errors import FormatError
        from evidence.statements.bodies import CentreAccount
        from server.clients.caseworker import Caseworker
        from server.clients.caseworker import Device as Public

        if profile not in PROFILES:
            raise typer.BadParameter(f"one of {', '.join(PROFILES)}", param_hint="--profile")
        try:
            sealed = None if codes is None else ids.Base64(canonical.b64(canonical.unb64(codes)))
        except FormatError as error:
            raise typer.BadParameter(str(error), param_hint="--codes") from error
        public = Public(
            ids.DeviceId(hex_id(device, "--device")),
            ids.PublicKey(hex_id(sign, "--sign", 32)),
            cast("Literal['20s', '3min', '30min']", profile),
            covenant,
            sealed,
            tuple(CentreAccount(*one.partition("=")[::2]) for one in account or ()),
        )
        shown = None if card is None else ids.ItemId(hex_id(card, "--card"))
        who = Caseworker(connect(key, trust, url, phrase_file))
        receipt = who.lend(ids.CaseId(hex_id(case, "CASE")), public, shown)
        typer.echo(f"Enrolled. Event {receipt.index}. `lend` writes down to whom it was handed over.")


def tell_signs(who: "Signer", case: str, enrolled: "Iterable[Enrolled]", *, staff: bool) -> None:
    """Say, beside a list and apart from it, what is not right with a phone of the case; nothing when all is well."""
    from evidence import ids
    from server.clients import signs

    for line in signs.told(signs.fetch(who, ids.CaseId(hex_id(case, "CASE"))), enrolled, staff=staff):
        typer.echo(one_line(line), err=True)


def _devices(who: "Signer", case: str) -> "list[Enrolled]":
    from evidence import ids
    from server.clients import case_lists, timeline

    return case_lists.devices(timeline.read(who, ids.CaseId(hex_id(case, "CASE")), []))


def _row(one: "Enrolled") -> dict[str, object]:
    return {
        "device": one.device,
        "kind": one.kind,
        "key": one.kid,
        "enrolled": one.enrolled_at,
        "revoked": one.revoked_at,
        "events": one.events,
        "newest": one.newest,
    }


def _revoke(who: "Signer", case: str, name: str, kind: str, *, really: bool) -> None:
    from evidence import ids
    from evidence.statements import bodies
    from server.clients.errors import ClientError

    device: ids.DeviceId = ids.DeviceId(hex_id(name, kind.replace("alarm ", "").upper()))
    found = next((one for one in _devices(who, case) if one.device == device and one.kind == kind), None)
    if found is None:
        raise ClientError(f"This case has no {kind} {device}. `devices` lists what it has. Nothing was changed.")
    if found.revoked_at is not None:
        typer.echo(f"It was shut out already, at {found.revoked_at}.")
        return
    typer.echo(f"{kind} {device}, enrolled {found.enrolled_at}, {found.events} events, newest {found.newest or '-'}:")
    typer.echo("  nothing more is taken from it, also not what it still keeps. It cannot come back under this key.")
    typer.echo("  What was confirmed stays in the case.")
    if not really:
        typer.echo("Nothing was changed. --really shuts it out.")
        return
    receipt = who.act("device.revoke", bodies.DeviceRevoke(device), ids.CaseId(case)).receipt
    typer.echo(f"Shut out. Event {receipt.index}.")
