"""`getuige audit-log`: check a whole custody log, and that it still contains what it showed before."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

if TYPE_CHECKING:
    from evidence.custody.log.auditing import Report
    from evidence.custody.log.checkpoint import Checkpoint
    from evidence.custody.succession.lineage import Lineage
    from evidence.custody.witnessing.policy import Policy
    from server.audit.memory import AuditMemory

EXIT_UNREADABLE: Final = 2


class Language(StrEnum):
    """The language of the verdicts."""

    NL = "nl"
    EN = "en"


def audit_log(
    log: Annotated[str, typer.Argument(help="Address (https://…/log) or folder of the log.")],
    policy: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A tlog-policy, from another source than the log.")
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Or a trust folder: then rotations of the key count, too."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            help="Folder where verified heads are remembered; default: your own state folder.", file_okay=False
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--from", min=0, help="Compare with the head of this size instead, and remember nothing; needs --root."
        ),
    ] = None,
    root: Annotated[str, typer.Option(help="Root hash of that head, as 64 hexadecimal digits.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts for a program.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the verdicts.")] = Language.NL,
) -> None:
    """Check every entry and tile of a custody log against its cosigned head, and that nothing changed since last time.

    Exit code 0: every claim holds. 1: one does not. 2: the log could not be read.
    """
    from evidence.errors import EvidenceError
    from server.audit.memory import AuditMemory
    from server.errors import ServerError

    memory = AuditMemory(state) if state else AuditMemory.of_user()
    given = _given(size, root)
    try:
        rules, line = _rules(policy, trust)
        report = _audit(log, rules, (lambda _: given) if given else memory.known, line)
        kept = None if given else _remember(memory, report)
    except (EvidenceError, ServerError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"{log}: {error}", err=True)
        sys.exit(EXIT_UNREADABLE)
    if as_json:
        typer.echo(json.dumps(_json(report, kept), indent=1, ensure_ascii=False))
    else:
        _print(report, kept, lang.value)
    sys.exit(0 if report.passed else 1)


def _rules(policy: Path | None, trust: Path | None) -> "tuple[Policy, Lineage | None]":
    from evidence.bundle.checking.trust import load
    from evidence.custody.witnessing.policy import Policy

    if (policy is None) == (trust is None):
        raise typer.BadParameter("give a policy or a trust folder", param_hint="--policy, --trust")
    if policy is not None:
        return Policy.parse(policy.read_text(encoding="utf-8")), None
    anchors = load(cast("Path", trust))
    return anchors.policy, anchors.line()


def _given(size: int | None, root: str) -> "Checkpoint | None":
    from evidence.custody.errors import CustodyError
    from evidence.custody.log.checkpoint import Checkpoint

    if size is None and not root:
        return None
    try:
        return Checkpoint("the head of the command line", -1 if size is None else size, bytes.fromhex(root))
    except (ValueError, CustodyError) as error:
        raise typer.BadParameter("--from SIZE and --root HASH together name one head") from error


def _audit(
    where: str,
    rules: "Policy",
    known: "Callable[[str], Checkpoint | None]",
    line: "Lineage | None",
) -> "Report":
    from evidence.custody.log import auditing
    from server.audit.published import open_log
    from server.audit.read_ahead import ReadAhead

    with ExitStack() as stack:
        source, closing = open_log(where)
        if closing is not None:
            stack.enter_context(closing)
            source = stack.enter_context(ReadAhead(closing))
        progress = stack.enter_context(_progress())
        return auditing.audit(source, rules, known, progress, line)


@contextmanager
def _progress() -> "Iterator[Callable[[int], None]]":
    """Show on a terminal how many entries were checked; say nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} entries checked"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda entries: bar.update(task, completed=entries)


def _remember(memory: "AuditMemory", report: "Report") -> Path | None:
    """Remember a head that passed; keep one that contradicts the remembered one. Return where, in that case."""
    from evidence.custody.log.auditing import Verdict

    if report.head is None:
        return None
    if report.passed:
        memory.remember(report.head.origin, report.note)
    elif {Verdict.SPLIT_VIEW, Verdict.ROLL_BACK, Verdict.RETIRED} & {finding.verdict for finding in report.findings}:
        return memory.keep_refused(report.head.origin, report.note)
    return None


def _json(report: "Report", kept: Path | None) -> dict[str, Any]:
    head = report.head
    return {
        "v": 1,
        "passed": report.passed,
        "head": None if head is None else {"origin": head.origin, "size": head.size, "root": head.root.hex()},
        "cosigned": [{"witness": one.witness, "at": one.at.isoformat()} for one in report.cosigned],
        "claims": [
            {"claim": one.claim.value, "verdict": one.verdict.value, "detail": one.detail} for one in report.findings
        ],
        "kept": None if kept is None else str(kept),
    }


def _print(report: "Report", kept: Path | None, lang: str) -> None:
    from rich.console import Console

    from evidence.custody.log.auditing import GOOD
    from server.audit import texts

    console = Console(highlight=False, markup=False, soft_wrap=True)
    for finding in report.findings:
        good = finding.verdict in GOOD
        console.print(texts.line(finding, report, lang), style="green" if good else "bold red")
    if kept is not None:
        console.print(texts.KEPT[lang].format(path=kept))


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("audit-log")(audit_log)
