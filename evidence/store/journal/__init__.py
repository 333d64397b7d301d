"""The journal on a database: one writer with group commit, readers, and what they add up to."""
