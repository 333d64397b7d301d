"""Rotation of a log's key: one line of logs, each of which commits to the end of the one before."""
