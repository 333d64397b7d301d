"""Sealed bundles and the verifier as one file: made by a server that can read none of the evidence."""
