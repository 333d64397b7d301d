"""Sealed items: ciphertext, key wraps, padding, commitments (`docs/formats/envelope.md`)."""
