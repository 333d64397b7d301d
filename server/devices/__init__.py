"""Alarm devices for the caseworkers of a team: is each in order, since when, and why not."""
