"""`getuige vault rescue …`: her key for an emergency, and what she is told of it. Break-glass has a key, or is none.

Each command says what happened, what is safe, and what comes next. What changes something says so first, and does it
with `--really`.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.plain import one_line
from server.cli.rows import AsJson, Really, hex_id, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from evidence import ids
    from evidence.statements import bodies
    from server.clients.signing import Signer
    from server.clients.timeline import Moment
    from server.clients.vault import Vault

Case = Annotated[str, typer.Option("--case", help="The case (32 hexadecimal characters).")]
Holders = Annotated[
    list[str] | None, typer.Option("--holder", help="Key of a colleague who gets a share; two or more: `readers`.")
]
NONE = "There is no rescue key in this case. Without one nobody reads it in an emergency, whatever happens."

app = typer.Typer(no_args_is_help=True, help="A key for an emergency, if you agree to one: two colleagues share it.")


@app.command()
def make(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    holder: Holders = None,
    really: Really = False,
    phrase_file: PhraseFile = None,
) -> None:
    """Make a rescue key and give colleagues a share each. It takes the place of one that is there."""
    from evidence import ids

    vault = _vault(key, case, trust, url, phrase_file)
    people = [ids.KeyId(hex_id(one, "--holder")) for one in holder or ()]
    _make(vault, vault.items(), people, really=really)


@app.command()
def replace(
    key: Key, case: Case, trust: Trust, url: Url, really: Really = False, phrase_file: PhraseFile = None
) -> None:
    """Make another rescue key for the same colleagues, as far as they are in service."""
    from server.clients import rescue
    from server.clients.errors import ClientError

    vault = _vault(key, case, trust, url, phrase_file)
    moments = vault.items()
    known = rescue.current(moments)
    if known is None:
        raise ClientError(f"{NONE} `rescue make` makes one.")
    _make(vault, moments, rescue.in_service(vault.signer, known, moments), really=really)


@app.command()
def end(key: Key, case: Case, trust: Trust, url: Url, really: Really = False, phrase_file: PhraseFile = None) -> None:
    """Go on without a rescue key. Whoever read with it before keeps what they read."""
    from server.clients import rescue

    vault = _vault(key, case, trust, url, phrase_file)
    moments = vault.items()
    if rescue.current(moments) is None:
        typer.echo(NONE)
        return
    typer.echo("From then on nobody is served anything by the rescue key, and nothing is sealed to it.")
    typer.echo("A phone that has not heard of it goes on sealing to it; that opens for nobody.")
    if not really:
        typer.echo("Nothing was changed. --really ends it.")
        return
    body = vault.end_rescue(moments)
    typer.echo(f"Ended, by list {body.number} from {body.since}. Your readers stay the same, until {body.until}.")


@app.command("show")
def shown(
    key: Key, case: Case, trust: Trust, url: Url, phrase_file: PhraseFile = None, as_json: AsJson = False
) -> None:
    """Show who holds shares, whether somebody asked, and who used a rescue key: when, why, until when."""
    vault = _vault(key, case, trust, url, phrase_file)
    show_keys(vault.signer, vault.items(), as_json=as_json)


def show_keys(who: "Signer", moments: "Sequence[Moment]", *, as_json: bool) -> None:
    """Print the rescue keys of a case, what was asked, and what was done with them."""
    from evidence import ids
    from server.clients import rescue

    now, known, certificates = ids.now(), rescue.current(moments), who.certificates(fresh=True)
    labels = {kid: one.published.label for kid, one in certificates.items()}
    rows: list[dict[str, object]] = []
    requests: list[rescue.Request] = []
    for one in rescue.read(moments):
        state = one.state(len(rescue.in_service(who, one, moments)), now) if one == known else "ended"
        use = one.use
        rows.append(
            {
                "rescue": one.name,
                "state": state,
                "since": one.since,
                "holders": ", ".join(labels.get(share.reader, share.reader) for share in one.shares),
                "asked": use and use.asked.label,
                "agreed": use and use.agreed.label,
                "until": use and use.asked.body.until,
                "reason": use and use.asked.body.reason,
            }
        )
        requests += one.open_requests(now) if one == known else ()
    show(rows, as_json=as_json, nothing=NONE)
    for each in requests:
        said = f"{one_line(each.label)} asked, until {each.body.until}: {one_line(each.body.reason)}"
        typer.echo(f"{each.statement}  {said}", err=as_json)


def tell(moments: "Sequence[Moment]") -> None:
    """Tell her, at her vault and nowhere else, what was asked and done with her rescue keys."""
    from evidence import ids
    from server.clients import rescue

    now, known = ids.now(), rescue.current(moments)
    for one in rescue.read(moments):
        if one.use is not None and (one == known or now < one.use.asked.body.until):
            asked, agreed = one.use.asked, one.use.agreed
            who = f"{one_line(asked.label)} read your case with your rescue key; {one_line(agreed.label)} agreed"
            typer.echo(f"! {who}, {agreed.at}, until {asked.body.until}.", err=True)
            typer.echo(f"  Why: {one_line(asked.body.reason)}. What was read stays known.", err=True)
        for request in one.open_requests(now) if one == known else ():
            why = f"{one_line(request.label)} asked to use your rescue key: {one_line(request.body.reason)}"
            typer.echo(f"! {why}", err=True)
            typer.echo("  Nobody agreed yet, so nothing was opened. `rescue end` stops it.", err=True)
    if known is not None and known.use is not None:
        typer.echo("  That key is spent. `rescue replace` makes another one.", err=True)


def tell_list(body: "bodies.ListSet", moments: "Sequence[Moment]") -> None:
    """Tell what became of the rescue key with a list about her readers."""
    from evidence.statements.rescues import name_of
    from server.clients import rescue

    known = rescue.current(moments)
    if known is None:
        return
    if body.rescue is None:
        typer.echo("! It names no rescue key: fewer than two of its holders are in service. `rescue make` makes one.")
    elif name_of(body) != known.name:
        typer.echo("The rescue key was spent: the same colleagues hold shares of a new one.")


def renew(vault: "Vault", moments: "Sequence[Moment]") -> None:
    """Make a new rescue key when the one of the case is spent: her vault does so with the next thing that she signs."""
    from evidence import ids
    from evidence.statements.rescues import NEEDED
    from server.clients import rescue
    from server.clients.standing_list import Reading

    known = rescue.current(moments)
    if known is None or known.use is None:
        return
    people = rescue.in_service(vault.signer, known, moments)
    if Reading.of(moments).later(ids.now()) is not None:
        typer.echo("! Your rescue key is spent. A later list is on its way: make another key when it begins.", err=True)
    elif len(people) < NEEDED:
        typer.echo("! Your rescue key is spent, and fewer than two of its holders are in service.", err=True)
    else:
        _make(vault, moments, people, really=True)


def _make(vault: "Vault", moments: "Sequence[Moment]", people: "Sequence[ids.KeyId]", *, really: bool) -> None:
    from evidence.statements.rescues import NEEDED
    from server.clients.errors import ClientError

    wanted, certificates = [*dict.fromkeys(people)], vault.signer.certificates(fresh=True)
    if len(wanted) < NEEDED:
        raise ClientError(f"A rescue key needs {NEEDED} colleagues in service. Nothing was changed.")
    typer.echo(f"{len(wanted)} colleagues get a share of a new rescue key:")
    for kid in wanted:
        label = certificates[kid].published.label if kid in certificates else "not certified"
        typer.echo(f"  {kid}  {one_line(label)}")
    typer.echo("One alone opens nothing. Two together, with a reason and a time, open what you recorded, once.")
    typer.echo("You see that here, not on your phone. What you keep to yourself stays closed to it.")
    if not really:
        typer.echo("Nothing was changed. --really makes it.")
        return
    body, count = vault.share_rescue(wanted, moments)
    typer.echo(f"Made. List {body.number} names it from {body.since}; your readers stay the same, until {body.until}.")
    typer.echo(
        f"{count} items that were here are sealed to it as well. Nobody has the whole key, this computer neither."
    )


def _vault(key: "Path", case: str, trust: "Path", url: str, phrase_file: "Path | None") -> "Vault":
    from evidence import ids
    from server.clients.vault import Vault

    return Vault(connect(key, trust, url, phrase_file), ids.CaseId(hex_id(case, "--case")))
