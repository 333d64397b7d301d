"""Signs that something is not right with a phone, as the server keeps them beside a case: what they mean, what to do.

They are the server's word and no evidence: a key in two hands leaves no statement that says so. Her caseworker and her
vault see them; a phone and an investigator do not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from evidence import ids, schema
from evidence.errors import EvidenceError
from server.clients import timeline
from server.clients.case_lists import Enrolled
from server.clients.errors import ClientError
from server.clients.signing import Signer


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of one key: what, and when first and last."""

    kind: str
    by: ids.KeyId
    first: ids.Time
    last: ids.Time


_LATER: Final = "Tell the administrator today: `getuige audit-log` checks the log. Erase nothing on the phone."
MEANS: Final[Mapping[str, str]] = {
    "number-taken": "two messages came in with one number. Somebody may have a copy of this phone's key, or an old "
    "backup was put back. With the key one can add items in her name, and read nothing.",
    "seen-contradicts": "it says to have seen another log than this one. The log was changed, or somebody with a copy "
    "of the key says what is not true.",
    "seen-beyond": "it says to have seen a longer log than this one. The server may have been restored and miss the "
    "newest part, or somebody with a copy of the key says what is not true.",
    "closed-to-readers": "it added something that nobody on the list can open. She keeps it to herself, or it has not "
    "heard of the list yet: then `wrap-missing` by her vault gives it.",
}
FOR_HER: Final = "Tell your caseworker, at a moment and in a place that are safe, and not by this phone."
FOR_STAFF: Final[Mapping[str, str]] = {
    "number-taken": "Speak to her alone, in a safe place, not by this phone. If she knows nothing of it: let "
    "everything on her phone arrive, then `revoke-phone`, and invite a new one. Whoever has the copy will notice.",
    "seen-contradicts": _LATER,
    "seen-beyond": _LATER,
    "closed-to-readers": "Nothing is wrong by itself. Make the check that was agreed at intake: the word, the place, "
    "who calls. Ask her alone.",
}
"""What to do, for her and for her caseworkers."""

_UNKNOWN: Final = "this program does not know what it means. Ask the administrator."


def fetch(signer: Signer, case: ids.CaseId) -> list[Sign]:
    """Return the signs of a case, newest last.

    Raises:
        ClientError: refused, not reachable, or an answer that is none.
    """
    said = timeline.fetch(signer, case, limit=1).facts.get("case")
    try:
        return [schema.decode(Sign, one) for one in (said.get("signs", ()) if isinstance(said, dict) else ())]
    except EvidenceError as error:
        raise ClientError(f"The server's signs about this case cannot be read: {error}.") from error


def told(signs: Iterable[Sign], devices: Iterable[Enrolled], *, staff: bool) -> Iterator[str]:
    """Yield a line for each sign: which phone, since when, what it means, and what she or the `staff` can do."""
    names = {one.kid: f"{one.kind} {one.device}" for one in devices}
    for one in signs:
        since = one.first if one.first == one.last else f"{one.first} to {one.last}"
        said = f"{MEANS[one.kind]} {FOR_STAFF[one.kind] if staff else FOR_HER}" if one.kind in MEANS else _UNKNOWN
        yield f"! {one.kind}, {names.get(one.by, f'key {one.by}')}, {since}: {said}"
