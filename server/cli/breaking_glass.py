"""`getuige staff caseworker rescue …`: two colleagues use the rescue key of a case, once, if she agreed to one."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.plain import one_line
from server.cli.rescue import Case, show_keys
from server.cli.rows import AsJson, Really, hex_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evidence import ids
    from server.clients.signing import Signer
    from server.clients.timeline import Moment

app = typer.Typer(no_args_is_help=True, help="Break the glass of a case, by two, if she agreed to that.")


@app.command("show")
def shown(
    key: Key, case: Case, trust: Trust, url: Url, phrase_file: PhraseFile = None, as_json: AsJson = False
) -> None:
    """Show who holds shares, what was asked, and who used a rescue key."""
    who = connect(key, trust, url, phrase_file)
    show_keys(who, _moments(who, case), as_json=as_json)


@app.command()
def ask(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    reason: Annotated[str, typer.Option(prompt="Why", help="She reads it later. At most 500 characters.")],
    hours: Annotated[int, typer.Option(min=1, max=72, help="For how long.")] = 4,
    really: Really = False,
    phrase_file: PhraseFile = None,
) -> None:
    """Ask to read a case with its rescue key. Nothing opens before a colleague agrees."""
    from evidence import ids
    from server.clients import rescue

    who = connect(key, trust, url, phrase_file)
    moments = _moments(who, case)
    rescue.in_force(moments).share_of(who.identity.kid)
    typer.echo("She will read your name, the reason and the time. It stays in the case. The key works once.")
    if not really:
        typer.echo("Nothing was asked. --really asks.")
        return
    until = ids.time_of(datetime.now(UTC) + timedelta(hours=hours))
    request, _ = rescue.ask(who, _case(case), moments, reason, until)
    typer.echo(f"Asked, until {until}: {request}")
    typer.echo("Nothing is open yet. A colleague who holds a share agrees with `rescue agree`.")


@app.command()
def agree(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="What was asked: `rescue show` lists it.")],
    really: Really = False,
    phrase_file: PhraseFile = None,
) -> None:
    """Agree to what a colleague asked, and give them your share. Speak to them first: it cannot be taken back."""
    from evidence import ids
    from server.clients import rescue

    who, name = connect(key, trust, url, phrase_file), ids.Sha256(hex_id(request, "REQUEST", 32))
    moments = _moments(who, case)
    asked = rescue.find(rescue.in_force(moments), name)
    typer.echo(f"{one_line(asked.label)} asked at {asked.at}: {one_line(asked.body.reason)}")
    typer.echo(f"  reads what she recorded, until {asked.body.until}. She will read your name too.")
    if not really:
        typer.echo("Nothing was given. --really agrees.")
        return
    receipt = rescue.agree(who, _case(case), moments, name)
    typer.echo(f"Agreed. Receipt {receipt.index}. {one_line(asked.label)} opens the case with `rescue open`.")


@app.command("open")
def opened(key: Key, case: Case, trust: Trust, url: Url, phrase_file: PhraseFile = None) -> None:
    """Put the key together and show what it opens. It stays in memory; nothing is written on this computer."""
    from evidence.bundle.format.kinds import kind_of
    from server.clients import rescue, timeline

    who = connect(key, trust, url, phrase_file)
    found = rescue.opened(who, _case(case), _moments(who, case))
    count = 0
    for one in found:
        if one.item is None or one.opened is None:
            continue
        meta, count = one.opened.meta, count + 1
        typer.echo(f"{one.item}  received {one.received_at}, {kind_of(meta)}: {one_line(meta.title or '-')}")
        typer.echo(f"  happened {one_line(str(meta.happened or '-'))}")
        for line in "".join(meta.text or ()).splitlines():
            typer.echo(f"  {one_line(line)}")
    for one in timeline.closed(found):
        typer.echo(f"{one.item or f'event {one.index}'}  does not open: {one.closed}")
    typer.echo(f"{count} items open. Every reading is in the case, and she sees it.")
    typer.echo("Nothing was kept here. The key is spent; her vault makes another with the next thing that she signs.")


def _case(case: str) -> "ids.CaseId":
    from evidence import ids

    return ids.CaseId(hex_id(case, "--case"))


def _moments(who: "Signer", case: str) -> "Sequence[Moment]":
    from server.clients import timeline

    return timeline.read(who, _case(case), [who.reader])
