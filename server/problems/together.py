"""Problems of statements that come together, in a batch."""

from typing import Final

from server.problems.kinds import ProblemType, Words

BATCH_STOPPED: Final = ProblemType(
    "batch-stopped",
    409,
    Words(
        "Een van deze berichten is geweigerd",
        "De berichten ervoor zijn opgeslagen; hun ontvangstbewijzen staan hierbij. Het geweigerde bericht en wat erna "
        "kwam, zijn niet opgeslagen. Waarom het is geweigerd, staat hierbij.",
    ),
    Words(
        "One of these messages was refused",
        "The messages before it are stored; their receipts are given here. The refused message and those after it were "
        "not stored. Why it was refused is given here.",
    ),
)
