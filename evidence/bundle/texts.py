"""The verifier's sentences, Dutch and English. Honest words: what was checked, and nothing beyond it."""

from typing import Final

TEXTS: Final[dict[str, dict[str, str]]] = {
    "anchors": {
        "nl": "Vertrouwd is: de organisatie {label} ({root}…), het logboek {logs} en {witnesses} getuigen.",
        "en": "Trusted: the organisation {label} ({root}…), the log {logs} and {witnesses} witnesses.",
    },
    "bag-whole": {
        "nl": "De bundel is heel: {files} bestanden, geen ontbreekt, geen is er bij gekomen, geen is veranderd.",
        "en": "The bundle is whole: {files} files, none missing, none added, none changed.",
    },
    "bag-file-differs": {
        "nl": "Bestand {about} is veranderd.",
        "en": "File {about} differs from the manifest.",
    },
    "bag-file-missing": {"nl": "Bestand {about} ontbreekt.", "en": "File {about} is missing."},
    "bag-file-extra": {
        "nl": "Bestand {about} hoort niet in de bundel.",
        "en": "File {about} does not belong in the bundle.",
    },
    "export": {
        "nl": "Uitgeleverd door {who} op {when}; grond: {ground}. De lijst van bestanden is die van toen.",
        "en": "Exported by {who} at {when}; ground: {ground}. The list of files is the one of that moment.",
    },
    "export-manifest-differs": {
        "nl": "De lijst van bestanden is niet de lijst die is uitgeleverd.",
        "en": "The manifest is not the one that was exported.",
    },
    "events-signed": {
        "nl": "{count} gebeurtenissen zijn ondertekend door sleutels die de organisatie of de zaak erkent.",
        "en": "{count} events are signed by keys that the organisation or the case recognises.",
    },
    "event-not-authentic": {
        "nl": "Gebeurtenis {about} is niet geldig ondertekend: {why}",
        "en": "Event {about} is not validly signed: {why}",
    },
    "events-logged": {
        "nl": "{count} gebeurtenissen staan in het logboek {log}, bevestigd door {witnesses}.",
        "en": "{count} events are in the log {log}, cosigned by {witnesses}.",
    },
    "event-not-logged": {
        "nl": "Gebeurtenis {about} staat niet aantoonbaar in het logboek: {why}",
        "en": "Event {about} is not provably in the log: {why}",
    },
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
    "item-unchanged": {
        "nl": "Item {about}: verzegeld door {who}, ontvangen {when}, tijdstempel {latest}, niet veranderd.",
        "en": "Item {about}: sealed by {who}, received {when}, time stamp {latest}, unchanged.",
    },
    "item-differs": {
        "nl": "Item {about} is niet wat er is verzegeld: {why}",
        "en": "Item {about} differs from its event: {why}",
    },
    "original-proven": {
        "nl": "{file} is wat {who} heeft verzegeld; ontvangen {when}, tijdstempel {latest} (item {about}).",
        "en": "{file} is what {who} sealed; received {when}, time stamp {latest} (item {about}).",
    },
    "original-differs": {
        "nl": "Item {about}: het geopende bestand is niet wat er is verzegeld.",
        "en": "Item {about}: the opened file is not what was sealed.",
    },
    "sequence-whole": {
        "nl": "Telefoon {about}: nummers {first} tot en met {last} zijn er allemaal.",
        "en": "Phone {about}: numbers {first} to {last} are all here.",
    },
    "sequence-gap": {
        "nl": "Telefoon {about}: nummers {missing} zitten niet in deze bundel (niet vrijgegeven of achtergehouden).",
        "en": "Phone {about}: gap before number {next}: {missing} not in this bundle (not granted, or withheld).",
    },
    "sequence-broken": {
        "nl": "Telefoon {about}: nummer {seq} sluit niet aan op het nummer ervoor.",
        "en": "Phone {about}: number {seq} does not follow from the one before it.",
    },
    "reads": {
        "nl": "Gelezen voor de uitlevering: {reads}.",
        "en": "Read before the export: {reads}.",
    },
    "receipt": {
        "nl": "De server {who} heeft verklaring {about} ontvangen op {when}, als nummer {index} van logboek {log}.",
        "en": "Server {who} received statement {about} at {when}, as number {index} of log {log}.",
    },
    "receipt-bad": {"nl": "Het ontvangstbewijs klopt niet: {why}", "en": "The receipt does not hold: {why}"},
    "limits": {
        "nl": "Dit bewijst niet dat iets is gebeurd zoals het is opgeschreven; alleen wie het wanneer verzegelde.",
        "en": "This does not prove that something happened as written; only who sealed it and when.",
    },
}
