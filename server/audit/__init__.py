"""Auditing somebody's published log: reading it, remembering what was seen, saying what was found."""
