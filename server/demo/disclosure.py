"""Steps 5 and 6: she says who reads, the caseworker does, the investigator takes a bundle, and anyone checks it."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

from evidence.bundle.format.kinds import kind_of
from evidence.ids import KeyId
from server.clients.caseworker import Caseworker
from server.clients.errors import DistrustError
from server.clients.timeline import Moment
from server.clients.vault import Vault
from server.demo import story
from server.demo.people import VAULT
from server.demo.stage import Stage, demand

DAYS: Final = 90
"""Consent expires by itself; whoever leads the case is warned in the last thirty days."""

EXPECTED: Final = {"incident": 6, "photo": 3, "sound": 1, "video": 2, "order": 1, "card": 1, "alarm": 1}
"""What the case holds when everything arrived: the looped clip is the second video."""

MEGABYTE: Final = 1_000_000


def grants(stage: Stage) -> str:
    """She gives the caseworker everything, and the investigator everything but the card with her address."""
    vault = Vault(stage.signer(VAULT), stage.case)
    worker = stage.people.identity(story.CASEWORKER.handle).kid
    investigator = stage.people.identity(story.INVESTIGATOR.handle).kid
    bridge = next(one.kid for one in vault.signer.certificates().values() if one.published.role == "bridge")
    _refused(vault, bridge)

    def give(reader: KeyId, *, with_card: bool) -> str:
        given = vault.grant(reader, story.PURPOSE, DAYS, lambda moment: with_card or _kind(moment) != "card")
        return str(len(given.items))

    seen = stage.ledger.fact("granted-caseworker", lambda: give(worker, with_card=True))
    given = stage.ledger.fact("granted-investigator", lambda: give(investigator, with_card=False))
    return (
        f"{seen} items to {story.CASEWORKER.label}, {given} to {story.INVESTIGATOR.label} (not the card with her "
        f"address), for {DAYS} days; a key that is no reader's was refused"
    )


def readers(stage: Stage) -> str:
    """She has the caseworker read along with what comes, so that nothing new waits for a grant."""
    vault = Vault(stage.signer(VAULT), stage.case)
    worker = stage.people.identity(story.CASEWORKER.handle).kid
    stage.ledger.once("readers-set", lambda: vault.set_readers({worker: None}, DAYS))
    return f"{story.CASEWORKER.label} reads along with what is added from now on, for {DAYS} days"


def timeline(stage: Stage) -> str:
    """The caseworker's own client opens the timeline that the review page shows."""
    moments = Caseworker(stage.signer(story.CASEWORKER.handle)).timeline(stage.case)
    items = [moment for moment in moments if moment.item is not None]
    closed = [moment.item for moment in items if moment.opened is None]
    demand(not closed, f"The caseworker cannot open {len(closed)} of {len(items)} items.")
    kinds = Counter(_kind(moment) for moment in items)
    for kind, count in EXPECTED.items():
        demand(kinds[kind] >= count, f"The timeline shows {kinds[kind]} of kind {kind} instead of {count}.")
    demand([m.index for m in moments] == sorted(m.index for m in moments), "The timeline is out of order.")
    titles = {moment.opened.meta.title for moment in items if moment.opened}
    missing = {incident.title for incident in story.incidents(stage.first_day)} - titles
    demand(not missing, f"The timeline lacks {', '.join(sorted(missing))}.")
    acts = sum(moment.type.startswith("alarm.") for moment in moments)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{len(items)} items open with the caseworker's key ({listed}), {acts} alarm events, in order"


def export(stage: Stage) -> str:
    """The investigator takes a sealed bundle on a stated ground."""
    who = stage.people.locked_key(story.INVESTIGATOR.handle)
    bundle = stage.people.folder / story.INVESTIGATOR.handle / "bundle.zip"
    said = stage.command(
        "export", stage.case, "--ground", story.GROUND, "--key", who, "--trust", stage.trust, "--url", stage.url,
        "--out", bundle, "--phrase-file", who.with_name("phrase.txt"),
    )  # fmt: skip
    stage.narrator.line(said.strip().splitlines()[-1])  # above it: the bar of the download
    return f"{bundle.stat().st_size / MEGABYTE:.1f} MB: ciphertext, events and proofs, no key inside"


def opened(stage: Stage) -> str:
    """She opens it on her own computer, by command, with her own key."""
    who = stage.people.locked_key(story.INVESTIGATOR.handle)
    folder = who.with_name("opened")
    for leftover in (folder, folder.with_name("opened.partial")):
        if leftover.exists():
            shutil.rmtree(leftover)  # an earlier start was cut off in this very step
    stage.command(
        "open", who.with_name("bundle.zip"), "--key", who, "--out", folder, "--phrase-file", who.with_name("phrase.txt")
    )
    media = sum(1 for path in folder.rglob("*") if path.suffix in (".jpg", ".wav", ".mp4"))
    return f"{media} original files and every description, in {folder}"


def verified(stage: Stage) -> str:
    """Anyone checks bundle and opened folder with the trust anchors, in Dutch and in English."""
    folder = stage.people.folder / story.INVESTIGATOR.handle
    for language, name in (("nl", "Nederlands"), ("en", "English")):
        stage.narrator.line(f"getuige verify, {name}:")
        stage.narrator.raw(
            stage.command("verify", folder / "opened", "--trust", stage.trust, "--lang", language).rstrip()
        )
    reports = [_report(stage, folder / name) for name in ("bundle.zip", "opened")]
    demand(_forgery_shows(stage, folder), "A changed byte in the bundle was not noticed.")
    proven = sum(claim["verdict"] == "proven" for report in reports for claim in report["claims"])
    return f"{proven} claims proven over the sealed and the opened bundle, none failed; one changed byte is noticed"


def _report(stage: Stage, path: Path) -> dict[str, list[dict[str, str]]]:
    report: dict[str, list[dict[str, str]]] = json.loads(
        stage.command("verify", path, "--trust", stage.trust, "--json")
    )
    demand(report["proven"], f"{path} is not proven.")
    return report


def _forgery_shows(stage: Stage, folder: Path) -> bool:
    """Change one byte of one original in a copy and return whether the verifier says so."""
    forged = folder / "forged"
    shutil.copytree(folder / "opened", forged)
    try:
        victim = next(path for path in sorted(forged.rglob("*.jpg")))
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
        said = stage.command("verify", forged, "--trust", stage.trust, "--json", exits=(1,))
        return not json.loads(said)["proven"]
    finally:
        shutil.rmtree(forged)


def _refused(vault: Vault, kid: KeyId) -> None:
    """Demand that her vault gives nothing to a key that is no reader's."""
    try:
        vault.reader(kid)
    except DistrustError:
        return
    demand(holds=False, text="Her vault would have given items to a key that is no reader's.")


def _kind(moment: Moment) -> str | None:
    return kind_of(moment.opened.meta) if moment.opened else None
