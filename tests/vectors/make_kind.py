"""Vectors of kinds of descriptions (`evidence/envelope/meta.py`): what is written by hand must come out everywhere."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from evidence import canonical, schema
from evidence.envelope import meta as metas
from tests.vectors.parts import RECORDED, Vector, gives, id_of, refused

_LEAST: Final = {"v": 2, "source": "victim", "recorded": RECORDED, "title": "Om half negen"}
_TEXT: Final = ["Hij stond daar weer. ", "Een uur lang."]
_TIMES: Final = {"happened": "2026-05-12T20:30", "discovered": "2026-05-13", "only_mine": True}
_PLACE: Final = {"lat": "51.924400", "lon": "4.477700", "accuracy_m": 12}
_CAMERA: Final = {"taken": "2026-05-12T20:31:07+02:00", "taken_from": "DateTimeOriginal", "position": _PLACE}

_ORDER: Final = {
    "kind": "gedragsaanwijzing",
    "valid_from": "2026-05-14",
    "until": "2026-05-24",
    "number": "HV-2026-17",
    "area": "De straat en het plein",
    "persons": ["Noor", "haar dochter"],
    "watched_by": "De reclassering",
    "said_by": "letter",
    "proof": id_of("letter"),
}

_OWN: Final[dict[str, dict[str, Any]]] = {
    "incident": {
        "lasted_minutes": 75,
        "conduct": ["following", "visit"],
        "count": 30,
        "counted": "telefoontjes",
        "place": "Voor de deur",
        "position": _PLACE,
        "present": False,
        "against": ["herself", "child"],
        "done_by": "for-him",
        "how_known": "Ik herkende de auto",
        "witnesses": ["De buurvrouw van nummer 14"],
        "children_present": True,
        "severity": 3,
        "impact": "Ik slaap slecht.",
        "told": [{"whom": "Politie", "at": "2026-05-12T20:45", "number": "PL1700-1", "no_number": False}],
    },
    **{
        kind: {
            "file": {"name": name, "mime": mime, "size": 17, "sha256": hashlib.sha256(name.encode()).hexdigest()},
            "conduct": ["message"],
            "about": id_of("incident"),
            "origin": "report",
            "origin_of": "Centrum Seksueel Geweld",
            "grade": "copy",
            "how_made": "Met haar telefoon, door de telefoon van haar zus",
            "took_part": True,
            "camera": _CAMERA,
        }
        for kind, name, mime in (
            ("photo", "foto één.jpg", "image/jpeg"),
            ("sound", "voicemail.amr", "audio/AMR"),
            ("video", "deurbel.mp4", "video/mp4"),
            ("file", "brief.pdf", "application/pdf"),
        )
    },
    "alarm": {
        "alarm": {
            "alarm": id_of("alarm"),
            "device": id_of("device"),
            "boot": 3,
            "counter": 17,
            "kind": "press",
            "cose": "0oRDoQEn",
            "pressed_at": RECORDED,
            "age_s": 4,
            "source": "gnss",
        },
        "position": _PLACE,
    },
    "order": {"order": _ORDER},
    "card": {
        "card": {
            "name": "Noor",
            "address": {"street": "Vlierbesstraat", "number": "12", "postcode": "3025 TT", "town": "Rotterdam"},
            "call_back": {"may": "write", "number": "06 0000 0000", "how": "Schrijf alleen: is de krant er al"},
            "safe_word": "lelie",
            "language": "Nederlands",
            "how_to_enter": "Sleutel bij nummer 14",
            "key_holders": "De buurvrouw van nummer 14",
            "household": "Haar zus in het weekend",
            "children": "Een dochter van zes",
            "suspect": {
                "description": "Lang, kort haar",
                "name": "Ruben",
                "picture": {"mime": "image/png", "data": "iVBORw0KGgo="},
            },
            "weapons": "Onbekend",
            "orders": [{**_ORDER, "kind": "contactverbod", "number": "CV-3"}],
            "known_places": [{"label": "School", "lat": "51.9361", "lon": "4.4702"}],
            "aol": {"number": "AOL-204", "until": "2026-12-31"},
        }
    },
    "assessment": {
        "assessment": {
            "instrument": "SASH",
            "outcome": "hoog",
            "version": "2.1",
            "items": [id_of("incident")],
            "assessor": "Rechercheur zeden",
            "organisation": "Politie Rotterdam",
            "decided": "Overleg in het ZVHRR",
            "next": "2026-06-12",
        }
    },
    "report": {
        "report": {
            "kind": "klacht",
            "at": "2026-05-15",
            "number": "PL1700-2026-1",
            "officer": "B. de Wit",
            "withdraw_until": "2026-05-23",
            "domicile": True,
            "individual_assessment": False,
            "contact": "J. Blom",
        }
    },
    "cost": {
        "about": id_of("incident"),
        "cost": {"what": "Nieuw slot", "amount_cents": 18950, "at": "2026-05-16", "receipt": id_of("receipt")},
    },
    "trace": {
        "about": id_of("incident"),
        "trace": {
            "kind": "tracker",
            "what": "Plat zendertje in de fietstas",
            "found_by": "Haar zus",
            "found_with": "ISDi 1.4",
            "report": id_of("search"),
            "removed": "2026-05-20",
        },
    },
    "translation": {
        "translation": {
            "item": id_of("incident"),
            "of": hashlib.sha256(b"translated").hexdigest(),
            "language": "en",
            "by": "A. Tolk",
            "sworn": True,
        }
    },
    "note": {
        "about": id_of("incident"),
        "note": {"kind": "red-flag", "of": "extreme-fear", "confirmed": True},
    },
    "question": {"about": id_of("incident"), "question": {"to": "De officier", "answer_by": "2026-06-01"}},
    "answer": {"answer": {"question": id_of("question")}},
    "screening": {
        "screening": {"version": "1", "answers": [{"question": "Kan hij bij uw telefoon?", "answer": "Nee"}]}
    },
    "label": {},
    "digest": {"digest": {"read_to": 812, "items": 31, "alarms": 2, "newest": RECORDED, "orders_until": "2026-11-14"}},
}
OWN: Final = {**_OWN, "position": _OWN["alarm"], "check-in": _OWN["alarm"]}
"""The members of each kind beside those that all have."""

FOREIGN: Final = ("incident", "photo", "alarm", "order", "card")
"""Kinds whose members are given to the others, to be refused there."""

NEEDED: Final = {
    **{kind: {"file"} for kind in ("photo", "sound", "video", "file")},
    **{
        kind: {kind}
        for kind in ("order", "assessment", "report", "card", "cost", "trace", "translation", "note", "answer")
    },
    **{kind: {kind} for kind in ("screening", "digest")},
    **{kind: {"alarm"} for kind in ("alarm", "position", "check-in")},
}
"""Those of them without which it is none."""


def whole(kind: str) -> dict[str, Any]:
    """Return a description in which every member of its kind says something."""
    return {**_LEAST, "kind": kind, "text": _TEXT, **_TIMES, **OWN[kind]}


def least(kind: str) -> dict[str, Any]:
    """Return one that says no more than it must."""
    said = {**_LEAST, "kind": kind, **{name: OWN[kind][name] for name in NEEDED.get(kind, ())}}
    completed: dict[str, Any] = schema.complete(metas.KINDS[kind], said)
    return completed


def vectors() -> list[Vector]:
    """Return all of them."""
    return (
        [vector for kind in OWN for vector in _of(kind)]
        + [
            _refused(f"a kind that is none: {kind!r}", {**_LEAST, "kind": kind})
            for kind in ("Position", "Photo", "photo ", "", "constructor", ["photo"], 1, True)
        ]
        + [_refused("no kind", _LEAST)]
    )


def _of(kind: str) -> Iterator[Vector]:
    others = {name: value for other in FOREIGN for name, value in OWN[other].items() if name not in OWN[kind]}
    for name, meta in (("whole", whole(kind)), ("least", least(kind))):
        yield gives(f"{kind}: {name}", "description", *[{"text": _text(meta)}] * 2)
    nothing = schema.complete(metas.KINDS[kind], {})
    for name in sorted(NEEDED.get(kind, ())):
        yield _refused(f"{kind}: nothing told of {name}", {**whole(kind), name: nothing[name]})
    for name, value in whole(kind).items():
        if name != "kind":
            yield _refused(f"{kind}: without {name}", {key: one for key, one in whole(kind).items() if key != name})
        if isinstance(nothing[name], dict) and name not in NEEDED.get(kind, ()):
            yield _refused(f"{kind}: null for the record {name}", {**whole(kind), name: None})
            yield _refused(f"{kind}: an empty record {name}", {**whole(kind), name: {}})
        if isinstance(value, dict) and len(value) > 1:
            less = dict(list(value.items())[1:])
            yield _refused(f"{kind}: {name} without one of its members", {**whole(kind), name: less})
    for name, value in others.items():
        yield _refused(f"{kind}: with {name}", {**least(kind), name: value})
    for name, value in OWN[kind].items():
        other = [] if isinstance(value, str | int) else "x"
        yield _refused(f"{kind}: {name} of another form", {**least(kind), name: other})


def _refused(name: str, meta: dict[str, Any]) -> Vector:
    return refused(name, "description", {"text": _text(meta)}, "form")


def _text(meta: dict[str, Any]) -> str:
    return canonical.encode(meta).decode()
