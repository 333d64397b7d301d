"""The domain: sealing, statements, custody, bundles. No web, no MQTT; databases only in `evidence.store`."""

from typing import Final

VERSION: Final = "0.1.0"
"""As in pyproject.toml: what is made from a bundle names it, so that another version does not call it changed."""
