"""What every rule asks that names a key to wrap to."""

from evidence import canonical, ids, xwing
from evidence.errors import FormatError
from evidence.statements.errors import refuse


def check_xwing(public: ids.Base64 | None) -> None:
    """Refuse a key that nobody could wrap to: it would be found out when an item is needed."""
    if public is None:
        return
    try:
        xwing.check_public(canonical.unb64(public))
    except FormatError:
        refuse("xwing", "that is no X-Wing public key")
