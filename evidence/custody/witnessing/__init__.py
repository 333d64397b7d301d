"""Witnesses: who cosigns the heads of a log, and under which policy they count (c2sp.org/tlog-witness)."""
