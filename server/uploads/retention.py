"""The end of uploads that became nothing: which of them go, when, and what is never touched.

State rules:
- What arrived of an announced item (`item.open`) is evidence: it stays, whatever happens to its key (`begun`).
- What is not complete goes a week after its announcement; what is complete and not sealed a week after its last byte.
- Both go at once when their key is no longer in force: no statement about them can come any more.
- A complete file goes only when no statement names it and no other upload became it, under a lock that whoever seals it
  holds from looking at it until its statement is durable. The uploader chose both names; neither is believed.
- A crash leaves the note, and all of this is done again.
"""

from evidence import ids
from server.uploads import begun
from server.uploads.core import Upload
from server.uploads.store import UploadStore


class Retention:
    """Judges and ends uploads. All of it blocks."""

    def __init__(self, store: UploadStore) -> None:
        self._journal = store.journal
        self._folder = store.folder
        self._notes = store.folder.notes
        self._blobs = store.blobs
        self._copies = store.copies

    def keeps(self, upload: Upload) -> bool:
        """Whether an upload is of an announced item: then what arrived is evidence (`server.uploads.begun`)."""
        return self._journal.ask(lambda standing: begun.keeps(standing, self._folder, upload))

    def over(self) -> list[Upload]:
        """Return the uploads that go now."""
        now = ids.now()
        every = [*self._notes.unfinished(), *self._notes.waiting()]  # once: another may come while we look
        in_force = {owner: self._is_in_force(owner) for owner in {one.owner for one in every}}
        revoked = (one for one in every if not in_force[one.owner])
        found = {one.id: one for one in (*self._notes.expired(now), *revoked)}
        return [one for one in found.values() if not self.keeps(one)]

    def is_over(self, upload: Upload) -> bool:
        """Whether this upload goes."""
        expired = self._notes.is_expired(upload, ids.now())
        return (expired or not self._is_in_force(upload.owner)) and not self.keeps(upload)

    def end(self, upload: Upload) -> bool:
        """Let go of an upload if it is still over; False while a statement about its file is on its way."""
        if self.is_over(upload):
            if upload.complete and not self._is_free(upload):
                return False
            self._folder.remove(upload)
        return True

    def _is_in_force(self, kid: ids.KeyId) -> bool:
        return self._journal.ask(lambda standing: standing.public_key(kid) is not None)

    def _is_free(self, upload: Upload) -> bool:
        """Whether the note of a complete upload may go; its file went too, unless somebody else needs it."""
        if self._copies.is_sealed(upload.sha256) or self._notes.has_other(upload):
            return True
        if self._blobs.file(upload.sha256) is None:
            return True
        hold = self._folder.hold_blob(upload.sha256, alone=True)
        if hold is None:
            return False  # a statement about it is on its way
        try:
            # Once more: what was on its way may have become a statement before the file was ours.
            if not self._copies.is_sealed(upload.sha256):
                self._blobs.destroy(upload.sha256)
            return True
        finally:
            hold.release()
