"""Problems of one domain: statements, uploads, receipts, alarms, erasures."""

from typing import Final

from server.problems.kinds import ProblemType, Words

NOT_ALLOWED: Final = ProblemType(
    "not-allowed",
    403,
    Words(
        "Dat mag met deze sleutel niet",
        "De regels van het logboek laten dit niet toe; de reden staat hierbij. Er is niets opgeslagen.",
    ),
    Words(
        "This key may not do that",
        "The rules of the journal do not allow this; the reason is given here. Nothing was stored.",
    ),
)
SIGNER: Final = ProblemType(
    "signer",
    403,
    Words(
        "Iemand anders heeft dit ondertekend",
        "U kunt alleen versturen wat u zelf hebt ondertekend. Er is niets opgeslagen.",
    ),
    Words(
        "Somebody else signed this",
        "You can only send what you have signed yourself. Nothing was stored.",
    ),
)
INVITATION: Final = ProblemType(
    "invitation",
    404,
    Words(
        "Deze uitnodiging werkt niet meer",
        "Zij is al gebruikt, of verlopen, of hoort bij een andere server. Er is niets veranderd. Vraag uw hulpverlener "
        "om een nieuwe uitnodiging.",
    ),
    Words(
        "This invitation no longer works",
        "It was used already, or has expired, or belongs to another server. Nothing was changed. Ask your caseworker "
        "for a new invitation.",
    ),
)
CHAIN: Final = ProblemType(
    "chain",
    409,
    Words(
        "Er ontbreekt een eerder bericht",
        "Dit bericht sluit niet aan op het vorige bericht van dit apparaat. Er is niets opgeslagen en niets "
        "verloren. Verstuur eerst het bericht dat ontbreekt.",
    ),
    Words(
        "An earlier message is missing",
        "This message does not follow the last one of this device. Nothing was stored and nothing is lost. "
        "Send the missing message first.",
    ),
)
SEEN: Final = ProblemType(
    "seen",
    409,
    Words(
        "Dit apparaat heeft een ander logboek gezien",
        "Het bericht noemt een stand van het logboek die hier niet past; de ondertekende stand staat hierbij. "
        "Er is niets opgeslagen en niets verloren. Bewaar beide, meld het aan uw begeleider, en verstuur het bericht "
        "zonder die stand.",
    ),
    Words(
        "This device has seen another log",
        "The message names a head of the log that contradicts this log; the signed head is given here. Nothing was "
        "stored and nothing is lost. Keep both, tell your caseworker, and send the message without that head.",
    ),
)
EXISTS: Final = ProblemType(
    "exists",
    409,
    Words(
        "Dit bestaat al",
        "Er is al iets met dit nummer. Wat er al was, is niet veranderd.",
    ),
    Words(
        "This exists already",
        "There is something of this number already. What was there has not been changed.",
    ),
)
STATEMENT: Final = ProblemType(
    "statement",
    422,
    Words(
        "Dit bericht heeft niet de juiste vorm",
        "Wat er niet klopt, staat hierbij. Er is niets opgeslagen. Werk de app bij als dit blijft gebeuren.",
    ),
    Words(
        "This message is not of the right form",
        "What is wrong is said here. Nothing was stored. Update the app if this goes on.",
    ),
)
STATEMENT_SIGNATURE: Final = ProblemType(
    "statement-signature",
    422,
    Words(
        "De handtekening van het bericht klopt niet",
        "Het bericht is veranderd, of met een andere sleutel ondertekend. Er is niets opgeslagen.",
    ),
    Words(
        "The message's signature does not fit",
        "The message was changed, or signed with another key. Nothing was stored.",
    ),
)
UNJUDGED: Final = ProblemType(
    "unjudged",
    500,
    Words(
        "Dit bericht konden wij niet beoordelen",
        "Bij dit ene bericht ging iets mis in ons programma. Het is niet opgeslagen en niet verloren: het blijft op uw "
        "apparaat. Andere berichten gaan door. Vertel het uw begeleider; na een update van de server kan het opnieuw.",
    ),
    Words(
        "We could not judge this message",
        "Something went wrong in our program over this one message. It was not stored and is not lost: it stays on "
        "your device. Other messages go on. Tell your caseworker; it can be sent again after an update of the server.",
    ),
)
BLOB_MISSING: Final = ProblemType(
    "blob-missing",
    409,
    Words(
        "Het bestand is nog niet binnen",
        "Het bericht gaat over een bestand dat hier nog niet compleet is. Er is niets verloren. Verstuur "
        "eerst de rest van het bestand en daarna het bericht opnieuw.",
    ),
    Words(
        "The file has not arrived yet",
        "The message is about a file that is not complete here. Nothing is lost. Send the rest of the file "
        "first, then the message again.",
    ),
)
BLOB_AWAY: Final = ProblemType(
    "blob-away",
    503,
    Words(
        "Het bestand is nu niet te bereiken",
        "Het bestand is veilig opgeslagen op een plaats die nu geen antwoord geeft. Er is niets verloren. Probeer "
        "het over een paar minuten opnieuw.",
    ),
    Words(
        "The file cannot be reached now",
        "The file is safely stored in a place that gives no answer now. Nothing is lost. Try again in a few minutes.",
    ),
)
CONTAINER: Final = ProblemType(
    "container",
    422,
    Words(
        "Bestand en bericht spreken elkaar tegen",
        "Het verzegelde bestand zegt iets anders dan het bericht erover; wat er verschilt, staat hierbij. "
        "Het bericht is niet opgeslagen.",
    ),
    Words(
        "File and message contradict each other",
        "The sealed file says something else than the message about it; what differs is said here. The "
        "message was not stored.",
    ),
)
QUOTA: Final = ProblemType(
    "quota",
    413,
    Words(
        "De ruimte voor dit dossier is op",
        "Dit bestand past niet meer in de ruimte die voor dit dossier is afgesproken. Wat er al staat, is "
        "veilig. Vraag uw begeleider om meer ruimte.",
    ),
    Words(
        "The space for this case is used up",
        "This file does not fit in the space that was agreed for this case. What is stored is safe. Ask your "
        "caseworker for more space.",
    ),
)
UNKNOWN_OUTCOME: Final = ProblemType(
    "unknown-outcome",
    503,
    Words(
        "Het is niet zeker of dit is opgeslagen",
        "Het opslaan brak af. Verstuur precies hetzelfde bericht opnieuw: het wordt nooit dubbel opgeslagen.",
    ),
    Words(
        "It is not certain that this was stored",
        "Storing it broke off. Send exactly the same message again: it is never stored twice.",
    ),
)
TUS_VERSION: Final = ProblemType(
    "tus-version",
    412,
    Words(
        "Deze versie van tus kennen wij niet",
        "Uploads gaan met tus 1.0.0. Er is niets opgeslagen.",
    ),
    Words(
        "We do not know this version of tus",
        "Uploads use tus 1.0.0. Nothing was stored.",
    ),
)
UPLOAD_OFFSET: Final = ProblemType(
    "upload-offset",
    409,
    Words(
        "Het bestand is hier verder, of minder ver",
        "Dit deel sluit niet aan op wat hier al staat. Wat er staat, is veilig. Ga verder vanaf de plaats "
        "die hierbij staat.",
    ),
    Words(
        "The file is further here, or less far",
        "This part does not follow what is already here. What is here is safe. Go on from the offset given here.",
    ),
)
UPLOAD_CHECKSUM: Final = ProblemType(
    "upload-checksum",
    460,
    Words(
        "Dit deel is onderweg beschadigd",
        "Dit deel is niet wat het volgens zijn controlegetal moet zijn. Het is weer verwijderd; wat er al "
        "stond, is veilig. Verstuur dit deel opnieuw.",
    ),
    Words(
        "This part was damaged on its way",
        "This part is not what its checksum says. It was cut off again; what was here before is safe. Send "
        "this part again.",
    ),
)
UPLOAD_HASH: Final = ProblemType(
    "upload-hash",
    460,
    Words(
        "Het bestand is niet wat was aangekondigd",
        "Het hele bestand heeft een ander SHA-256 dan bij het begin is gezegd. Het is verwijderd. Verstuur "
        "het bestand opnieuw; op uw apparaat staat het nog.",
    ),
    Words(
        "The file is not what was announced",
        "The whole file has another SHA-256 than was said at the start. It was removed. Send the file again; "
        "it is still on your device.",
    ),
)
UPLOAD_LOCKED: Final = ProblemType(
    "upload-locked",
    423,
    Words(
        "Een ander verzoek schrijft dit bestand nog",
        "Een eerder verzoek houdt dit bestand nog vast. Er is niets verloren. Probeer het over een paar "
        "seconden opnieuw.",
    ),
    Words(
        "Another request is still writing this file",
        "An earlier request still holds this file. Nothing is lost. Try again in a few seconds.",
    ),
)
UPLOAD_COMPLETE: Final = ProblemType(
    "upload-complete",
    409,
    Words(
        "Dit bestand is al compleet",
        "Dit bestand is compleet en veilig opgeslagen. Het kan niet meer worden afgebroken.",
    ),
    Words(
        "This file is complete",
        "This file is complete and safely stored. It can no longer be called off.",
    ),
)
UPLOAD_BEGUN: Final = ProblemType(
    "upload-begun",
    409,
    Words(
        "Het begin van dit bestand wordt bewaard",
        "Dit bestand is aangekondigd in het dossier. Wat er al van binnen is, blijft bewaard. Het kan niet meer worden "
        "afgebroken.",
    ),
    Words(
        "The beginning of this file is kept",
        "This file was announced in the case. What has arrived of it stays. It can no longer be called off.",
    ),
)
BEGUN: Final = ProblemType(
    "too-many-begun",
    429,
    Words(
        "Er is te veel begonnen en niet afgemaakt",
        "Van dit toestel staan al veel bestanden klaar die nog niet compleet zijn. Er is niets verloren. Verstuur "
        "eerst de rest daarvan, of verstuur dit bestand zonder aankondiging.",
    ),
    Words(
        "Too much was begun and not finished",
        "Many files of this device are here that are not complete yet. Nothing is lost. Send the rest of those first, "
        "or send this file without announcing it.",
    ),
)
RANGE: Final = ProblemType(
    "range",
    416,
    Words(
        "Dat deel bestaat niet",
        "Het bestand is korter dan het deel waar u om vraagt.",
    ),
    Words(
        "That part does not exist",
        "The file is shorter than the part you ask for.",
    ),
)
NOT_INTEGRATED: Final = ProblemType(
    "not-integrated",
    404,
    Words(
        "Het bewijs is er nog niet",
        "Het bericht is veilig opgeslagen. Het bewijs dat het in het logboek staat, komt binnen enkele "
        "seconden. Vraag het dan opnieuw.",
    ),
    Words(
        "The proof is not there yet",
        "The message is safely stored. The proof that it stands in the log comes within seconds. Ask again then.",
    ),
)
BRIDGE: Final = ProblemType(
    "bridge",
    503,
    Words(
        "Geen verbinding met de alarmdienst",
        "De alarmdienst geeft geen antwoord. Alarmen komen mogelijk niet op dit scherm. Gebruik de telefoon.",
    ),
    Words(
        "No connection to the alarm service",
        "The alarm service does not answer. Alarms may not reach this screen. Use the telephone.",
    ),
)
BRIDGE_REFUSED: Final = ProblemType(
    "bridge-refused",
    409,
    Words(
        "De alarmdienst neemt dit niet aan",
        "Het alarm is niet veranderd. De reden staat hierbij. Kijk op het scherm wie het alarm heeft.",
    ),
    Words(
        "The alarm service does not accept this",
        "The alarm has not changed. The reason is given here. See on the screen who has the alarm.",
    ),
)
ERASED: Final = ProblemType(
    "erased",
    410,
    Words(
        "Dit is gewist",
        "Dit is gewist op verzoek van de eigenaar, met instemming van haar hulpverlener. In het logboek staat nog wel "
        "dat er iets was. Wie eerder een kopie heeft opgehaald, heeft die nog.",
    ),
    Words(
        "This was erased",
        "This was erased because its owner asked for it and her caseworker agreed. The log still shows that there was "
        "something. Whoever fetched a copy before still has it.",
    ),
)
ERASURE_WAITING: Final = ProblemType(
    "erasure-waiting",
    409,
    Words(
        "Er is nog niets gewist",
        "Het bewijs bestaat pas als het wissen klaar is. Tot die tijd kan het worden afgezegd.",
    ),
    Words(
        "Nothing was erased yet",
        "The proof exists only once the erasure is finished. Until then it can be cancelled.",
    ),
)
