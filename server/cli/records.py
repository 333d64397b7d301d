"""`getuige phone add | photo | report | …`, `getuige staff caseworker card | report | …`: a command for every kind.

A command is made from its kind: an option for each member (`server.clients.forms`), a form for a program, and questions
for who says `--ask`. What must be said and was not is asked anyway.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.rows import hex_id

if TYPE_CHECKING:
    from evidence.envelope.meta import Media, Meta
    from evidence.ids import CaseId
    from server.clients.caseworker import Caseworker, Sealed
    from server.clients.forms import Member

FILE: Final = "file"
"""Stands for a photo, sound, film or other file: which of them it is, its bytes say."""

HELP: Final = {
    "incident": "Keep an incident",
    FILE: "Keep a photo, sound, film or other file, with what the camera says of time and place",
    "order": "Record what he was forbidden, and from when until when; also that he was told to stop",
    "card": "Leave a card for the control room: what it reads when her device calls",
    "assessment": "Record what a professional made of the risk, in the form's own words",
    "report": "Record what she told the police, or took back: melding, aangifte, klacht",
    "cost": "Record what it cost her",
    "trace": "Record a tracker, account or app that was found. First record, then talk, then remove",
    "translation": "Record what an item says in another language",
    "note": "Note something about an item, or about the case",
    "question": "Ask something",
    "answer": "Answer a question",
    "screening": "Record the safety screening. Without `--answers` you are asked each question of the list",
    "label": "Give the case a name that only its readers can open",
}
"""What its command does, without the stop."""

MAX_STAFF_FILE_BYTES: Final = 256 * 1024 * 1024
"""A caseworker's file is sealed in memory and sent in one go; her phone sends films, piece by piece."""

HERS: Final = {
    "add": "incident",
    "photo": FILE,
    "order": "order",
    "report": "report",
    "cost": "cost",
    "trace": "trace",
    "question": "question",
    "answer": "answer",
}
"""Commands of her phone; the others are for whoever works on the case."""

STAFFS: Final = {kind: kind for kind in HELP if kind != "incident"}
"""Commands of a caseworker. What happened to her is for her to tell."""

_WHERE: Final = {
    FILE: "Sealed to her case and to you; such as the report of a hospital or a laboratory, with `--origin report`",
    "card": "Sealed to her case, to you and to every desk that the root certified; `enrol-device --card` names it. The "
    "server cannot read it, and each reading by a desk is written down",
}

Form = Annotated[
    Path | None,
    typer.Option(
        "--form",
        exists=True,
        dir_okay=False,
        help="Members as JSON, as docs/formats/envelope.md has them; options win.",
    ),
]
Ask = Annotated[bool, typer.Option("--ask", help="Be asked all that was not said; Enter leaves a question out.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")]
Picture = Annotated[Path | None, typer.Option("--picture", exists=True, dir_okay=False, help="A JPEG or PNG of him.")]


@dataclass(frozen=True)
class _Told:
    """What was said of a kind: by the paths of its members, and in a form."""

    kind: str
    said: dict[str, Any]
    form: dict[str, Any]


def register_phone(app: typer.Typer) -> None:
    """Add what she may record herself."""
    folder = Annotated[
        Path, typer.Option("--folder", envvar="GETUIGE_PHONE", help="The phone's memory.", file_okay=False)
    ]
    for name, kind in HERS.items():
        around = (*(_of_a_file("victim") if kind == FILE else ()), _parameter("folder", folder, Path("phone")))
        app.command(name)(_command(kind, around, _keep, f"{HELP[kind]}. Kept on this phone, sealed; `sync` sends it."))


def register_caseworker(app: typer.Typer) -> None:
    """Add what a caseworker records."""
    around = (
        _parameter("key", Key),
        _parameter("trust", Trust),
        _parameter("url", Url),
        _parameter("case", Annotated[str, typer.Argument(help="The case.")]),
        _parameter("phrase_file", PhraseFile, None),
    )
    more = {FILE: _of_a_file("caseworker"), "card": (_parameter("picture", Picture, None),)}
    for name, kind in STAFFS.items():
        where = _WHERE.get(kind, "Sealed to her case and to you")
        app.command(name)(_command(kind, (*around, *more.get(kind, ())), _seal, f"{HELP[kind]}. {where}."))

    @app.command("digest")
    def digest(key: Key, trust: Trust, url: Url, case: str, phrase_file: PhraseFile = None) -> None:
        """Leave for the list of cases how far you read this one, and what you counted there.

        Sealed to her case and to you: the server can count nothing of it.
        """
        from server.clients import digests

        who, name = _caseworker({"key": key, "trust": trust, "url": url, "phrase_file": phrase_file}), _case(case)
        tell(who.record(name, digests.of(who.timeline(name))))


def _of_a_file(by: str) -> tuple[inspect.Parameter, ...]:
    """Return what the command of a file takes beside its members."""
    from server.clients.attachments import SOURCES

    source = Annotated[str, typer.Option("--source", help=f"Whose record it is: {', '.join(SOURCES[by])}.")]
    return _parameter("file", File), _parameter("source", source, by)


def _command(
    kind: str, around: tuple[inspect.Parameter, ...], keep: Callable[[_Told, dict[str, Any]], None], text: str
) -> Callable[..., None]:
    """Return the command of a kind: `around` says to whom and where, `keep` takes what was said."""
    from server.clients import forms

    members = {_name(one): one for one in forms.members(kind)}

    def command(form: Path | None, ask: bool, **given: Any) -> None:  # noqa: ANN401 - of the types in its signature
        told = _Told(kind, {one.path: given[name] for name, one in members.items()}, forms.read(form) if form else {})
        if kind == "screening" and not told.said["screening.answers"] and not _says(told.form, "screening.answers"):
            told.said.update(_screen(told.said["screening.version"]))
        for one in members.values():
            if told.said[one.path] is None and not _says(told.form, one.path) and (ask or one.needed):
                told.said[one.path] = _ask(one)
        keep(told, given)

    options = (_parameter(name, _option(one), None) for name, one in members.items())
    needed, rest = (
        [one for one in around if (one.default is inspect.Parameter.empty) is empty] for empty in (True, False)
    )
    parameters = [*needed, *options, _parameter("form", Form, None), _parameter("ask", Ask, default=False), *rest]
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
    names = f"--{member.option}"
    if member.type is bool:
        return Annotated[bool | None, typer.Option(f"{names}/--no-{member.option}", help=f"{member.help}.")]
    if member.many:
        return Annotated[list[str] | None, typer.Option(names, help=f"{member.help}. May be repeated.")]
    return Annotated[(int if member.type is int else str) | None, typer.Option(names, help=f"{member.help}.")]


def _says(form: dict[str, Any], path: str) -> bool:
    inside: Any = form
    for name in path.split("."):
        inside = inside.get(name) if isinstance(inside, dict) else None
    return inside is not None


def _ask(member: "Member") -> Any:  # noqa: ANN401 - of the type of the member
    """Ask for one member; for a list as long as something is said, and for a record each of its members."""
    if not member.many:
        return _typed(member, needed=member.needed)
    found: list[Any] = []
    while True:
        told = _ask_record(member) if member.inside else _typed(member, needed=False)
        if told is None:
            return found
        found.append(told)


def _ask_record(member: "Member") -> dict[str, Any] | None:
    """Ask for one record of a list; None when its first member is left out."""
    said: dict[str, Any] = {}
    for place, inner in enumerate(member.inside):
        told = _ask(replace(inner, words=f"{member.words}: {inner.words}", needed=inner.needed and place > 0))
        if told is None and place == 0:
            return None
        if told not in (None, []):
            said[inner.path.rpartition(".")[2]] = told
    return said


def _typed(member: "Member", *, needed: bool) -> str | int | bool | None:
    """Ask until the answer is one that can be, or the question is left out."""
    from server.clients import forms
    from server.clients.errors import ClientError

    hint = ", ".join(member.choices) or ("yes, no" if member.type is bool else "")
    question = f"{member.words} ({hint})" if hint else member.words
    while True:
        said = str(typer.prompt(question, default=None if needed else "", show_default=False)).strip()
        if not said:
            return None
        try:
            return forms.parsed(member, said)
        except ClientError as error:
            typer.echo(str(error), err=True)


def _screen(version: str | None) -> dict[str, Any]:
    """Ask each question of the safety screening, in both languages."""
    from server.clients import screening

    answers = [
        {"question": dutch, "answer": said}
        for dutch, english in screening.QUESTIONS
        if (said := str(typer.prompt(f"{dutch} / {english}", default="", show_default=False)).strip())
    ]
    return {"screening.version": version or screening.VERSION, "screening.answers": answers}


def _keep(told: _Told, given: dict[str, Any]) -> None:
    """Keep it on her phone, and say what may be a slip, or what becomes of a file."""
    from server.clients import forms, telling
    from server.clients.phone_folder import open_phone

    if told.kind == FILE:
        _keep_file(told, given)
        return
    described = forms.describe(told.kind, "victim", told.said, told.form)
    with open_phone(given["folder"]) as phone:
        typer.echo(f"Kept here, sealed. Item {phone.add(described)}")
    for remark in telling.remarks(described):
        typer.echo(remark)


def _keep_file(told: _Told, given: dict[str, Any]) -> None:
    from server.clients import telling
    from server.clients.attachments import name_of, type_of
    from server.clients.outbox import Source
    from server.clients.phone_folder import open_phone

    file = given["file"]
    name, mime = name_of(file), type_of(file)
    described = _told_of(told, given, "victim")
    with open_phone(given["folder"]) as phone:
        item = phone.add(described, Source(file.resolve(), name, mime))
        entry = phone.outbox.find(item)
    typer.echo(f"Kept here, sealed. Item {item}")
    for remark in telling.remarks(described):
        typer.echo(remark)
    if "\ufffd" in name:
        typer.echo(f"Its name is not readable text: it is kept as “{name}”. The file itself is kept as it is.")
    if file.stat().st_size == 0:
        typer.echo(
            "This file is empty (0 bytes). It is kept, but there is nothing in it: look whether it was copied whole."
        )
    if entry is not None and entry.needs_original:
        typer.echo("This file is large and is not copied: leave the original where it is until it has arrived.")


def _told_of(told: _Told, given: dict[str, Any], by: str) -> "Media":
    """Return the description of a file, of a source that who adds it can name."""
    from server.clients.attachments import SOURCES, told_of, type_of
    from server.clients.errors import ClientError

    source = next((one for one in SOURCES[by] if one == given["source"]), None)
    if source is None:
        raise ClientError(
            f"“{given['source']}” is no answer to --source: it is one of {', '.join(SOURCES[by])}. Nothing was sealed."
        )
    return told_of(given["file"], type_of(given["file"]), told.said, source, told.form)


def _seal(told: _Told, given: dict[str, Any]) -> None:
    """Seal it to the case, to the caseworker and, a card, to the desks."""
    from evidence.envelope.meta import Card
    from server.clients import cards, forms
    from server.clients.attachments import name_of, type_of
    from server.clients.errors import ClientError
    from server.clients.outbox import Source

    case = _case(given["case"])
    if told.kind == FILE:
        file = given["file"]
        if (size := file.stat().st_size) > MAX_STAFF_FILE_BYTES:
            raise ClientError(
                f"{file} has {size:,} bytes, and at most {MAX_STAFF_FILE_BYTES:,} are sealed here. Nothing was sealed; "
                "her phone takes larger ones."
            )
        described: Meta = _told_of(told, given, "caseworker")
        who = _caseworker(given)
        content = Source(file, name_of(file), type_of(file)).content()
        tell(who.seal(case, described, who.readers(case), content=content))
        return
    described = forms.describe(told.kind, "caseworker", told.said, told.form)
    if not isinstance(described, Card):
        tell(_caseworker(given).record(case, described))
        return
    if given["picture"] is not None:
        described = cards.with_picture(described, cards.picture(given["picture"]))
    for remark in cards.remarks(described.card):
        typer.echo(remark, err=True)
    tell(_caseworker(given).leave_card(case, described))


def _case(text: str) -> "CaseId":
    from evidence import ids

    return ids.CaseId(hex_id(text, "CASE"))


def _caseworker(given: dict[str, Any]) -> "Caseworker":
    from server.clients.caseworker import Caseworker

    return Caseworker(connect(given["key"], given["trust"], given["url"], given["phrase_file"]))


def tell(sealed: "Sealed") -> None:
    """Say that it arrived, and who cannot read it."""
    typer.echo(f"Sealed and arrived. Item {sealed.item}")
    for kid in sealed.left_out:
        typer.echo(f"Nothing can be sealed to key {kid}: whoever holds it cannot read this.", err=True)
