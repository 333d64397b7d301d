"""Erasures that she asked for, a caseworker agreed to and fourteen days passed over (`docs/operations/erasure.md`)."""
