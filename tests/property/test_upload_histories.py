"""Proves, over generated histories, that an upload's file is always a prefix of what was sent, and ends as the blob.

The folder, the writer and the rules are the real ones; crashes are taken between any two steps, by forgetting what is
not on the disk and, in one rule, by cutting off what was never flushed.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from server.problems import ProblemError
from server.uploads import core
from server.uploads.core import Patch, Upload
from server.uploads.digests import Digests
from server.uploads.folder import UploadFolder
from server.uploads.writer import PartWriter
from tests.support.sizes import examples

SIZES = st.integers(1, 5000)


class Histories(RuleBasedStateMachine):
    """One upload through requests that arrive whole, cut, damaged or misplaced."""

    @initialize(size=SIZES)
    def announce(self, size: int) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        base = Path(self.temporary.name)
        self.content = os.urandom(size)
        self.blobs = DirectoryBlobs(base / "blobs")
        self.folder = UploadFolder(base / "uploads", self.blobs)
        self.folder.prepare()
        sha256 = ids.Sha256(hashlib.sha256(self.content).hexdigest())
        owner, item = ids.KeyId("0" * 32), ids.ItemId(ids.new_id())
        self.name = core.upload_id(owner, core.Creation(size, item, sha256))
        expires = ids.Time("2100-01-01T00:00:00.000Z")
        self.folder.create(Upload(self.name, owner, "account", item, sha256, size, expires))
        self.acknowledged = 0

    def teardown(self) -> None:
        if hasattr(self, "temporary"):
            self.temporary.cleanup()

    @property
    def upload(self) -> Upload:
        found = self.folder.notes.load(self.name)
        assert found is not None
        return found

    def unfinished(self) -> bool:
        return not self.upload.complete and self.acknowledged < len(self.content)

    def request(self, data: bytes, *, whole: bool, checksum: bytes | None) -> None:
        at = self.folder.settle(self.upload)
        assert core.decide_patch(self.upload, at, Patch(at, len(data), checksum)) >= len(data)
        digests = Digests() if at == 0 else self.folder.digests(self.name)
        writer = PartWriter(self.folder.part(self.name), at, digests, checksum)
        for start in range(0, len(data), 700):
            writer.write([data[start : start + 700]])
        written = writer.finish(whole_request=whole)
        counts = checksum is None or (whole and hashlib.sha256(data).digest() == checksum)
        assert written.checksum_holds is counts
        assert written.offset == at + (len(data) if counts else 0)
        self.acknowledged = written.offset
        self.folder.flushed(self.name, written.stamp, writer.digests)

    @precondition(unfinished)
    @rule(size=SIZES, whole=st.booleans(), checked=st.booleans())
    def send(self, size: int, whole: bool, checked: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        data = self.content[self.acknowledged : self.acknowledged + size]
        self.request(data, whole=whole, checksum=hashlib.sha256(data).digest() if checked else None)

    @precondition(unfinished)
    @rule(size=SIZES, at=st.integers(0, 4999))
    def send_damaged(self, size: int, at: int) -> None:
        data = bytearray(self.content[self.acknowledged : self.acknowledged + size])
        good = hashlib.sha256(data).digest()
        data[at % len(data)] ^= 1
        self.request(bytes(data), whole=True, checksum=good)

    @precondition(unfinished)
    @rule(wrong=st.integers(-20, 20).filter(bool))
    def misplaced(self, wrong: int) -> None:
        start = self.acknowledged + wrong
        assume(start >= 0)
        with pytest.raises(ProblemError) as refused:
            core.decide_patch(self.upload, self.folder.settle(self.upload), Patch(start, 1, None))
        assert refused.value.kind.name == "upload-offset"
        assert refused.value.members["upload_offset"] == self.acknowledged

    @rule()
    def restart(self) -> None:
        """Forget what is only in memory."""
        self.folder = UploadFolder(self.folder.part(self.name).parent, self.blobs)

    @precondition(unfinished)
    @rule(size=SIZES)
    def die_while_writing(self, size: int) -> None:
        """Bytes reach the file, but the request never ends; after the restart they count, as they are a prefix."""
        data = self.content[self.acknowledged : self.acknowledged + size]
        writer = PartWriter(self.folder.part(self.name), self.acknowledged, None, None)
        writer.write([data])
        os.close(writer._handle)
        self.restart()
        self.acknowledged = self.folder.settle(self.upload)

    @precondition(lambda self: not self.upload.complete and self.acknowledged == len(self.content))
    @rule()
    def finish(self) -> None:
        self.folder.finish(self.upload)
        assert self.upload.complete

    @precondition(lambda self: self.upload.complete)
    @rule()
    def die_before_the_note(self) -> None:
        """Go back to where the blob was in place and the note about it was not written."""
        whole = self.folder.notes._whole(self.name)
        whole.rename(self.folder.notes._open(self.name))
        self.restart()
        found = self.folder.notes.load(self.name)
        assert found is not None
        assert self.folder.settle(found) == len(self.content)
        self.folder.finish(found)

    @invariant()
    def what_counts_is_a_prefix_and_nothing_acknowledged_is_lost(self) -> None:
        if not hasattr(self, "name"):
            return
        assert self.folder.settle(self.upload) == self.acknowledged
        if self.upload.complete:
            with self.blobs.open(self.upload.sha256) as file:
                assert file.read() == self.content
        else:
            assert self.folder.part(self.name).read_bytes() == self.content[: self.acknowledged]


TestHistories = Histories.TestCase
TestHistories.settings = hypothesis_settings(max_examples=examples(60), stateful_step_count=25)
