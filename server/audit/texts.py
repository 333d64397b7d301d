"""Texts of an audit of a log, in Dutch and in English."""

from typing import Final

from evidence.custody.log.auditing import GOOD, Claim, Finding, Report, Verdict

KEPT: Final = {
    "nl": "De tegenstrijdige kop is bewaard: {path}. Bewaar ook de kop ernaast: samen zijn zij het bewijs.",
    "en": "The contradicting head is kept: {path}. Keep the head beside it, too: together they are the proof.",
}

_TEXTS: Final[dict[tuple[Claim, Verdict], dict[str, str]]] = {
    (Claim.HEAD, Verdict.HOLDS): {
        "nl": "De kop van {origin} ({size} regels) is ondertekend en bevestigd door {witnesses}.",
        "en": "The head of {origin} ({size} entries) is signed, and cosigned by {witnesses}.",
    },
    (Claim.HEAD, Verdict.NOT_BELIEVED): {
        "nl": "De kop voldoet niet aan het beleid.",
        "en": "The head does not satisfy the policy.",
    },
    (Claim.GROWTH, Verdict.FIRST_LOOK): {
        "nl": "Dit is de eerste controle; er is nog geen eerdere kop om mee te vergelijken.",
        "en": "This is the first look; there is no earlier head to compare with.",
    },
    (Claim.GROWTH, Verdict.HOLDS): {
        "nl": "Het logboek bevat alles wat het eerder liet zien.",
        "en": "The log contains all that it showed before.",
    },
    (Claim.GROWTH, Verdict.ROLL_BACK): {
        "nl": "TERUGGEDRAAID: het logboek is korter geworden.",
        "en": "ROLL-BACK: the log has become shorter.",
    },
    (Claim.GROWTH, Verdict.SPLIT_VIEW): {
        "nl": "TWEE GESCHIEDENISSEN: het logboek bevat niet wat het eerder ondertekend liet zien.",
        "en": "SPLIT VIEW: the log does not contain what it showed and signed before.",
    },
    (Claim.GROWTH, Verdict.CORRUPT): {
        "nl": "De bestanden van het logboek zijn beschadigd; vergelijken met de vorige keer kan niet.",
        "en": "The files of the log are damaged; it cannot be compared with last time.",
    },
    (Claim.TREE, Verdict.HOLDS): {
        "nl": "Alle {size} regels zijn er, en elk bestand volgt eruit.",
        "en": "All {size} entries are there, and every file follows from them.",
    },
    (Claim.TREE, Verdict.CORRUPT): {
        "nl": "Het logboek is niet heel: niet alles volgt uit de regels onder de ondertekende kop.",
        "en": "The log is not whole: not everything follows from the entries under the signed head.",
    },
    (Claim.HANDOVER, Verdict.HOLDS): {
        "nl": "Het logboek begint met het einde van het logboek ervoor, zoals de organisatie ondertekende.",
        "en": "The log begins with the end of the log before it, as the organisation signed.",
    },
    (Claim.HANDOVER, Verdict.ENDED): {
        "nl": "Dit logboek is ten einde, zoals de organisatie ondertekende. {next} gaat verder: controleer dat ook.",
        "en": "This log is at its end, as the organisation signed. {next} goes on: audit that, too.",
    },
    (Claim.HANDOVER, Verdict.RETIRED): {
        "nl": "NA HET EINDE: iemand schrijft verder met de sleutel die is ingetrokken.",
        "en": "AFTER ITS END: somebody writes on with the key that was retired.",
    },
    (Claim.HANDOVER, Verdict.ROLL_BACK): {
        "nl": "TERUGGEDRAAID: het logboek is korter dan het einde dat de organisatie ondertekende.",
        "en": "ROLL-BACK: the log is shorter than the end that the organisation signed.",
    },
    (Claim.HANDOVER, Verdict.SPLIT_VIEW): {
        "nl": "TWEE GESCHIEDENISSEN: de organisatie ondertekende een ander einde.",
        "en": "SPLIT VIEW: the organisation signed another end.",
    },
    (Claim.HANDOVER, Verdict.LOOSE): {
        "nl": "LOS: het logboek begint niet met het einde van het logboek ervoor.",
        "en": "LOOSE: the log does not begin with the end of the log before it.",
    },
    (Claim.HANDOVER, Verdict.CORRUPT): {
        "nl": "De bestanden van het logboek zijn beschadigd; het begin is niet te lezen.",
        "en": "The files of the log are damaged; its beginning cannot be read.",
    },
    (Claim.GROWTH, Verdict.NOT_CHECKED): {
        "nl": "Niet vergeleken met de vorige keer.",
        "en": "Not compared with last time.",
    },
    (Claim.TREE, Verdict.NOT_CHECKED): {"nl": "De regels zijn niet gecontroleerd.", "en": "Entries were not checked."},
}

_MARKS: Final = {True: {"nl": "✓ klopt", "en": "✓ holds"}, False: {"nl": "✗ KLOPT NIET", "en": "✗ DOES NOT HOLD"}}


def line(finding: Finding, report: Report, lang: str) -> str:
    """Return one line for one finding; `lang` is "nl" or "en"."""
    witnesses = ", ".join(sorted(one.witness for one in report.cosigned)) or "–"
    head = report.head
    text = _TEXTS[finding.claim, finding.verdict][lang].format(
        origin="–" if head is None else head.origin,
        size="–" if head is None else head.size,
        witnesses=witnesses,
        next=finding.detail,
    )
    detail = f" ({finding.detail})" if finding.detail and finding.verdict not in GOOD else ""
    return f"{_MARKS[finding.verdict in GOOD][lang]:<16} {text}{detail}"
