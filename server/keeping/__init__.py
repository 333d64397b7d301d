"""Keeping a data folder: backup, restore, and reading the blobs again (`docs/operations/storage.md`)."""
