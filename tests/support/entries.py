"""The entries of the browser tests, made up, with every precision of time. Dutch, as she would type it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.envelope.meta import Severity, Source

ORDER = "HV-2208-test"


@dataclass(frozen=True)
class Told:
    """One entry; `when` is a time of day, or how vague she is: day, month, months, unknown."""

    key: str
    days_ago: int
    when: str
    title: str
    text: str
    conduct: tuple[str, ...]
    severity: Severity | None
    impact: str | None = None
    place: str | None = None
    source: Source = "victim"
    delay: int = 0
    found_days_ago: int | None = None

    def recorded(self, today: datetime) -> datetime:
        """She writes it down within the hour, or `delay` days later at noon."""
        day = today - timedelta(days=self.days_ago - self.delay)
        if self.when[0].isdigit():
            hour, minute = map(int, self.when.split(":"))
            return day.replace(hour=hour, minute=minute) + timedelta(minutes=40 + self.days_ago % 17)
        return day.replace(hour=12, minute=self.days_ago % 60)

    def happened(self, today: datetime) -> str | None:
        """EDTF of when it happened."""
        day = (today - timedelta(days=self.days_ago)).date()
        match self.when:
            case "unknown":
                return None
            case "day":
                return day.isoformat()
            case "month":
                return f"{day.isoformat()[:7]}~"
            case "months":
                return f"{day.isoformat()[:7]}/{(day + timedelta(days=35)).isoformat()[:7]}"
        return f"{day.isoformat()}T{self.when}"

    def discovered(self, today: datetime) -> str | None:
        """EDTF of when she learned of it, if that was later."""
        if self.found_days_ago is None:
            return None
        return (today - timedelta(days=self.found_days_ago)).date().isoformat()


INCIDENTS = (
    Told(
        "bloemen",
        104,
        "month",
        "Bloemen zonder kaartje",
        "Ergens in die maand stonden er gele lelies op de mat. Alleen hij weet dat ik die mooi vond.",
        ("gift",),
        1,
        "Ik voel mij bekeken in mijn eigen huis.",
        delay=30,
    ),
    Told(
        "brieven",
        96,
        "months",
        "Elf brieven zonder postzegel",
        "Steeds met de hand bezorgd. Ik heb ze bewaard in een schoenendoos.",
        ("message",),
        2,
        delay=40,
    ),
    Told(
        "app1",
        82,
        "23:52",
        "Twaalf berichten in een uur",
        "Hij schreef vanaf een nieuw nummer. Ik heb niet geantwoord.",
        ("message",),
        2,
    ),
    Told(
        "halte",
        75,
        "08:10",
        "Bij de tramhalte",
        "Hij stond aan de overkant tot mijn tram kwam.",
        ("following",),
        2,
        "Ik ga nu met een collega naar mijn werk.",
        "Halte Walenburgerweg",
    ),
    Told(
        "werk",
        68,
        "17:35",
        "Voor de deur van mijn werk",
        "Mijn collega zag hem in zijn auto zitten.",
        ("following",),
        2,
        source="witness",
    ),
    Told(
        "profiel",
        61,
        "day",
        "Een profiel met mijn foto",
        "Er staat een foto van mij op, en mijn straat.",
        ("online",),
        3,
        found_days_ago=58,
        delay=3,
    ),
    Told("app2", 54, "23:20", "Weer berichten", "Acht keer, steeds dezelfde zin.", ("message",), 2),
    Told("app3", 47, "22:58", "Berichten aan mijn zus", "Hij vroeg haar waar ik slaap.", ("message",), 2),
    Told(
        "zender",
        45,
        "unknown",
        "Een zendertje in mijn fietstas",
        "Onder de voering zat een plat rond zendertje. Ik weet niet hoe lang het daar al zat.",
        ("tracking",),
        3,
        "Ik neem elke dag een andere weg.",
        found_days_ago=45,
    ),
    Told(
        "banden",
        38,
        "day",
        "Banden lek gestoken",
        "Beide banden van mijn fiets. De buurvrouw hoorde iets in de nacht.",
        ("damage",),
        3,
        found_days_ago=37,
        delay=1,
    ),
    Told(
        "bel",
        33,
        "22:41",
        "Hij belde aan en bleef roepen",
        "Na een kwartier liep hij weg. Mijn dochter werd wakker.",
        ("visit", "threat"),
        3,
        "Mijn dochter slaapt weer bij mij in bed.",
        "Vlierbesstraat 12",
    ),
    Told("halte2", 31, "08:12", "Weer bij de halte", "Hij zwaaide.", ("following",), 2, place="Halte Walenburgerweg"),
    Told(
        "deur",
        27,
        "22:14",
        "Aan de deur, met een dreigement",
        "Hij riep dat ik er spijt van krijg. Hij trapte tegen de deur tot de buurman kwam.\n\nDe politie is geweest.",
        ("visit", "threat"),
        4,
        "Ik slaap deze week bij mijn zus.",
        "Vlierbesstraat 12",
    ),
    Told(
        "contact",
        19,
        "21:05",
        "Briefje onder de ruitenwisser",
        "Met mijn koosnaam erop.",
        ("message",),
        3,
        place="Parkeerplaats werk",
    ),
    Told("langs", 16, "22:50", "Twee keer langs het huis", "Langzaam, met de lichten uit.", ("visit",), 3),
    Told("app4", 9, "23:31", "Bericht van een onbekend nummer", "Alleen een foto van mijn straat.", ("message",), 3),
    Told(
        "halte3",
        5,
        "08:09",
        "Bij de halte, nu aan mijn kant",
        "Hij kwam naast mij staan en zei niets.",
        ("following",),
        3,
        "Ik durf niet meer met de tram.",
        "Halte Walenburgerweg",
    ),
    Told("bel2", 2, "22:27", "Drie keer gebeld, anoniem", "Elke keer stilte.", ("call",), 2),
)
