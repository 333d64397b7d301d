"""Problems of the resumable-upload dialect of the IETF (`server.uploads.resumable`); two are registered."""

from typing import Final

from server.problems import domains
from server.problems.kinds import ProblemType, Words

_REGISTRY: Final = "https://iana.org/assignments/http-problem-types#"

MISMATCHING_OFFSET: Final = ProblemType(
    "mismatching-upload-offset",
    409,
    domains.UPLOAD_OFFSET.dutch,
    domains.UPLOAD_OFFSET.english,
    f"{_REGISTRY}mismatching-upload-offset",
)
UPLOAD_LENGTH: Final = ProblemType(
    "inconsistent-upload-length",
    400,
    Words(
        "De lengtes spreken elkaar tegen",
        "Het verzoek noemt een andere lengte dan eerder is gezegd, of dan er is gekomen. Wat bevestigd is, is veilig.",
    ),
    Words(
        "The lengths contradict each other",
        "The request gives another length than was said before, or than what came. What was confirmed is safe.",
    ),
    f"{_REGISTRY}inconsistent-upload-length",
)
PART_DIGEST: Final = ProblemType(
    "part-digest",
    400,
    Words(
        "Dit deel is onderweg beschadigd",
        "Dit deel past niet bij Content-Digest. Het is weer verwijderd; wat er al stond, is veilig. Verstuur dit "
        "deel opnieuw.",
    ),
    Words(
        "This part was damaged on its way",
        "This part does not fit its Content-Digest. It was cut off again; what was here before is safe. Send this "
        "part again.",
    ),
)
FILE_DIGEST: Final = ProblemType(
    "file-digest",
    400,
    Words(
        "Het bestand is niet wat was aangekondigd",
        "Het hele bestand past niet bij Repr-Digest. Het is verwijderd. Verstuur het bestand opnieuw; op uw "
        "apparaat staat het nog.",
    ),
    Words(
        "The file is not what was announced",
        "The whole file does not fit its Repr-Digest. It was removed. Send the file again; it is still on your device.",
    ),
)
PART_TYPE: Final = ProblemType(
    "part-type",
    415,
    Words(
        "Dit soort inhoud past hier niet",
        "Een deel van een bestand heeft hier Content-Type application/partial-upload. Er is niets opgeslagen.",
    ),
    Words(
        "This kind of content does not fit here",
        "A part of a file has Content-Type application/partial-upload here. Nothing was stored.",
    ),
)
