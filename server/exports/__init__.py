"""Sealed bundles: prepared, committed to by a signed statement, then built by a server that can read none of it."""
