"""Sealed items as files: a folder, copies in S3 under Object Lock, and reading them again."""
