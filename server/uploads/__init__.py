"""Resumable uploads (tus 1.0): what is acknowledged is on the disk (`docs/formats/uploads.md`)."""
