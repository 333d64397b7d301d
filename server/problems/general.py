"""Problems that any route may give: who is asking, the form of the request, and the state of the server."""

from typing import Final

from server.problems.kinds import ProblemType, Words

NOT_FOUND: Final = ProblemType(
    "not-found",
    404,
    Words(
        "Niet gevonden",
        "Dit bestaat niet, of het is niet voor u. Er is niets veranderd. Controleer het adres.",
    ),
    Words(
        "Not found",
        "This does not exist, or it is not for you. Nothing was changed. Check the address.",
    ),
)
UNAUTHENTICATED: Final = ProblemType(
    "unauthenticated",
    401,
    Words(
        "Niet aangemeld",
        "Dit verzoek zegt niet wie het stuurt. Er is niets opgeslagen. Onderteken het verzoek of meld u aan.",
    ),
    Words(
        "Not signed in",
        "This request does not say who sends it. Nothing was stored. Sign the request, or sign in.",
    ),
)
SIGNATURE: Final = ProblemType(
    "signature",
    401,
    Words(
        "De handtekening klopt niet",
        "De sleutel is hier niet bekend, of de handtekening hoort niet bij dit verzoek. Er is niets "
        "opgeslagen. Wat op uw apparaat staat, blijft daar. Vraag uw begeleider om hulp als dit blijft "
        "gebeuren.",
    ),
    Words(
        "The signature does not fit",
        "The key is not known here, or the signature does not belong to this request. Nothing was stored. "
        "What is on your device stays there. Ask your caseworker for help if this goes on.",
    ),
)
DIGEST: Final = ProblemType(
    "digest",
    400,
    Words(
        "De inhoud is onderweg veranderd",
        "De inhoud past niet bij Content-Digest. Er is niets opgeslagen. Verstuur het verzoek opnieuw.",
    ),
    Words(
        "The content changed on its way",
        "The content does not fit its Content-Digest. Nothing was stored. Send the request again.",
    ),
)
CLOCK: Final = ProblemType(
    "clock",
    401,
    Words(
        "De klok van het apparaat loopt niet gelijk",
        "Het verzoek is volgens de klok van het apparaat te oud of te nieuw. Er is niets opgeslagen en niets "
        "verloren. De tijd van de server staat hierbij: gebruik die en verstuur opnieuw.",
    ),
    Words(
        "The device's clock is off",
        "By the device's clock, the request is too old or too new. Nothing was stored and nothing is lost. "
        "The server's time is given here: use it and send again.",
    ),
)
SESSION: Final = ProblemType(
    "session",
    401,
    Words(
        "U bent niet meer aangemeld",
        "Uw aanmelding is verlopen of gesloten. Er is niets veranderd. Meld u opnieuw aan.",
    ),
    Words(
        "You are no longer signed in",
        "Your session has expired or was closed. Nothing was changed. Sign in again.",
    ),
)
SIGN_IN: Final = ProblemType(
    "sign-in",
    401,
    Words(
        "Aanmelden is niet gelukt",
        "De naam of de wachtzin klopt niet, of de vraag was verlopen. Er is niets veranderd. Probeer het opnieuw.",
    ),
    Words(
        "Signing in did not work",
        "The name or the pass phrase is wrong, or the challenge had expired. Nothing was changed. Try again.",
    ),
)
ORIGIN: Final = ProblemType(
    "origin",
    403,
    Words(
        "Dit verzoek komt van een andere pagina",
        "De browser stuurde dit verzoek niet vanaf een pagina van Getuige. Er is niets veranderd. Open "
        "Getuige opnieuw en probeer het daar.",
    ),
    Words(
        "This request comes from another page",
        "The browser did not send this request from a page of Getuige. Nothing was changed. Open Getuige "
        "again and try there.",
    ),
)
HOST: Final = ProblemType(
    "host",
    421,
    Words(
        "Dit is een andere server",
        "Het verzoek is voor een server met een andere naam. Er is niets opgeslagen. Controleer het adres.",
    ),
    Words(
        "This is another server",
        "The request is meant for a server of another name. Nothing was stored. Check the address.",
    ),
)
MALFORMED: Final = ProblemType(
    "malformed",
    400,
    Words(
        "Dit verzoek is niet te lezen",
        "Een onderdeel van het verzoek heeft niet de juiste vorm; welk onderdeel staat hierbij. Er is niets "
        "opgeslagen.",
    ),
    Words(
        "This request cannot be read",
        "A part of the request is not of the right form; which one is said here. Nothing was stored.",
    ),
)
VALIDATION: Final = ProblemType(
    "validation",
    422,
    Words(
        "Er klopt iets niet in het verzoek",
        "Wat er niet klopt, staat hierbij. Er is niets opgeslagen.",
    ),
    Words(
        "Something in the request is not right",
        "What is not right is said here. Nothing was stored.",
    ),
)
METHOD: Final = ProblemType(
    "method",
    405,
    Words(
        "Dat kan hier niet",
        "Dit adres kent deze handeling niet. Er is niets veranderd.",
    ),
    Words(
        "That cannot be done here",
        "This address does not know that method. Nothing was changed.",
    ),
)
TOO_LARGE: Final = ProblemType(
    "too-large",
    413,
    Words(
        "Dit is te groot",
        "Het verzoek is groter dan hier mag. Er is niets van opgeslagen. Verstuur grote bestanden in delen.",
    ),
    Words(
        "This is too large",
        "The request is larger than this address takes. Nothing of it was stored. Send large files in parts.",
    ),
)
TIMEOUT: Final = ProblemType(
    "timeout",
    408,
    Words(
        "Het duurde te lang",
        "Er kwam te lang niets meer binnen. Wat bevestigd is, is veilig. Probeer het opnieuw.",
    ),
    Words(
        "It took too long",
        "Nothing more arrived for too long. What was confirmed is safe. Try again.",
    ),
)
RATE: Final = ProblemType(
    "rate",
    429,
    Words(
        "Te veel verzoeken",
        "Er komen te veel verzoeken achter elkaar. Er is niets verloren. Wacht even en probeer het opnieuw.",
    ),
    Words(
        "Too many requests",
        "Too many requests came one after another. Nothing is lost. Wait a moment and try again.",
    ),
)
BUSY: Final = ProblemType(
    "busy",
    503,
    Words(
        "Even te druk",
        "Er wacht te veel werk. Van dit verzoek is niets opgeslagen. Probeer het over een paar seconden opnieuw.",
    ),
    Words(
        "Too busy for a moment",
        "Too much work is waiting. Nothing of this request was stored. Try again in a few seconds.",
    ),
)
UNREADY: Final = ProblemType(
    "unready",
    503,
    Words(
        "De server kan nu niets opslaan",
        "De server kan nu niets vastleggen. Wat bevestigd is, is veilig. Wat op uw apparaat staat, blijft "
        "daar. Probeer het later opnieuw.",
    ),
    Words(
        "The server cannot store anything now",
        "The server cannot record anything now. What was confirmed is safe. What is on your device stays "
        "there. Try again later.",
    ),
)
NOT_READY: Final = ProblemType(
    "not-ready",
    503,
    Words(
        "Deze server is nu niet in orde",
        "Stuur verzoeken zolang naar een andere server. Wat bevestigd is, is veilig. Bij trouble staat welk deel niet "
        "werkt; `getuige doctor` op deze machine zegt wat eraan te doen is.",
    ),
    Words(
        "This server is not well now",
        "Send requests to another server meanwhile. What was confirmed is safe. The member trouble says which part "
        "does not work; `getuige doctor` on this machine says what to do.",
    ),
)
STORAGE_FULL: Final = ProblemType(
    "storage-full",
    507,
    Words(
        "De schijf van de server is vol",
        "De server heeft geen ruimte meer. Wat bevestigd is, is veilig. Wat op uw apparaat staat, blijft "
        "daar. Probeer het later opnieuw.",
    ),
    Words(
        "The server's disk is full",
        "The server has no space left. What was confirmed is safe. What is on your device stays there. Try "
        "again later.",
    ),
)
INTERNAL: Final = ProblemType(
    "internal",
    500,
    Words(
        "Er ging iets mis bij ons",
        "Er ging iets mis dat wij niet hadden voorzien. Wat bevestigd is, is veilig. Probeer het opnieuw; "
        "noem het nummer hierbij als u om hulp vraagt.",
    ),
    Words(
        "Something went wrong on our side",
        "Something went wrong that we had not foreseen. What was confirmed is safe. Try again; give the "
        "number shown here when you ask for help.",
    ),
)
HANDLE_TAKEN: Final = ProblemType(
    "handle-taken",
    409,
    Words(
        "Deze naam is bezet",
        "Onder deze naam staat al een andere sleutel. Er is niets veranderd. Kies een andere naam.",
    ),
    Words(
        "This name is taken",
        "Another key lives under this name. Nothing was changed. Choose another name.",
    ),
)
