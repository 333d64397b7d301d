"""What a row of the table of tampered bundles is (`tests/support/tampered.py`), and the story that rows are made from.

A row is a way to tamper and an outcome for each column: `python` is `getuige verify` and `getuige-verify.pyz`, which
are one program, and `shell` is `verify.sh`. Another verifier is another column, or is held to `python`; a new format is
more rows.
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from evidence import ids, keys
from evidence.bundle.opening import opened
from evidence.envelope import rescue_shares, sealing
from evidence.envelope.meta import Media
from evidence.statements import bodies
from tests.support import published
from tests.support.incidents import incident
from tests.support.organisation import Organisation


@dataclass(frozen=True)
class Outcome:
    """An exit code, and what is said: codes of claims that fail (1) or are noted (0), or words."""

    code: int
    says: tuple[str, ...] = ()


HOLDS: Final = Outcome(0)
UNCHECKED: Final = Outcome(0, ("not checked here: what was said of the items and who read them",))
"""It does not look at this, and says so."""

NOT_FOR_IT: Final = Outcome(2, ("cannot be checked here",))


def fails(*says: str) -> Outcome:
    """Something does not hold, and these words or codes name it."""
    return Outcome(1, says)


def unreadable(*says: str) -> Outcome:
    """It is refused before anything is judged."""
    return Outcome(2, says)


@dataclass(frozen=True)
class Story:
    """What rows are made from: a bundle with a whole, an announced and an incomplete item, sealed and opened."""

    book: Organisation
    bundle: Path
    sealed: Path
    opened: Path

    @classmethod
    def build(cls, folder: Path) -> "Story":
        """Make it all in `folder`."""
        book = Organisation(folder / "book")
        photo = Media(kind="photo", source="victim", recorded=ids.now(), title="Auto")
        content = sealing.Content.of_bytes(bytes(50_000), "auto.jpg", "image/jpeg")
        items = [book.seal(incident()), book.seal(photo, content, announced=True), book.begin(photo, content, 30_000)]
        lead = bodies.StandingReader(book.caseworker.kid, published.sha256_of(book.caseworker))
        until = ids.time_of(datetime.now(UTC) + timedelta(days=9))
        rescue, colleague = keys.Identity.generate(), _certified(book, "B. Ijstaan")
        split(book, rescue, book.caseworker, colleague)
        listed = bodies.ListSet(
            1, ids.now(), until, (lead,), agreed=book.caseworker.kid, rescue=published.opens(rescue)
        )
        book.act(book.vault, "list.set", listed, case=book.case, cosigner=book.caseworker)
        break_glass(book, rescue, colleague, book.caseworker)
        book.grant(*items)
        bundle = book.export(*items)
        opened.open_bundle(bundle, book.investigator, folder / "opened")
        return cls(book, bundle, unpacked(bundle, folder / "sealed"), folder / "opened")


def _certified(book: Organisation, label: str) -> keys.Identity:
    made = keys.Identity.generate()
    book.act(book.root, "key.publish", published.certificate(made, "caseworker", label, book.team))
    return made


def split(book: Organisation, rescue: keys.OpeningKey, *holders: keys.Identity) -> None:
    """Have her vault give each of them a share of a rescue key."""
    name = rescue.opening_kid
    for share, who in zip(rescue_shares.split(rescue, 2, len(holders)), holders, strict=True):
        sealed = rescue_shares.seal(share, book.case, name, who.xwing_public)
        body = bodies.RescueShare(name, share.number, who.kid, who.opening_kid, sealed, 2)
        book.act(book.vault, "rescue.share", body, case=book.case)


def break_glass(book: Organisation, rescue: keys.OpeningKey, one: keys.Identity, two: keys.Identity) -> None:
    """Have one colleague ask to use a rescue key, and the other one agree."""
    until = ids.time_of(datetime.now(UTC) + timedelta(hours=4))
    body = bodies.RescueUse(rescue.opening_kid, "zij is vermist", until)
    asked = book.act(one, "rescue.use", body, case=book.case)
    agreed = replace(body, agrees=asked.id, share=ids.Base64("AAAA"))
    book.act(two, "rescue.use", agreed, case=book.case)


def unpacked(bundle: Path, target: Path) -> Path:
    """Unpack a bundle; return its one folder."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(target)
    (folder,) = target.iterdir()
    return folder


@dataclass(frozen=True)
class Row:
    """What was done, what each verifier says, and what makes it: returns what to verify, and the anchors."""

    name: str
    python: Outcome
    shell: Outcome
    make: Callable[[Story, Path], tuple[Path, Path]]

    @property
    def foreign(self) -> Outcome:
        """What the verifier says that was written from the format pages alone.

        It unpacks nothing, reads no proof of an erasure, does not know our texts for people, and makes no CSV and no
        CASE file again.
        """
        if self.name.startswith(PACKED):
            return NOT_FOR_IT
        unseen = self.python.code == 1 and set(self.python.says) <= UNSEEN
        return HOLDS if unseen else self.python


def kept_beside(path: Path) -> list[Path]:
    """Return the folder with the receipts that somebody kept, where a row has one."""
    found = path.with_name("receipts")
    return [found] if found.is_dir() else []


PACKED: Final = ("ZIP: ", "an item alone: ", "an erasure: ")
UNSEEN: Final = frozenset({"bag-text-foreign", "derived-differs"})


def comparable(claims: list[dict[str, Any]]) -> list[str]:
    """Return claims with all that they say, but for the words in which a program says why something fails."""
    said = ({name: value for name, value in one.items() if name != "why"} for one in claims)
    return sorted(json.dumps(one, sort_keys=True) for one in said)
