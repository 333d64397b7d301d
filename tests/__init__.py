"""A package by name only: gmqtt installs a top-level `tests` of its own, which would hide this folder from children."""
