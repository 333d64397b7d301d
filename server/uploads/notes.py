"""The notes of uploads: `<id>.open` says what was announced, and its name what has become of it.

When the file is complete its note is called `<id>.whole`, until a statement has sealed it. Then `done/<two
digits>/<id>.done` remains for clients that did not hear the last answer. Those of a week may be a hundred thousand, so
nothing that a phone waits for looks through them. `<item>-<key>.begun` says in which upload an announced item arrives.
"""

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from evidence import canonical, files, ids, schema
from evidence.errors import FormatError
from server.uploads.cache import Remembered
from server.uploads.core import EXPIRY_S, UPLOAD_ID_BYTES, Upload

DONE: Final = ".done"
"""The end of a note's name tells that its upload is complete and sealed; nothing in it does."""

WHOLE: Final = ".whole"
"""The end of the name of a note whose upload is complete, and that no statement has sealed yet."""

OPEN: Final = ".open"
"""The end of the name of an announcement whose upload is not complete."""

BEGUN: Final = ".begun"
"""The end of the name of a note about an announced item."""

MAX_ANNOUNCEMENTS: Final = 16_384
"""Announcements remembered, half a kilobyte each; one that is missing is read."""

_log = structlog.get_logger(__name__)


class Notes:
    """What one server has written down about its uploads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._announcements: Remembered[Upload] = Remembered(MAX_ANNOUNCEMENTS)

    def _open(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}{OPEN}"

    def _whole(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}{WHOLE}"

    def _done(self, upload_id: str) -> Path:
        return self._folder / done_note(upload_id)

    def _begun(self, item: ids.ItemId, owner: ids.KeyId) -> Path:
        return self._folder / f"{item}-{owner}{BEGUN}"

    def announce(self, upload: Upload) -> None:
        """Write down what was announced; durable when it returns."""
        files.replace(self._open(upload.id), canonical.encode(schema.encode(upload)))

    def withdraw(self, upload: Upload) -> None:
        """Forget that it was announced; durable when the folder is."""
        self._open(upload.id).unlink(missing_ok=True)

    def begin(self, upload: Upload) -> None:
        """Write down that its item, which was announced, arrives in this upload; durable when it returns."""
        files.replace(self._begun(upload.item, upload.owner), canonical.encode(schema.encode(upload)))

    def whole(self, upload: Upload) -> None:
        """Write down that all of it is here. Safe to repeat.

        Not flushed: should the old name come back after a power cut, the blob is found and this is done again.
        """
        with contextlib.suppress(FileNotFoundError):  # another request did it
            self._open(upload.id).replace(self._whole(upload.id))
            os.utime(self._whole(upload.id))  # from now on it waits for its statement

    def sealed(self, upload_id: str) -> None:
        """Put the note of a complete upload away: a statement names its item now. Safe to repeat."""
        whole, done = self._whole(upload_id), self._done(upload_id)
        if whole.exists():
            files.make_folder(done.parent)
            with contextlib.suppress(FileNotFoundError):
                whole.replace(done)

    def forget(self, upload: Upload) -> None:
        """Remove what is written about an upload itself; durable when the folder is."""
        for note in (self._open(upload.id), self._whole(upload.id), self._done(upload.id)):
            note.unlink(missing_ok=True)

    def forget_begun(self, upload: Upload) -> None:
        """Remove the note that an announced item arrives in it; durable when the folder is."""
        self._begun(upload.item, upload.owner).unlink(missing_ok=True)

    def load(self, upload_id: str) -> Upload | None:
        """Return an announcement; None when there is none of that name."""
        try:
            name = ids.hex_text(upload_id, UPLOAD_ID_BYTES)
        except FormatError:
            return None
        # In this order: the note moves from here to there at any moment.
        return _read(self._open(name)) or _read(self._whole(name)) or _read(self._done(name))

    def begun(self, item: ids.ItemId, owner: ids.KeyId) -> Upload | None:
        """Return the upload that an announced item of `owner` arrives in; None when it was not noted."""
        return _read(self._begun(item, owner))

    def every_begun(self) -> Iterator[Upload]:
        """Yield every upload that an announced item arrives in."""
        return _noted(_names(self._folder, "", BEGUN))

    def of_item(self, item: ids.ItemId) -> list[Upload]:
        """Return the uploads of an item, whoever makes them."""
        done = self._folder / Path(done_note(item)).parent
        waiting = _names(self._folder, item, OPEN, WHOLE)
        return list(_noted((*waiting, *_names(done, item, DONE))))

    def of_items(self, items: Collection[ids.ItemId]) -> list[Upload]:
        """Return the uploads of these items, and those that they arrive in."""
        begun = _noted(note for item in items for note in _names(self._folder, item, BEGUN))
        return [*(upload for item in items for upload in self.of_item(item)), *begun]

    def unfinished(self) -> Iterator[Upload]:
        """Yield every upload that is not complete."""
        return _noted(_names(self._folder, "", OPEN))

    def waiting(self) -> Iterator[Upload]:
        """Yield every upload that is complete, and whose item no statement has sealed as far as its note tells."""
        return _noted(_names(self._folder, "", WHOLE))

    def unsealed(self) -> Iterator[Upload]:
        """Yield what `unfinished` and `waiting` yield, from memory where it can: a phone waits for this."""
        for note in _names(self._folder, "", OPEN, WHOLE):
            upload = self._announced(note)
            if upload is not None:
                complete = note.suffix == WHOLE
                yield upload if upload.complete == complete else replace(upload, complete=complete)

    def has_other(self, upload: Upload) -> bool:
        """Whether another upload that is not sealed became, or may become, the same file."""
        return any(one.sha256 == upload.sha256 and one.id != upload.id for one in self.unsealed())

    def expired(self, now: ids.Time) -> list[Upload]:
        """Return the uploads whose time is over, complete and sealed ones (of which only the note remains) included."""
        every = (*self.unfinished(), *self.waiting(), *_noted(self._folder.glob(f"**/*{DONE}")))
        return [each for each in every if self.is_expired(each, now)]

    def is_expired(self, upload: Upload, now: ids.Time) -> bool:
        """Whether an upload's time is over; one that waits for its statement has a week from its last byte."""
        try:
            whole_since = self._whole(upload.id).stat().st_mtime
        except FileNotFoundError:
            return upload.expires_at <= now
        return whole_since + EXPIRY_S <= ids.moment_of(now).timestamp()

    def _announced(self, note: Path) -> Upload | None:
        """Return what a note announces, whatever has become of it: all of that is in its name, so it never changes.

        Judging the room of one upload looks at all others, and reading them anew each time would be what costs.
        """
        known = self._announcements.get(note.stem)
        if known is None and (known := _read(note)) is not None:
            self._announcements.keep(note.stem, known)
        return known


def done_note(upload_id: str) -> str:
    """Return where, in the folder of the uploads, the note about a complete one is."""
    return f"done/{upload_id[:2]}/{upload_id}{DONE}"


def _noted(notes: Iterable[Path]) -> Iterator[Upload]:
    for note in notes:
        upload = _read(note)
        if upload is not None:
            yield upload


def _names(folder: Path, begin: str, *ends: str) -> list[Path]:
    """Return the files whose names begin and end so: `Path.glob` takes ten times as long, and a phone waits."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a Path for each of them is what takes the time
    except FileNotFoundError:
        return []
    return [folder / name for name in names if name.startswith(begin) and name.endswith(ends)]


def _read(note: Path) -> Upload | None:
    try:
        upload = schema.decode(Upload, canonical.decode_exact(note.read_bytes()))
    except FileNotFoundError:
        return None
    except FormatError as error:  # a power cut, or a disk that rots: it costs this upload, which is announced anew
        _log.warning("the note of an upload cannot be read", error=str(error))
        return None
    return replace(upload, complete=note.suffix in {WHOLE, DONE})
