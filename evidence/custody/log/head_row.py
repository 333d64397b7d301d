"""The head row as a log sees it that took over from another: there is one row, and it passes from log to log.

So the first swap of the new log is also what stops any integrator that still holds the old key: its own swap finds
another row, and the row that it then reads is not one that its key signed.
"""

from evidence.custody.errors import CorruptLogError, CustodyError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.integrator import Head, HeadStore


class TakeoverHeads:
    """A `HeadStore` for the log that follows `before`: while the row holds that head, this log has none."""

    def __init__(self, heads: HeadStore, before: Checkpoint) -> None:
        self._heads = heads
        self._before = before

    def load(self) -> Head | None:
        """Return this log's head row, or None while the row is still the last head of the older log.

        Raises:
            CorruptLogError: the row is another head of the older log, or there is none.
        """
        row = self._heads.load()
        return None if self._is_before(row) else row

    def swap(self, expected: Head | None, new: Head) -> bool:
        """Durably replace `expected` by `new`; None stands for the last head of the older log."""
        if expected is not None:
            return self._heads.swap(expected, new)
        row = self._heads.load()
        return self._is_before(row) and self._heads.swap(row, new)

    def _is_before(self, row: Head | None) -> bool:
        if row is None:
            raise CorruptLogError(f"{self._before.origin} was ended, and its last head is gone")
        try:
            checkpoint = SignedCheckpoint.parse(row.note).checkpoint
        except CustodyError as error:
            raise CorruptLogError(f"the head row is damaged: {error}") from error
        if checkpoint.origin != self._before.origin:
            return False
        if checkpoint != self._before:
            raise CorruptLogError(f"the head row is not the head at which {self._before.origin} ended")
        return True
