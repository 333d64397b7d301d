"""The safety screening: who could see what she does on her phone, asked before anything is set up on it.

The questions are those that decide how she can use it safely. The answers are sealed like everything else.
"""

from typing import Final

VERSION: Final = "1"
"""Of the list of questions, so that answers to another list can be told from these."""

QUESTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("Wie kijkt er wel eens op uw telefoon, of weet de code?", "Who looks at your phone, or knows its code?"),
    (
        "Wie heeft uw wachtwoord van Apple of Google, of deelt dat account met u?",
        "Who has your password for Apple or Google, or shares that account with you?",
    ),
    ("Is er ouderlijk toezicht of een gezinsgroep ingesteld?", "Is there parental control or a family group?"),
    (
        "Welke apparaten gebruiken de kinderen, en wie beheert die?",
        "Which devices do the children use, and who runs them?",
    ),
    (
        "Is er een deurbel of camera, en van wie is het account?",
        "Is there a doorbell or camera, and whose account is it?",
    ),
    (
        "Kan hij de persoon bereiken die u vertrouwt?",
        "Can he reach the person whom you trust?",
    ),
)
"""Dutch (as it is sealed) and English."""
