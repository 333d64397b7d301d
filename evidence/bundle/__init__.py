"""Bundles that prove themselves: sealed (ciphertext and proofs) and opened (originals and proofs), and their verifier.

Formats: `docs/formats/sealed-bundle.md`, `docs/formats/opened-bundle.md`.
"""
