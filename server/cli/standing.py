"""`… readers-now | set-readers | wrap-missing | exclude`: who gets what is added, by her vault and her caseworker."""

from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.rows import AsJson, hex_id, show

if TYPE_CHECKING:
    from server.clients.signing import Signer
    from server.clients.timeline import Moment

Case = Annotated[str, typer.Option("--case", help="The case (32 hexadecimal characters).")]


def register(app: typer.Typer, *, staff: bool) -> None:
    """Add what both a caseworker and her vault may do."""

    @app.command("readers-now")
    def readers_now(
        key: Key, case: Case, trust: Trust, url: Url, phrase_file: PhraseFile = None, as_json: AsJson = False
    ) -> None:
        """List who gets what is added from now on, until when, and what a list that begins later changes."""
        from evidence import ids
        from server.clients.standing_list import Reading

        who = connect(key, trust, url, phrase_file)
        reading, now = Reading.of(_moments(who, case)), ids.now()
        current = reading.in_force(now)
        labels = {kid: one.published.label for kid, one in who.certificates().items()}
        rows = [
            {
                "list": known.number,
                "state": "in force" if known is current else "later",
                "reader": row.reader,
                "label": labels.get(row.reader, ""),
                "kinds": "all" if row.kinds is None else ", ".join(row.kinds),
                "from": known.since,
                "until": known.until,
            }
            for known in reading.lists
            if known is current or known.since > now
            for row in known.readers
        ]
        show(rows, as_json=as_json, nothing="Nobody reads what is added from now on.")
        for known in reading.lists:
            if known.since > now:
                typer.echo(f"List {known.number} begins {known.since}: {len(known.readers)} readers.", err=True)

    @app.command("wrap-missing")
    def wrap_missing(key: Key, case: Case, trust: Trust, url: Url, phrase_file: PhraseFile = None) -> None:
        """Wrap what was sealed by a device that had not heard of the list to those whom the list gives it to."""
        from evidence import ids
        from server.clients.vault import wrap_missing as wrap

        who = connect(key, trust, url, phrase_file)
        count = wrap(who, ids.CaseId(hex_id(case, "--case")), _moments(who, case))
        typer.echo(f"{count} keys were wrapped." if count else "Nothing was missing.")

    if staff:
        _register_staff(app)
    else:
        _register_vault(app)


def _register_vault(app: typer.Typer) -> None:
    @app.command("set-readers")
    def set_readers(
        key: Key,
        case: Case,
        trust: Trust,
        url: Url,
        reader: Annotated[
            list[str] | None,
            typer.Option(help="KEY, or KEY=kind,kind for some kinds; may be repeated. `readers` lists them."),
        ] = None,
        nobody: Annotated[bool, typer.Option("--nobody", help="Nobody gets what is added from now on.")] = False,
        days: Annotated[int, typer.Option(min=1, max=366, help="How long.")] = 90,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Say who gets what is added from now on. It replaces what you said before; older items are given by `grant`.

        Whoever had something already keeps it. What takes two readers away, or the last, begins a day from now.
        """
        from evidence import ids
        from server.clients.vault import Vault

        if nobody == bool(reader):
            raise typer.BadParameter("name readers, or say --nobody", param_hint="--reader")
        wanted: dict[ids.KeyId, tuple[str, ...] | None] = {}
        for one in reader or ():
            name, several, kinds = one.partition("=")
            wanted[ids.KeyId(hex_id(name, "--reader"))] = tuple(kinds.split(",")) if several else None
        vault = Vault(connect(key, trust, url, phrase_file), ids.CaseId(hex_id(case, "--case")))
        body, receipt = vault.set_readers(wanted, days)
        typer.echo(f"List {body.number}: {len(body.readers)} readers from {body.since} until {body.until}.")
        typer.echo(f"Receipt {receipt.index}.")
        if body.since > ids.now():
            typer.echo("It takes readers away, so it begins a day from now.")
        elif count := vault.wrap_missing():
            typer.echo(f"{count} keys were wrapped of what is here already.")
        typer.echo("A phone that has not heard of it goes on as before, until the list that it knows ends.")


def _register_staff(app: typer.Typer) -> None:
    @app.command("cases")
    def cases(key: Key, trust: Trust, url: Url, phrase_file: PhraseFile = None, as_json: AsJson = False) -> None:
        """List your team's cases: who reads what is added, until when, and whether consent changed. Nobody first."""
        from server.clients.caseworker import Caseworker

        rows = []
        for one in Caseworker(connect(key, trust, url, phrase_file)).cases():
            told = one.get("readers") or {}
            rows.append(
                {
                    "case": one["case"],
                    "opened": one["opened_at"],
                    "items": one["items"],
                    "readers": told.get("count", ""),
                    "until": told.get("until"),
                    "ends_within_days": told.get("ends_within_days"),
                    "next_from": told.get("next_from"),
                    "consent_changed": told.get("changed_at"),
                }
            )
        show(rows, as_json=as_json, nothing="Your team has no case.")
        if alone := sum(row["readers"] == 0 for row in rows):
            typer.echo(f"! {alone} of them have no reader: she names one with her vault, in a safe place.", err=True)
        if any(row["consent_changed"] for row in rows):
            typer.echo("! Consent changed under her phrase: make the check that was agreed at intake.", err=True)

    @app.command("exclude")
    def exclude(
        key: Key,
        case: Case,
        trust: Trust,
        url: Url,
        reader: Annotated[
            list[str] | None, typer.Option(help="The key of somebody who never reads this case; may be repeated.")
        ] = None,
        nobody: Annotated[bool, typer.Option("--nobody", help="Nobody is excluded any more.")] = False,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Say who is no reader of a case, whatever is granted: somebody close to him. It replaces the one before."""
        from evidence import ids
        from evidence.statements import bodies

        if nobody == bool(reader):
            raise typer.BadParameter("name somebody, or say --nobody", param_hint="--reader")
        who = connect(key, trust, url, phrase_file)
        body = bodies.ReadersExclude(tuple(ids.KeyId(hex_id(one, "--reader")) for one in reader or ()))
        receipt = who.act("readers.exclude", body, ids.CaseId(hex_id(case, "--case"))).receipt
        typer.echo(f"{len(body.readers)} people are excluded. Event {receipt.index}.")


def _moments(who: "Signer", case: str) -> "list[Moment]":
    from evidence import ids
    from server.clients import timeline

    return timeline.read(who, ids.CaseId(hex_id(case, "--case")), [who.reader])
