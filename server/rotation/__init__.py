"""Rotating the key of the log, and the trust folder that readers get afterwards."""
