"""`… readers-now | set-readers | show-list | agree | wrap-missing | exclude`: who gets what is added from now on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli import rescue
from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.plain import one_line
from server.cli.rows import AsJson, Really, hex_id, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evidence import ids
    from server.clients.agreeing import Proposal
    from server.clients.case_lists import Granted
    from server.clients.signing import Signer
    from server.clients.timeline import Moment

Case = Annotated[str, typer.Option("--case", help="The case (32 hexadecimal characters).")]


def register(app: typer.Typer, *, staff: bool) -> None:
    """Add what both a caseworker and her vault may do."""

    @app.command("readers-now")
    def readers_now(
        key: Key, case: Case, trust: Trust, url: Url, phrase_file: PhraseFile = None, as_json: AsJson = False
    ) -> None:
        """List who gets what is added from now on, until when, what a later list changes, and what ends soon."""
        from evidence import ids
        from evidence.statements import reader_lists
        from server.clients import case_lists
        from server.clients.standing_list import Reading

        who = connect(key, trust, url, phrase_file)
        moments, now = _moments(who, case), ids.now()
        reading = Reading.of(moments)
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
        if current is not None and reader_lists.ends_within(current.until, now):
            typer.echo(f"! This list ends {current.until}. After that nobody reads what is added.", err=True)
        tell_ending(case_lists.ending(case_lists.grants(moments, who.certificates()), now))
        tell_not_shown(who, moments)

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
    def set_readers(  # noqa: PLR0913, PLR0917 - one option for each part of her consent
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
        ask_lead: Annotated[
            Path | None,
            typer.Option("--ask-lead", dir_okay=False, help="Write the list here, for your lead to sign too: `agree`."),
        ] = None,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Say who gets what is added from now on. It replaces what you said before; older items are given by `grant`.

        Whoever had something already keeps it. What takes two readers away, or the last, or brings in somebody new,
        begins a day from now, unless your lead signs it too.
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
        moments = vault.items()
        rescue.tell(moments)
        if ask_lead is not None:
            said = vault.propose_readers(wanted, days, moments)
            ask_lead.write_bytes(said.envelope.to_bytes())
            typer.echo(f"Nothing has changed. Hand {ask_lead} to your lead, who signs it within the hour:")
            typer.echo(f"  getuige staff caseworker agree --list {ask_lead.name}")
            return
        body, receipt = vault.set_readers(wanted, days, moments)
        typer.echo(f"List {body.number}: {len(body.readers)} readers from {body.since} until {body.until}.")
        typer.echo(f"Receipt {receipt.index}.")
        rescue.tell_list(body, moments)
        if body.since > ids.now():
            typer.echo("It takes readers away, or brings in somebody new, so it begins a day from now.")
        elif count := vault.wrap_missing():
            typer.echo(f"{count} keys were wrapped of what is here already.")
        typer.echo("A phone that has not heard of it goes on as before, until the list that it knows ends.")
        typer.echo("A server could keep it from a phone that long: `show-list` shows it to a phone yourself.")

    @app.command("show-list")
    def show_list(
        key: Key,
        case: Case,
        trust: Trust,
        url: Url,
        number: Annotated[int | None, typer.Option(help="Which list; the newest if left out.")] = None,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Show a list as a QR code for your phone, so that no server can keep it from it: `phone take-list`.

        It holds no name and no text of yours.
        """
        from evidence.statements import bodies
        from server.clients import list_code
        from server.clients.errors import ClientError

        moments = _moments(connect(key, trust, url, phrase_file), case)
        said = [one.statement for one in moments if one.statement is not None]
        lists = [(one, one.body) for one in said if isinstance(one.body, bodies.ListSet)]
        found = [one for one, body in lists if number in {None, body.number}]
        if not found:
            raise ClientError("There is no such list in this case.")
        text = list_code.text_of(found[-1])
        typer.echo(text)
        typer.echo(list_code.terminal_qr(text))
        if isinstance(found[-1].body, bodies.ListSet) and found[-1].body.rescue is not None:
            typer.echo("It names a rescue key, so the code is dense: show it large, or copy the text above.")


def _register_staff(app: typer.Typer) -> None:
    @app.command("agree")
    def agree(
        key: Key,
        trust: Trust,
        url: Url,
        proposal: Annotated[
            Path,
            typer.Option("--list", exists=True, dir_okay=False, help="What her vault wrote: `set-readers --ask-lead`."),
        ],
        really: Really = False,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Sign a list of hers too, as the lead of the case: then it need not wait a day. First speak with her alone.

        Without --really it only shows whom the list brings in and whom it takes away.
        """
        from server.clients import agreeing

        who = connect(key, trust, url, phrase_file)
        read = agreeing.read(who, proposal.read_bytes())
        _tell_proposal(read, {kid: one.published.label for kid, one in who.certificates().items()})
        if not really:
            typer.echo("Nothing was signed. Make the check that was agreed at intake; --really signs it.")
            return
        receipt = agreeing.agree(who, read)
        typer.echo(f"Signed by both. List {read.body.number} begins {read.body.since}. Event {receipt.index}.")
        typer.echo("`wrap-missing`, by her vault, gives what is here already to whom it brings in.")

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


def tell_not_shown(who: "Signer", moments: "Sequence[Moment]") -> None:
    """Say which statements the server does not show: it could hold back a revocation, or a newer list, that way."""
    from server.clients import numbering

    known = None if who.numbers is None else who.numbers.known()
    for kid, numbers in numbering.not_shown(moments, who.identity.kid, known).items():
        whose = "of this key" if kid == who.identity.kid else f"of key {kid}"
        more = " …" if len(numbers) == numbering.MOST_NAMED else ""
        typer.echo(f"! Statements {whose} are not shown: numbers {', '.join(map(str, numbers))}{more}.", err=True)
        typer.echo("  What was erased takes them with it. Otherwise the server holds them back: tell the", err=True)
        typer.echo("  administrator, and keep this computer's files; `getuige audit-log` checks the log.", err=True)


def tell_ending(grants: "Sequence[Granted]") -> None:
    """Say which grants end soon: her vault and her lead hear of it, her phone does not."""
    for one in grants:
        said = (
            f"! What she gave to {one.label or one.reader} ends {one.expires}: {len(one.items)} items, {one.purpose}."
        )
        typer.echo(one_line(said), err=True)


def _tell_proposal(proposal: "Proposal", labels: "Mapping[ids.KeyId, str]") -> None:
    body = proposal.body
    typer.echo(f"List {body.number} of case {proposal.case}, from {body.since} until {body.until}:")
    for row in body.readers:
        kinds = "everything" if row.kinds is None else ", ".join(row.kinds)
        new = " (new)" if row.reader in proposal.brought_in else ""
        typer.echo(f"  {row.reader}  {labels.get(row.reader, 'not certified')}: {kinds}{new}")
    for kid in sorted(proposal.taken_away):
        typer.echo(f"  {kid}  {labels.get(kid, 'not certified')}: no longer, or not everything")
    if proposal.ends_rescue:
        typer.echo("! It ends the rescue key of the case, or names another one.")
    if not body.readers:
        typer.echo("! Nobody would read what she adds.")


def _moments(who: "Signer", case: str) -> "list[Moment]":
    from evidence import ids
    from server.clients import timeline

    return timeline.read(who, ids.CaseId(hex_id(case, "--case")), [who.reader])
