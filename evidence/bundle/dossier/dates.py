"""Times in words, Dutch or English, on the clock of Europe/Amsterdam."""

from datetime import datetime
from typing import Final, Literal

from evidence import edtf
from evidence.bundle.dossier import axis

Language = Literal["nl", "en"]

_MONTHS: Final[dict[Language, str]] = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "en": "January February March April May June July August September October November December",
}
_DAYS: Final[dict[Language, str]] = {"nl": "ma di wo do vr za zo", "en": "Mon Tue Wed Thu Fri Sat Sun"}
_SEASONS: Final[dict[Language, str]] = {"nl": "lente zomer herfst winter", "en": "spring summer autumn winter"}
_ABOUT: Final[dict[Language, tuple[str, str]]] = {"nl": ("rond ", "misschien "), "en": ("about ", "perhaps ")}
_OPEN: Final[dict[Language, tuple[str, str]]] = {"nl": ("tot en met ", "vanaf "), "en": ("until ", "from ")}
_NOT_UNDERSTOOD: Final[dict[Language, str]] = {"nl": "“{}” (niet begrepen)", "en": "“{}” (not understood)"}


def weekday(number: int, language: Language) -> str:
    """Return the short name of a day of the week; Monday is 0."""
    return _DAYS[language].split()[number]


def day(at: int, language: Language) -> str:
    """Return the day of a moment in milliseconds."""
    return _day(axis.wall(at), language)


def moment(time: str, language: Language) -> str:
    """Return a moment that a machine wrote, to the second."""
    return _clock(axis.wall(axis.moment(time)), language, "%H:%M:%S")


def told(text: str | None, language: Language) -> str:
    """Return a time as it was told, as vague as that; a text that is no time that could be stands as it is."""
    if not text:
        return "–"
    try:
        known = edtf.parse(text)
    except edtf.TimeError:
        return _NOT_UNDERSTOOD[language].format(text)
    if not known.interval:
        return _one(text, known, language)
    first, last = text.split("/")
    before, after = _OPEN[language]
    if known.earliest is None:
        return before + _one(last, edtf.parse(last), language)
    if known.latest is None:
        return after + _one(first, edtf.parse(first), language)
    return f"{_one(first, edtf.parse(first), language)} – {_one(last, edtf.parse(last), language)}"


def _one(text: str, known: edtf.Told, language: Language) -> str:
    about, perhaps = _ABOUT[language]
    mark = (perhaps if known.uncertain else "") + (about if known.approximate else "")
    at = known.earliest
    if at is None:
        return text
    match known.ends[0]:
        case "minute" | "second" as precision:
            here = axis.wall(axis.begins(at)) if at.tzinfo else at
            return mark + _clock(here, language, "%H:%M" if precision == "minute" else "%H:%M:%S")
        case "day":
            return mark + _day(at, language)
        case "month":
            return f"{mark}{_month(at, language)} {at.year}"
        case "season":
            return f"{mark}{_SEASONS[language].split()[int(text[5:7]) - 21]} {at.year}"
        case _:
            return f"{mark}{at.year}"


def _clock(at: datetime, language: Language, form: str) -> str:
    return f"{_day(at, language)}, {at.strftime(form)}"


def _day(at: datetime, language: Language) -> str:
    return f"{at.day} {_month(at, language)} {at.year}"


def _month(at: datetime, language: Language) -> str:
    return _MONTHS[language].split()[at.month - 1]
