"""An alarm as XML for emergency services: CAP 1.2 says what happened, PIDF-LO says where. Pure.

OASIS Common Alerting Protocol 1.2 (2010), with what RFC 8876 section 3 wants of it; PIDF-LO is RFC 4119 with the shapes
of RFC 5491. Both hold account, code and position: never a name, an address or a telephone number.

An alarm makes up to three messages, each with an identifier that follows from the alarm, so that a repeat can be told
from news: the *Alert*, an *Update* when duress is added, and a *Cancel* when a dispatcher closes it as no emergency.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal
from xml.etree import ElementTree as ET

from device_bridge.alarm.sealing import degrees
from device_bridge.routes.dc09_frames import CODES
from device_bridge.routes.dispatch import Dispatch
from device_bridge.wire.message import Location
from evidence import ids

CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
PIDF: Final = "urn:ietf:params:xml:ns:pidf"
GEOPRIV: Final = "urn:ietf:params:xml:ns:pidf:geopriv10"
SHAPES: Final = "http://www.opengis.net/pidflo/1.0"
GML: Final = "http://www.opengis.net/gml"
WGS84_2D: Final = "urn:ogc:def:crs:EPSG::4326"
METRE: Final = "urn:ogc:def:uom:EPSG::9001"

UNSURE_M: Final = 1000
"""Radius of the circle when the device could not say how sure it is; the text beside it says that."""

Status = Literal["Actual", "Exercise", "Test"]

_EVENT: Final = {
    "press": "Persoonlijk alarm",
    "duress": "Persoonlijk alarm onder dwang",
    "overdue": "Niet op tijd teruggemeld",
    "test": "Proefalarm",
}
"""The event in Dutch, as dispatchers read it; the code beside it is for machines."""

_METHODS: Final = {"gps": "GPS", "cell": "Cell", "wifi": "802.11"}
"""A device's source of position → token of the IANA registry *Method Tokens* (RFC 4119); others are left out."""

for _prefix, _namespace in (("gp", GEOPRIV), ("gs", SHAPES), ("gml", GML), ("pidf", PIDF)):
    ET.register_namespace(_prefix, _namespace)


@dataclass(frozen=True)
class Parties:
    """Who tells whom: SIP addresses that both sides agreed on."""

    sender: str
    recipient: str
    room: str = ""
    """Its name in the settings: accounts are given by that name."""


def status_of(what: Dispatch, *, exercise: bool) -> Status:
    """Return how seriously it is meant; an installation that is not in production never says *Actual*."""
    if what.kind == "test":
        return "Test"
    return "Exercise" if exercise else "Actual"


def identifier_of(what: Dispatch) -> str:
    """Return the identifier of the message: the same for every repeat of it."""
    if what.withdrawn_at is not None:
        return f"{what.alarm}.cancel"
    return what.alarm if what.duress_at is None else f"{what.alarm}.duress"


def name_of(what: Dispatch) -> str:
    """Return how references name the message after its sender: `identifier,sent` (CAP 1.2 section 3.2.1)."""
    return f"{identifier_of(what)},{_cap_time(_sent(what))}"


def alert(what: Dispatch, parties: Parties, status: Status) -> bytes:
    """Return the CAP 1.2 document: Alert, Update (duress was added) or Cancel (closed as no emergency)."""
    root = ET.Element(f"{{{CAP}}}alert")
    _add(root, "identifier", identifier_of(what))
    _add(root, "sender", parties.sender)
    _add(root, "sent", _cap_time(_sent(what)))
    _add(root, "status", status)
    _add(root, "msgType", "Cancel" if what.withdrawn_at else "Update" if what.duress_at else "Alert")
    _add(root, "scope", "Private")
    _add(root, "addresses", parties.recipient)
    references = _references(what, parties.sender)
    if references:
        _add(root, "references", references)
    _add(root, "incidents", what.alarm)
    _add_info(root, what, _account(what, parties))
    return _written(root, CAP)


def location_object(what: Dispatch, parties: Parties) -> bytes | None:
    """Return the PIDF-LO document with a circle around the position; None when the device had no position."""
    where = what.location
    if where is None:
        return None
    domain = parties.sender.rpartition("@")[2]
    root = ET.Element(f"{{{PIDF}}}presence", {"entity": f"pres:{_account(what, parties)}@{domain}"})
    entry = ET.SubElement(root, f"{{{PIDF}}}tuple", {"id": f"a{what.alarm}"})
    status = ET.SubElement(entry, f"{{{PIDF}}}status")
    geopriv = ET.SubElement(status, f"{{{GEOPRIV}}}geopriv")
    info = ET.SubElement(geopriv, f"{{{GEOPRIV}}}location-info")
    circle = ET.SubElement(info, f"{{{SHAPES}}}Circle", {"srsName": WGS84_2D})
    ET.SubElement(circle, f"{{{GML}}}pos").text = f"{degrees(where.lat)} {degrees(where.lon)}"
    ET.SubElement(circle, f"{{{SHAPES}}}radius", {"uom": METRE}).text = str(max(1, radius_of(where)))
    ET.SubElement(geopriv, f"{{{GEOPRIV}}}usage-rules")
    method = _METHODS.get(where.source.lower())
    if method is not None:
        ET.SubElement(geopriv, f"{{{GEOPRIV}}}method").text = method
    fixed = ids.moment_of(what.raised_at) - timedelta(seconds=where.age_s or 0)
    ET.SubElement(entry, f"{{{PIDF}}}timestamp").text = ids.time_of(fixed)
    return _written(root)


def _account(what: Dispatch, parties: Parties) -> str:
    """Return the account that the control room gave to the device; its whole id when it gave none, never a part."""
    return what.accounts.get(parties.room, what.device)


def radius_of(where: Location) -> int:
    """Return the radius of the circle in which she is, in metres."""
    return UNSURE_M if where.accuracy_m is None else where.accuracy_m


def _add_info(root: ET.Element, what: Dispatch, account: str) -> None:
    dcs, contact_id = CODES[what.kind]
    info = ET.SubElement(root, f"{{{CAP}}}info")
    _add(info, "language", "nl-NL")
    _add(info, "category", "Security")
    _add(info, "event", _EVENT[what.kind])
    _add(info, "responseType", "None" if what.kind == "test" or what.withdrawn_at else "Assess")
    _add(info, "urgency", "Past" if what.withdrawn_at else "Immediate")
    _add(info, "severity", "Unknown" if what.kind == "test" or what.withdrawn_at else "Extreme")
    _add(info, "certainty", "Unlikely" if what.withdrawn_at else "Observed")
    _named(info, "eventCode", "SIA-DC-03", dcs)
    _named(info, "eventCode", "SIA-DC-05", contact_id)
    _named(info, "parameter", "account", account)
    where = what.location
    if where is not None and what.withdrawn_at is None:
        area = ET.SubElement(info, f"{{{CAP}}}area")
        accuracy = "nauwkeurigheid onbekend" if where.accuracy_m is None else f"± {where.accuracy_m} m"
        age = "tijd onbekend" if where.age_s is None else f"{where.age_s} s oud"
        _add(area, "areaDesc", f"positie van het apparaat, {accuracy}, {age}")
        _add(area, "circle", f"{degrees(where.lat)},{degrees(where.lon)} {radius_of(where) / 1000:.3f}")


def _references(what: Dispatch, sender: str) -> str:
    """Return the earlier messages that an Update or Cancel speaks of (`sender,identifier,sent`, spaces between).

    Those that the control room is known to have, by whichever bridge; nothing known: those that it should have.
    """
    if what.duress_at is None and what.withdrawn_at is None:
        return ""
    if what.given:
        return " ".join(f"{sender},{name}" for name in what.given)
    earlier = [f"{sender},{what.alarm},{_cap_time(what.raised_at)}"]
    if what.withdrawn_at is not None and what.duress_at is not None:
        earlier.append(f"{sender},{what.alarm}.duress,{_cap_time(what.duress_at)}")
    return " ".join(earlier)


def _sent(what: Dispatch) -> ids.Time:
    return what.withdrawn_at or what.duress_at or what.raised_at


def _cap_time(at: ids.Time) -> str:
    """Write a moment as CAP wants it: whole seconds and a numeric zone, never `Z` (section 3.3.2)."""
    return ids.moment_of(at).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{CAP}}}{name}").text = text


def _named(parent: ET.Element, name: str, key: str, value: str) -> None:
    child = ET.SubElement(parent, f"{{{CAP}}}{name}")
    _add(child, "valueName", key)
    _add(child, "value", value)


def _written(root: ET.Element, namespace: str | None = None) -> bytes:
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True, default_namespace=namespace)
    return written
