"""Seal and open items: ciphertext, key wraps, padding, commitments (`docs/formats/envelope.md`)."""
