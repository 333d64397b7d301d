"""Output of `getuige vault` and `getuige staff caseworker` about erasing; the commands stand with theirs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.organising import connect
from server.cli.phrases import PhraseFile
from server.cli.plain import one_line
from server.cli.rows import AsJson, show, utc_time

if TYPE_CHECKING:
    from server.clients.erasing import Erasing, Plan

Key = Annotated[Path, typer.Option("--key", help="Your locked key.", dir_okay=False)]
Case = Annotated[str, typer.Option("--case", help="The case (32 hexadecimal characters).")]
Trust = Annotated[Path, typer.Option("--trust", exists=True, file_okay=False, help="Your trust folder.")]
Url = Annotated[str, typer.Option("--url", envvar="GETUIGE_PUBLIC_URL", help="Address of the server.")]
Which = Annotated[str, typer.Argument(metavar="ERASURE", help="From `erasures`.")]
Items = Annotated[list[str], typer.Option("--item", help="An item; may be repeated.")]


def erase(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    item: Items,
    really: Annotated[bool, typer.Option("--really", help="Ask. Without this, only say what would go.")] = False,
    phrase_file: PhraseFile = None,
) -> None:
    """Say what erasing these items would destroy and what it cannot; with --really, ask for it.

    Nothing is destroyed before a caseworker agreed and 14 days passed. Until then `cancel-erase` calls it off.
    """
    from evidence import ids

    erasing = _erasing(key, case, trust, url, phrase_file)
    plan = erasing.plan([ids.ItemId(ids.hex_text(one, 16)) for one in item])
    _tell(plan)
    if not really:
        typer.echo("Nothing was asked. --really asks.")
        return
    erasure, receipt = erasing.ask(plan)
    due = next(one.due_at for one in erasing.known() if one.erasure == erasure)
    typer.echo(f"Asked. Erasure {erasure}, receipt {receipt.index}.")
    typer.echo(f"Not before {due}, and not before a caseworker agrees.")
    typer.echo(
        "Until then: getuige vault cancel-erase, from any safe device, or ask your caseworker. No reason needed."
    )


def agree_erase(key: Key, case: Case, trust: Trust, url: Url, erasure: Which, phrase_file: PhraseFile = None) -> None:
    """Agree to an erasure that she asked for. Speak to her alone first: somebody may have made her ask."""
    from evidence import ids

    receipt = _erasing(key, case, trust, url, phrase_file).agree(ids.ErasureId(ids.hex_text(erasure, 16)))
    typer.echo(f"Agreed. Receipt {receipt.index}. It can be cancelled until it is carried out.")


def cancel_erase(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    erasure: Annotated[str | None, typer.Argument(metavar="ERASURE", help="Default: all that are open.")] = None,
    phrase_file: PhraseFile = None,
) -> None:
    """Call off an erasure that was not carried out yet. No reason is asked, and nobody gets a message."""
    from evidence import ids

    name = None if erasure is None else ids.ErasureId(ids.hex_text(erasure, 16))
    cancelled = _erasing(key, case, trust, url, phrase_file).call_off(name)
    if not cancelled:
        typer.echo("There is nothing to call off.")
    for one in cancelled:
        typer.echo(f"Called off: {one}. Nothing was destroyed.")


def erasures(
    key: Key, case: Case, trust: Trust, url: Url, as_json: AsJson = False, phrase_file: PhraseFile = None
) -> None:
    """List what was asked to be erased, how far it is, and until when it can be called off.

    `not_before`: until then it can be called off. `locked_copy`: one in S3 stays until then.
    """
    rows = [
        {
            "erasure": one.erasure,
            "state": one.state,
            "items": list(one.items),
            "asked": one.asked_at,
            "not_before": one.due_at,
            "destroyed": one.executed_at,
            "locked_copy": one.locked_until,
        }
        for one in _erasing(key, case, trust, url, phrase_file).known()
    ]
    show(rows, as_json=as_json, nothing="Nothing was asked to be erased.")


def erasure_proof(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    erasure: Which,
    out: Annotated[Path, typer.Option("--out", help="Where the proof is written.", dir_okay=False)],
    phrase_file: PhraseFile = None,
) -> None:
    """Fetch the proof of an erasure that was carried out; `getuige verify` checks it, with any trust folder."""
    from evidence import files, ids

    found = _erasing(key, case, trust, url, phrase_file).proof(ids.ErasureId(ids.hex_text(erasure, 16)))
    files.replace(out, found)
    typer.echo(f"{out}: {len(found)} bytes. Check it with: getuige verify {out} --trust FOLDER")


def hold(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    item: Items,
    ground: Annotated[str, typer.Option(help="Why these items are needed; it stands in the journal.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Hold items: they are not erased until a caseworker lifts the hold."""
    from evidence import ids

    items = [ids.ItemId(ids.hex_text(one, 16)) for one in item]
    typer.echo(f"Held. Hold {_erasing(key, case, trust, url, phrase_file).hold(ground, items)}.")


def lift(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="From `hold`.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Lift a hold."""
    from evidence import ids

    receipt = _erasing(key, case, trust, url, phrase_file).lift(ids.HoldId(ids.hex_text(hold_id, 16)))
    typer.echo(f"Lifted. Receipt {receipt.index}.")


def retain(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    retention: Annotated[str, typer.Option("--class", help="consent, claim or inquiry (docs/operations/erasure.md).")],
    ground: Annotated[str, typer.Option(help="The ground in law.")],
    until: Annotated[str, typer.Option(help="The last day, YYYY-MM-DD. It is never made earlier again.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Say, as the lead, how long a case is kept at least. A claim or an inquiry bars erasing until then."""
    from typing import cast, get_args

    from evidence.statements.bodies import RetentionClass

    if retention not in get_args(RetentionClass):
        raise typer.BadParameter(f"one of {', '.join(get_args(RetentionClass))}", param_hint="--class")
    moment = utc_time(f"{until}T23:59:59.999Z", "--until")
    said = _erasing(key, case, trust, url, phrase_file).retain(cast("RetentionClass", retention), ground, moment)
    typer.echo(f"Kept until {moment}. Receipt {said.index}.")


def register_vault(app: typer.Typer) -> None:
    """Add her commands to `getuige vault`."""
    for name, command in (
        ("erase", erase),
        ("cancel-erase", cancel_erase),
        ("erasures", erasures),
        ("erasure-proof", erasure_proof),
    ):
        app.command(name)(command)


def register_caseworker(app: typer.Typer) -> None:
    """Add the caseworker's commands to `getuige staff caseworker`."""
    for name, command in (
        ("erasures", erasures),
        ("agree-erase", agree_erase),
        ("cancel-erase", cancel_erase),
        ("erasure-proof", erasure_proof),
        ("hold", hold),
        ("lift", lift),
        ("retain", retain),
    ):
        app.command(name)(command)


def _tell(plan: "Plan") -> None:
    from evidence.statements.retention import BARS_NO_ERASURE

    typer.echo("This would be destroyed, with its keys and salts:")
    for one in plan.items:
        title = one.opened.meta.title if one.opened else f"does not open: {one.closed or 'no key for you'}; {one.label}"
        typer.echo(f"  {one.item}  received {one.received_at}  {one_line(title)}")
    if plan.ending:
        anew = f"{len(plan.again)} of them are given anew for their other items"
        typer.echo(f"With it {len(plan.ending)} grants end; {anew}.")
    for one in plan.ungiven:
        typer.echo(f"  Not given anew, because it does not open: {one.item} (added by {one.label})")
    _count("Copies in other hands stay where they are. Fetched, with a key that opens it, by:", plan.fetched)
    _count("Fetched without a key, so that it stayed closed to them, by:", plan.unopenable)
    _count("In bundles that were taken, which go on to verify, by:", plan.exported)
    typer.echo("Backups that were made before keep it until they are overwritten.")
    typer.echo("The log goes on to show that there was something.")
    for hold_ in plan.holds:
        typer.echo(f"Not as long as hold {hold_.hold} stands: {hold_.ground}")
    if plan.retained is not None and plan.retained.retention != BARS_NO_ERASURE:
        kept = plan.retained
        typer.echo(f"Not before {kept.until}: the case is kept ({kept.retention}: {kept.ground})")


def _count(heading: str, people: Mapping[str, int]) -> None:
    if people:
        typer.echo(heading)
    for name, count in sorted(people.items()):
        typer.echo(f"  {name} ({count}×)")


def _erasing(key: Path, case: str, trust: Path, url: str, phrase_file: Path | None) -> "Erasing":
    from evidence import ids
    from server.clients.erasing import Erasing

    return Erasing(connect(key, trust, url, phrase_file), ids.CaseId(ids.hex_text(case, 16)))
