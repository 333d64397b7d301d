"""Sealed items: who may fetch which, and the bytes."""
