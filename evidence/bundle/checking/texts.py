"""The verifier's sentences, Dutch and English, by the step of the check that they belong to.

Honest words: what was checked, and nothing beyond it. The numbers are those of `docs/formats/sealed-bundle.md`, *What
`getuige verify` says*, and of `evidence.bundle.checking.verify`.
"""

from typing import Final

from evidence.bundle.checking.texts_of_items import ITEMS

_ANCHORS: Final = {
    "anchors": {
        "nl": "Vertrouwd is: de organisatie {label} ({root}…), het logboek {logs}; aantal getuigen: {witnesses}.",
        "en": "Trusted: the organisation {label} ({root}…), the log {logs}; number of witnesses: {witnesses}.",
    },
}

_FILES: Final = {
    "bag-whole": {
        "nl": "De bundel is heel: {files} bestanden, geen ontbreekt, geen is er bij gekomen, geen is veranderd.",
        "en": "The bundle is whole: {files} files, none missing, none added, none changed.",
    },
    "bag-file-differs": {
        "nl": "Bestand {about} is veranderd.",
        "en": "File {about} differs from the manifest.",
    },
    "bag-file-missing": {"nl": "Bestand {about} ontbreekt.", "en": "File {about} is missing."},
    "bag-text-foreign": {
        "nl": "{about} is niet de tekst die Getuige in een bundel legt: geloof niet wat erin staat; voer niets uit.",
        "en": "{about} is not the text that Getuige puts into a bundle: do not believe what it says, and run nothing.",
    },
    "bag-file-extra": {
        "nl": "Bestand {about} hoort niet in de bundel.",
        "en": "File {about} does not belong in the bundle.",
    },
}

_LOG: Final = {
    "events-logged": {
        "nl": "{count} gebeurtenissen staan in het logboek {log}, bevestigd door {witnesses}.",
        "en": "{count} events are in the log {log}, cosigned by {witnesses}.",
    },
    "event-not-logged": {
        "nl": "Gebeurtenis {about} staat niet aantoonbaar in het logboek: {why}",
        "en": "Event {about} is not provably in the log: {why}",
    },
    "log-rotated": {
        "nl": "Logboek {about} eindigde met {size} regels; {next} gaat verder. De organisatie heeft dat ondertekend.",
        "en": "Log {about} ended with {size} entries; {next} goes on. The organisation signed that.",
    },
    "log-unlinked": {
        "nl": "{count} bevestigde standen zijn van voor het einde van hun logboek. Dat ze naar dat einde leiden, is "
        "hier niet te zien; de getuigen staan ervoor in.",
        "en": "{count} cosigned heads are from before their log ended. That they lead to that end is not shown here; "
        "the witnesses answer for it.",
    },
    "rotation-bad": {
        "nl": "Het vervolg van het logboek klopt niet: {why}",
        "en": "What is said about the end of a log does not hold: {why}",
    },
    "heads-differ": {
        "nl": "Van logboek {about} zijn {count} verschillende versies van {size} regels ondertekend: er zijn twee "
        "geschiedenissen getoond.",
        "en": "{count} different versions of log {about} with {size} entries are signed: two histories were shown.",
    },
    "seen-differs": {
        "nl": "Gebeurtenis {about}: wie ondertekende zegt een ander logboek van {size} regels gezien te hebben dan het "
        "ondertekende logboek hier. Dat is alleen het woord van die ene sleutel. Vraag ernaar bij de organisatie.",
        "en": "Event {about}: whoever signed says to have seen another log of {size} entries than the signed one here. "
        "That is the word of that one key only. Ask the organisation about it.",
    },
}

_TIMES: Final = {
    "time": {
        "nl": "{count} gebeurtenissen bestonden aantoonbaar op hun tijdstempel: {earliest} tot {latest} ({authority}).",
        "en": "{count} events provably existed at their time stamps, from {earliest} to {latest} ({authority}).",
    },
    "time-missing": {
        "nl": "Voor {count} gebeurtenissen is er geen tijdstempel van buiten; de tijden zijn die van de server.",
        "en": "For {count} events there is no outside time stamp; their times are the server's.",
    },
    "time-token-bad": {
        "nl": "Een tijdstempel klopt niet: {why}",
        "en": "A time stamp does not hold: {why}",
    },
    "time-token-expired": {
        "nl": "Een tijdstempel van {about} ({when}) telt niet meer: het certificaat liep af op {expired}, en de "
        "stempel is niet op tijd vernieuwd.",
        "en": "A time stamp by {about} ({when}) no longer counts: its certificate expired at {expired}, and the stamp "
        "was not renewed in time.",
    },
    "time-renewed": {
        "nl": "Tijdstempels met een afgelopen certificaat zijn op tijd vernieuwd: {first} tot {latest}.",
        "en": "Time stamps whose certificate has expired were renewed in time: {first} to {latest}.",
    },
    "time-quorum": {
        "nl": "Voor {count} gebeurtenissen (vanaf {about}) staan minder dan {quorum} tijdstempeldiensten in.",
        "en": "For {count} events (from {about} on) fewer than {quorum} time stamp authorities vouch.",
    },
    "time-tsa-outvoted": {
        "nl": "De klok van {about} liep verkeerd, tot {gap} uur: {agreed} andere tijdstempeldiensten zijn het eens.",
        "en": "The clock of {about} was wrong, by up to {gap} hours: {agreed} other time stamp authorities agree.",
    },
    "time-tsa-differs": {
        "nl": "Tijdstempeldiensten spreken elkaar tegen, tot {gap} uur ({about}): een van die klokken liep verkeerd.",
        "en": "Time stamp authorities contradict each other, by up to {gap} hours ({about}): one of these clocks was "
        "wrong.",
    },
    "time-server-ahead": {
        "nl": "Bij {count} gebeurtenissen is de servertijd later dan getuigen en tijdstempel toelaten, tot {gap} uur "
        "(gebeurtenis {about}): een van die klokken liep verkeerd, dus de servertijd bewijst niets.",
        "en": "For {count} events the server's time is later than witnesses and time stamp allow, by up to {gap} hours "
        "(event {about}): one of these clocks was wrong, so the server's time proves nothing.",
    },
    "time-server-behind": {
        "nl": "Bij {count} gebeurtenissen is de servertijd vroeger dan kan, tot {gap} uur (gebeurtenis {about}): wie "
        "ondertekende, had toen al een later logboek gezien. De servertijd bewijst niets.",
        "en": "For {count} events the server's time is earlier than can be, by up to {gap} hours (event {about}): "
        "whoever signed had seen a later state of the log by then. The server's time proves nothing.",
    },
    "time-claim-early": {
        "nl": "Bij {count} gebeurtenissen zegt wie ondertekende een later logboek gezien te hebben dan de servertijd "
        "toelaat, tot {gap} uur (gebeurtenis {about}). Dat logboek zit niet in deze bundel: het is alleen het woord "
        "van die sleutel.",
        "en": "For {count} events whoever signed says to have seen a later state of the log than the server's time "
        "allows, by up to {gap} hours (event {about}). That state is not in this bundle: it is that key's word only.",
    },
    "time-wide": {
        "nl": "Bij {count} gebeurtenissen ligt het bewijs van buiten ruim na de servertijd, tot {gap} uur "
        "(gebeurtenis {about}). Voor de tijd daartussen is er alleen het woord van de server.",
        "en": "For {count} events the outside proof comes long after the server's time, by up to {gap} hours "
        "(event {about}). For the time in between there is only the server's word.",
    },
    "time-signer-clock": {
        "nl": "Bij {count} gebeurtenissen liep de klok van wie ondertekende verkeerd, tot {gap} uur (gebeurtenis "
        "{about}).",
        "en": "For {count} events the clock of whoever signed was wrong, by up to {gap} hours (event {about}).",
    },
    "time-clock-here": {
        "nl": "Een tijdstempel ligt {gap} uur in de toekomst: de klok van deze computer of die van de bundel is fout.",
        "en": "A time stamp lies {gap} hours in the future: the clock of this computer or of the bundle is wrong.",
    },
}

_WHO_SIGNED: Final = {
    "events-signed": {
        "nl": "{count} gebeurtenissen zijn ondertekend door sleutels die de organisatie of de zaak erkent.",
        "en": "{count} events are signed by keys that the organisation or the case recognises.",
    },
    "event-not-authentic": {
        "nl": "Gebeurtenis {about} is niet geldig ondertekend: {why}",
        "en": "Event {about} is not validly signed: {why}",
    },
    "signer-unchecked": {
        "nl": "Van wie sleutel {kid} is, is hier niet nagegaan: daarvoor is een bundel nodig.",
        "en": "Whose key {kid} is was not checked here: that takes a bundle.",
    },
}

_EXPORT: Final = {
    "export": {
        "nl": "Uitgeleverd door {who} op {when}; grond: {ground}. De lijst van bestanden is die van toen.",
        "en": "Exported by {who} at {when}; ground: {ground}. The list of files is the one of that moment.",
    },
    "export-manifest-differs": {
        "nl": "De lijst van bestanden is niet de lijst die is uitgeleverd.",
        "en": "The manifest is not the one that was exported.",
    },
    "export-foreign-case": {
        "nl": "Gebeurtenis {about} hoort bij een andere zaak dan de uitlevering.",
        "en": "Event {about} belongs to another case than the export.",
    },
    "export-item-foreign": {
        "nl": "Item {about} staat niet in de ondertekende uitlevering.",
        "en": "Item {about} is not in the signed export.",
    },
    "export-item-missing": {
        "nl": "Item {about} staat in de ondertekende uitlevering, en is niet hier.",
        "en": "Item {about} is in the signed export, and is not here.",
    },
    "export-not-granted": {
        "nl": "Item {about} was toen niet vrijgegeven aan wie uitleverde.",
        "en": "Item {about} was not granted then to whoever exported.",
    },
    "export-granted-not-here": {
        "nl": "{count} items die toen waren vrijgegeven, zitten niet in deze uitlevering.",
        "en": "{count} items that were granted then are not in this export.",
    },
    "export-head-differs": {
        "nl": "De stand van het logboek die de uitlevering noemt, past niet: {why}",
        "en": "The head of the log that the export names does not fit: {why}",
    },
}

_NUMBERING: Final = {
    "sequence-whole": {
        "nl": "{who}: compleet tot en met nummer {last}, zoals de server zegt.",
        "en": "{who}: complete up to number {last}, as the server says.",
    },
    "sequence-gap": {
        "nl": "{who}: niet in deze bundel van de nummers 0 tot en met {last}: {missing} (aantal: {count}). Niet aan "
        "deze lezer vrijgegeven, zegt de server.",
        "en": "{who}: not in this bundle, of the numbers 0 to {last}: {missing} (count: {count}). Not granted to this "
        "reader, says the server.",
    },
    "sequence-broken": {
        "nl": "{who}: de nummering klopt niet: {why}",
        "en": "{who}: the numbering does not hold: {why}",
    },
}

_KEPT_RECEIPTS: Final = {
    "export-contradicted": {
        "nl": "{who}: de server gaf een ontvangstbewijs voor nummer {number}, als gebeurtenis {index}, van voor deze "
        "uitlevering. De uitlevering noemt een ander nummer het laatste ({last}), of toont er een andere verklaring. "
        "De server spreekt zichzelf tegen: er is iets weggelaten.",
        "en": "{who}: the server gave a receipt for number {number}, as event {index}, from before this export. The "
        "export calls another number the last ({last}), or shows another statement. The server contradicts itself: "
        "something was left out.",
    },
    "receipt-fits": {
        "nl": "{who}: het ontvangstbewijs voor nummer {number} (gebeurtenis {index}) past bij deze uitlevering.",
        "en": "{who}: the receipt for number {number} (event {index}) fits this export.",
    },
    "receipt-later": {
        "nl": "{who}: nummer {number} (gebeurtenis {index}) is van na deze uitlevering; daarover zegt zij niets.",
        "en": "{who}: number {number} (event {index}) is from after this export, which says nothing of it.",
    },
    "receipt-of-no-number": {
        "nl": "Het ontvangstbewijs van sleutel {about} (gebeurtenis {index}) is van een andere zaak, of zonder nummer.",
        "en": "The receipt of key {about} (event {index}) is of another case, or without a number.",
    },
}

_WHO_READ: Final = {
    "reads": {
        "nl": "Opgehaald voor de uitlevering: {reads}. Ophalen is niet openen: wie geen sleutel had, kreeg "
        "gesloten gegevens.",
        "en": "Fetched before the export: {reads}. To fetch is not to open: who had no key was handed ciphertext.",
    },
}

_WHAT_IS_NOT_PROVEN: Final = {
    "limits": {
        "nl": "Dit bewijst niet dat iets is gebeurd zoals het is opgeschreven; alleen wie het wanneer verzegelde.",
        "en": "This does not prove that something happened as written; only who sealed it and when.",
    },
}

_RECEIPT: Final = {
    "receipt-promised": {
        "nl": "De sleutel van server {who} belooft dat verklaring {about} er is sinds {when}, als nummer {index} van "
        "logboek {log}. Zonder bewijs uit het logboek is dat het woord van die sleutel, en bewijst het niets.",
        "en": "The key of server {who} promises that statement {about} is there since {when}, as number {index} of log "
        "{log}. Without a proof from the log that is this key's word, and proves nothing.",
    },
    "receipt": {
        "nl": "De server {who} heeft verklaring {about} ontvangen op {when}, als nummer {index} van logboek {log}.",
        "en": "Server {who} received statement {about} at {when}, as number {index} of log {log}.",
    },
    "receipt-bad": {"nl": "Het ontvangstbewijs klopt niet: {why}", "en": "The receipt does not hold: {why}"},
}

_ERASURE: Final = {
    "erasure-decided": {
        "nl": "Wissen {about}: zij vroeg erom op {asked}, {who} stemde in op {agreed}, uitgevoerd op {done}, "
        "{days} dagen na haar vraag. Aantal items: {items}.",
        "en": "Erasure {about}: she asked for it at {asked}, {who} agreed at {agreed}, carried out at {done}, "
        "{days} days after she asked. Number of items: {items}.",
    },
    "erasure-leaves": {
        "nl": "De regels {indexes} staan nog in het logboek {log} (aantal getuigen: {witnesses}): daar stond iets. Wat "
        "er stond, is met deze regels niet meer te openen of te raden.",
        "en": "The entries {indexes} are still in the log {log} (number of witnesses: {witnesses}): something was "
        "there. These entries no longer open it, nor let anyone guess it.",
    },
    "erasure-finished": {
        "nl": "{who} verklaart op {when}: vernietigd zijn {events} gebeurtenissen met hun salts en sleutels, en "
        "{containers} verzegelde bestanden.",
        "en": "{who} states at {when}: destroyed are {events} events with their salts and key wraps, and {containers} "
        "sealed files.",
    },
    "erasure-remains-read": {
        "nl": "Niet gewist: {who} haalde hiervan {count} keer iets op voordat het werd gewist, en kan het nog hebben.",
        "en": "Not erased: {who} fetched something of it {count} times before, and may still have it.",
    },
    "erasure-remains-export": {
        "nl": "Niet gewist: {who} nam {count} keer een bundel mee waar dit in zit. Die bundel is nog na te gaan.",
        "en": "Not erased: {who} took a bundle that holds it {count} times. That bundle can still be verified.",
    },
    "erasure-remains-object-lock": {
        "nl": "Nog niet gewist: {count} verzegelde bestanden staan vast in de opslag tot {until}. Getuige geeft ze aan "
        "niemand. Wie de opslag zelf leest en een sleutel van een lezer heeft, kan ze tot die dag openen.",
        "en": "Not erased yet: {count} sealed files are locked in the object store until {until}. Getuige hands them "
        "to nobody. Whoever reads the store itself and has a reader's key can open them until that day.",
    },
    "erasure-remains-database-files": {
        "nl": "Niet na te gaan: of bestanden van de database (PostgreSQL) er nog resten van bevatten.",
        "en": "Not known: whether files of the database (PostgreSQL) still hold remains of it.",
    },
    "erasure-bad": {
        "nl": "Het bewijs van wissen {about} klopt niet: {why}",
        "en": "The proof of erasure {about} does not hold: {why}",
    },
    "erasure-limits": {
        "nl": "Dit bewijst wie het besloot en wat de server zegt. Dat nergens een kopie is gebleven, kan niemand "
        "bewijzen; oude back-ups horen erbij.",
        "en": "This proves who decided it and what the server says. That no copy was left anywhere nobody can prove; "
        "older backups are such copies.",
    },
}

BY_STEP: Final[dict[int, dict[str, dict[str, str]]]] = {
    1: _ANCHORS,
    2: _FILES,
    3: _LOG,
    4: _TIMES,
    5: _WHO_SIGNED,
    6: _EXPORT,
    7: ITEMS,
    8: _NUMBERING | _KEPT_RECEIPTS,
    9: _WHO_READ,
    10: _WHAT_IS_NOT_PROVEN,
    11: _RECEIPT,
    12: _ERASURE,
}

ONLY_IN_PAGES: Final = {
    "not-checked-here": {
        "nl": "Een tijdstempel is hier niet na te gaan: {why}",
        "en": "A time stamp cannot be checked here: {why}",
    },
}
"""What only the pages' verifier says: no browser knows every kind of key."""

TEXTS: Final = {code: texts for step in BY_STEP.values() for code, texts in step.items()}
STEP_OF: Final = {code: number for number, step in BY_STEP.items() for code in step}
