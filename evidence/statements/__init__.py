"""DSSE-signed statements: their types, bytes, verification and authority rules (`docs/formats/statement.md`)."""
