"""`getuige staff caseworker report | cost | …` and `getuige phone report | …`: papers of every kind, one command each.

A command is made from its kind: an option for each member (`server.clients.forms`), a form for the rest, and a question
for what must be said and was not.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.rows import hex_id

if TYPE_CHECKING:
    from evidence.envelope.meta import Meta
    from server.clients.forms import Member

HELP: Final = {
    "assessment": "Record what a professional made of the risk, in the form's own words.",
    "report": "Record what she told the police, or took back: melding, aangifte, klacht.",
    "cost": "Record what it cost her.",
    "trace": "Record a tracker, account or app that was found. First record, then talk, then remove.",
    "translation": "Record what an item says in another language.",
    "note": "Note something about an item, or about the case.",
    "question": "Ask something.",
    "answer": "Answer a question.",
}

HERS: Final = ("report", "cost", "trace", "question", "answer")
"""What she may record on her phone; the others are for whoever works on the case."""

Form = Annotated[
    Path | None,
    typer.Option(
        "--form",
        exists=True,
        dir_okay=False,
        help="Members as JSON, as docs/formats/envelope.md has them; options win.",
    ),
]


def register_phone(app: typer.Typer) -> None:
    """Add what she may record herself."""
    folder = Annotated[
        Path, typer.Option("--folder", envvar="GETUIGE_PHONE", help="The phone's memory.", file_okay=False)
    ]
    around = (_parameter("folder", folder, Path("phone")),)
    for kind in HERS:
        text = f"{HELP[kind]} Kept on this phone, sealed; `sync` sends it."
        app.command(kind)(_command(kind, "victim", around, _keep, text))


def register_caseworker(app: typer.Typer) -> None:
    """Add what a caseworker records."""
    around = (
        _parameter("key", Key),
        _parameter("trust", Trust),
        _parameter("url", Url),
        _parameter("case", Annotated[str, typer.Argument(help="The case.")]),
        _parameter("phrase_file", PhraseFile, None),
    )
    for kind, said in HELP.items():
        app.command(kind)(_command(kind, "caseworker", around, _seal, f"{said} Sealed to her case and to you."))


def _command(
    kind: str,
    source: Literal["victim", "caseworker"],
    around: tuple[inspect.Parameter, ...],
    keep: "Callable[[Meta, dict[str, Any]], None]",
    text: str,
) -> Callable[..., None]:
    """Return the command of a kind: `around` says to whom and where, `keep` takes what was described."""
    from server.clients import forms

    members = {_name(one): one for one in forms.members(kind)}

    def command(form: Path | None, **given: Any) -> None:  # noqa: ANN401 - of the types in its signature
        told = forms.read(form) if form else {}
        said = {one.path: given[name] for name, one in members.items()}
        for one in members.values():
            if one.needed and said[one.path] is None and not _says(told, one.path):
                said[one.path] = _ask(one)
        keep(forms.describe(kind, source, said, told), given)

    options = (_parameter(name, _option(one), None) for name, one in members.items())
    needed, rest = (
        [one for one in around if (one.default is inspect.Parameter.empty) is empty] for empty in (True, False)
    )
    parameters = [*needed, *options, _parameter("form", Form, None), *rest]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # read by typer
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__doc__ = text
    return command


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:  # noqa: ANN401
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _name(member: "Member") -> str:
    return f"said_{member.option.replace('-', '_')}"


def _option(member: "Member") -> Any:  # noqa: ANN401 - an annotation
    """Return how typer reads a member."""
    text = member.words + (f": {', '.join(member.choices)}" if member.choices else "")
    names = f"--{member.option}"
    if member.type is bool:
        return Annotated[bool | None, typer.Option(f"{names}/--no-{member.option}", help=f"{text}.")]
    if member.many:
        return Annotated[list[str] | None, typer.Option(names, help=f"{text}. May be repeated.")]
    return Annotated[(int if member.type is int else str) | None, typer.Option(names, help=f"{text}.")]


def _says(form: dict[str, Any], path: str) -> bool:
    inside: Any = form
    for name in path.split("."):
        inside = inside.get(name) if isinstance(inside, dict) else None
    return inside is not None


def _ask(member: "Member") -> str | int:
    """Ask for what must be said."""
    question = member.words + (f" ({', '.join(member.choices)})" if member.choices else "")
    return cast("str | int", typer.prompt(question, type=int if member.type is int else str))


def _keep(described: "Meta", given: dict[str, Any]) -> None:
    from server.clients.phone_folder import open_phone

    with open_phone(given["folder"]) as phone:
        typer.echo(f"Kept here, sealed. Item {phone.add(described)}")


def _seal(described: "Meta", given: dict[str, Any]) -> None:
    from evidence import ids
    from server.cli.papers import tell
    from server.clients.caseworker import Caseworker

    who = Caseworker(connect(given["key"], given["trust"], given["url"], given["phrase_file"]))
    tell(who.record(ids.CaseId(hex_id(given["case"], "CASE")), described))
