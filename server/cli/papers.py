"""`getuige phone order`, `getuige staff caseworker order | card`: papers of a case, sealed on this computer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.rows import hex_id

if TYPE_CHECKING:
    from server.clients.caseworker import Sealed

Case = Annotated[str, typer.Argument(help="The case.")]
Kind = Annotated[
    str,
    typer.Argument(
        metavar="ORDER",
        help="huisverbod, contactverbod, gebiedsverbod, gedragsaanwijzing, voorwaarde, maatregel, civiel, "
        "burgemeester or stop-gezegd.",
    ),
]
First = Annotated[str, typer.Option("--from", help="Its first day, such as 2026-11-21.")]
Until = Annotated[str | None, typer.Option("--until", help="Its last day, if it has one.")]
Number = Annotated[str | None, typer.Option("--number", help="Its number, as the paper has it.")]
Text = Annotated[str, typer.Option("--text", help="What it forbids, in the paper's words or yours.")]

Area = Annotated[str | None, typer.Option("--area", help="Where he may not come.")]
Persons = Annotated[list[str] | None, typer.Option("--person", help="No contact with. May be repeated.")]
WatchedBy = Annotated[str | None, typer.Option("--watched-by", help="Who watches over it.")]
SaidBy = Annotated[
    str | None, typer.Option("--said-by", help="How he was told to stop: herself, letter, lawyer or police.")
]
Proof = Annotated[str | None, typer.Option("--proof", help="The item that shows it.")]


def register_phone(app: typer.Typer) -> None:
    """Add what she may record herself."""

    @app.command("order")
    def order(  # noqa: PLR0913, PLR0917 - each option of a typer command is a parameter
        kind: Kind,
        first: First,
        until: Until = None,
        number: Number = None,
        text: Text = "",
        area: Area = None,
        person: Persons = None,
        watched_by: WatchedBy = None,
        said_by: SaidBy = None,
        proof: Proof = None,
        folder: Annotated[
            Path, typer.Option("--folder", envvar="GETUIGE_PHONE", help="The phone's memory.", file_okay=False)
        ] = Path("phone"),
    ) -> None:
        """Keep an order on this phone, sealed: what he was forbidden, and from when until when. `sync` sends it.

        Add the paper itself with `photo --about`.
        """
        from server.clients import papers
        from server.clients.phone_folder import open_phone

        said = papers.order(
            kind,
            first,
            until,
            source="victim",
            number=number,
            text=text,
            **_more(area, person, watched_by, said_by, proof),
        )
        with open_phone(folder) as phone:
            typer.echo(f"Kept here, sealed. Item {phone.add(said)}")


def register_caseworker(app: typer.Typer) -> None:
    """Add what a caseworker records."""

    @app.command("order")
    def order(  # noqa: PLR0913, PLR0917 - each option of a typer command is a parameter
        key: Key,
        trust: Trust,
        url: Url,
        case: Case,
        kind: Kind,
        first: First,
        until: Until = None,
        number: Number = None,
        text: Text = "",
        area: Area = None,
        person: Persons = None,
        watched_by: WatchedBy = None,
        said_by: SaidBy = None,
        proof: Proof = None,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Record what he was forbidden, and from when until when. Sealed to her case and to you."""
        from evidence import ids
        from server.clients import papers
        from server.clients.caseworker import Caseworker

        said = papers.order(
            kind,
            first,
            until,
            source="caseworker",
            number=number,
            text=text,
            **_more(area, person, watched_by, said_by, proof),
        )
        who = Caseworker(connect(key, trust, url, phrase_file))
        tell(who.record(ids.CaseId(hex_id(case, "CASE")), said))

    @app.command("card")
    def card(
        key: Key,
        trust: Trust,
        url: Url,
        case: Case,
        form: Annotated[
            Path | None,
            typer.Option(
                "--form", exists=True, dir_okay=False, help="The answers as JSON, as docs/formats/envelope.md has them."
            ),
        ] = None,
        picture: Annotated[
            Path | None, typer.Option("--picture", exists=True, dir_okay=False, help="A small JPEG or PNG of him.")
        ] = None,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Leave a card for the control room: what it reads when her device calls. `enrol-device --card` names it.

        Without `--form` you are asked everything; Enter leaves a question out. Sealed to her case, to you and to every
        desk that the root certified. The server cannot read it, and each reading by a desk is written down.
        """
        from evidence import ids
        from server.clients import card_form, papers
        from server.clients.caseworker import Caseworker

        who = Caseworker(connect(key, trust, url, phrase_file))
        said = card_form.read(form) if form else card_form.fill(_ask)
        if picture is not None:
            said = card_form.with_picture(said, card_form.picture(picture))
        for remark in card_form.remarks(said):
            typer.echo(remark, err=True)
        tell(who.leave_card(ids.CaseId(hex_id(case, "CASE")), papers.card(said)))


def _more(
    area: str | None, persons: list[str] | None, watched_by: str | None, said_by: str | None, proof: str | None
) -> dict[str, Any]:
    """Return what the two commands say alike."""
    said = {"area": area, "watched_by": watched_by, "said_by": said_by}
    return {**said, "persons": persons or (), "proof": hex_id(proof, "--proof") if proof else None}


def _ask(path: str) -> list[str]:
    """Ask for one member of a card; of a list as long as something is said."""
    from server.clients import card_form

    question, answers = card_form.QUESTIONS[path], list[str]()
    while True:
        said = str(typer.prompt(question, default="", show_default=False)).strip()
        if said and path in card_form.ONE_OF and said not in card_form.ONE_OF[path]:
            typer.echo(f"One of: {', '.join(card_form.ONE_OF[path])}", err=True)
            continue
        answers.append(said)
        if not said or path not in card_form.LISTS:
            return answers


def tell(sealed: "Sealed") -> None:
    """Say that it arrived, and who cannot read it."""
    typer.echo(f"Sealed and arrived. Item {sealed.item}")
    for kid in sealed.left_out:
        typer.echo(f"Nothing can be sealed to key {kid}: whoever holds it cannot read this.", err=True)
