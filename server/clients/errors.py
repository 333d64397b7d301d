"""The errors of the reference clients. Each text is meant for the person who reads it."""


class ClientError(Exception):
    """A client could not do what was asked; the text says what is safe and what to do next."""


class UnreachableError(ClientError):
    """No answer came: what was kept here stays here, and the same call may be made again."""


class RefusedError(ClientError):
    """The server answered with a problem document (RFC 9457)."""

    def __init__(
        self,
        status: int,
        name: str,
        text: str,
        *,
        reason: str = "",
        retry_after_s: int = 0,
        receipt: str = "",
        stored: object = None,
        head: str = "",
    ) -> None:
        super().__init__(text or f"HTTP {status}")
        self.status = status
        self.name = name
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.receipt = receipt
        self.stored = stored
        self.head = head


class StoppedError(RefusedError):
    """The server refused one statement of a batch: those before it are stored, that one and those behind it are not."""

    def __init__(self, refused: RefusedError, receipts: object) -> None:
        super().__init__(refused.status, refused.name, str(refused))
        self.refused = refused
        """Why it was refused."""
        self.receipts = receipts
        """What the server says of those before it."""


class DistrustError(ClientError):
    """What the server says does not follow from the anchors that this client pinned: nothing was believed."""


class FolderError(ClientError):
    """The folder that is this client's memory is missing something, or is in use, or holds something else."""


class PhraseError(ClientError):
    """The pass phrase does not open this key."""
