"""The story from the first key to the verified bundle: the steps in their order, each done once a data folder."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evidence.errors import EvidenceError
from server.clients.errors import ClientError
from server.demo import disclosure, intake, panic, recording
from server.demo.narration import Told
from server.demo.stage import Stage, StoryError
from server.errors import ServerError


@dataclass(frozen=True)
class Step:
    """One step: the name under which it is noted, its title, and what it does."""

    name: str
    title: str
    act: Callable[[Stage], str]


@dataclass(frozen=True)
class Part:
    """A part of the story, as docs/demo.md counts them."""

    title: str
    steps: tuple[Step, ...]


PARTS: Final = (
    Part(
        "1. Keys, a case, a phone",
        (
            Step("keys", "Keys", intake.keys),
            Step("case", "Case", intake.case),
            Step("phone", "Phone", intake.phone),
            Step("order", "Order", intake.order),
            Step("card", "Dispatcher card", intake.card),
            Step("device", "Alarm device", panic.device),
        ),
    ),
    Part(
        "2. She records",
        (
            Step("incidents", "Incidents", recording.incidents),
            Step("media", "Photos, sound, clip", recording.media),
            Step("cut-upload", "Large upload, cut and resumed", recording.cut_upload),
        ),
    ),
    Part(
        "3. Receipts, and a blind server",
        (
            Step("receipts", "Receipts and proofs", recording.receipts),
            Step("blind", "Nothing readable", recording.blind),
        ),
    ),
    Part(
        "4. The alarm",
        (
            Step("alarm", "Press, and a human", panic.alarm),
            Step("blind-alarm", "Still nothing readable", recording.blind),
        ),
    ),
    Part(
        "5. She decides who reads",
        (
            Step("grants", "Grants", disclosure.grants),
            Step("readers", "Who reads along", disclosure.readers),
            Step("timeline", "Timeline", disclosure.timeline),
        ),
    ),
    Part(
        "6. A bundle that stands on its own",
        (
            Step("export", "Export", disclosure.export),
            Step("open", "Open", disclosure.opened),
            Step("verify", "Verify", disclosure.verified),
        ),
    ),
)


def play(stage: Stage) -> None:
    """Play every step that is not done in this data folder.

    Raises:
        StoryError: a step did not hold; it names the step, and says how to go on or start anew.
    """
    for part in PARTS:
        stage.narrator.part(part.title)
        for step in part.steps:
            noted = stage.ledger.done(step.name)
            if noted is not None:
                stage.narrator.step(Told(step.title, noted["said"], noted["ms"], before=True))
                continue
            begun = time.monotonic()
            try:
                said = step.act(stage)
            except (EvidenceError, ServerError, ClientError, OSError) as error:
                raise StoryError(f"{step.title} did not hold: {error}\n{_how_to_go_on(stage)}") from error
            took_ms = (time.monotonic() - begun) * 1000
            stage.ledger.finish(step.name, said, took_ms)
            stage.narrator.step(Told(step.title, said, took_ms))


def _how_to_go_on(stage: Stage) -> str:
    return (
        f"What was done is kept in {stage.data}; the same command goes on at this step.\n"
        "If it does not hold again, start anew in another folder: make run DATA=another"
    )
