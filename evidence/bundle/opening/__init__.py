"""Opened bundles: made where the reader's key lives."""
