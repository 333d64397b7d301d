"""Problems of exports: what was prepared, signed for, and taken."""

from typing import Final

from server.problems.kinds import ProblemType, Words

EXPORT_STALE: Final = ProblemType(
    "export-stale",
    409,
    Words(
        "Deze export past niet bij wat is klaargezet",
        "De ondertekende export noemt andere items of een ander overzicht dan is klaargezet. Er is niets "
        "vastgelegd. Bereid de export opnieuw voor.",
    ),
    Words(
        "This export does not fit what was prepared",
        "The signed export names other items or another manifest than were prepared. Nothing was recorded. "
        "Prepare the export again.",
    ),
)
EXPORT_WAITING: Final = ProblemType(
    "export-waiting",
    409,
    Words(
        "De export is nog niet klaar",
        "De export wordt gemaakt, of wacht op uw handtekening. Er is niets verloren. Vraag straks opnieuw.",
    ),
    Words(
        "The export is not ready yet",
        "The export is being made, or waits for your signature. Nothing is lost. Ask again later.",
    ),
)
NOTHING_TO_EXPORT: Final = ProblemType(
    "nothing-to-export",
    409,
    Words(
        "Er is niets om te exporteren",
        "Geen enkel item van dit dossier is op dit moment met u gedeeld. Er is niets vastgelegd.",
    ),
    Words(
        "There is nothing to export",
        "No item of this case is shared with you at this moment. Nothing was recorded.",
    ),
)
TOO_MANY_TO_EXPORT: Final = ProblemType(
    "too-many-to-export",
    409,
    Words(
        "Dit zijn te veel items voor één export",
        "Eén export bevat hooguit 20.000 items. Neem ze in delen: noem de vrijgaven waarvan u de items wilt. Er is "
        "niets vastgelegd.",
    ),
    Words(
        "These are too many items for one export",
        "One export holds at most 20,000 items. Take them in parts: name the grants whose items you want. Nothing was "
        "recorded.",
    ),
)
