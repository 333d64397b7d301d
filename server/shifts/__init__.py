"""Shifts, who watched the console and when: read from the journal, for the people who must be able to show it."""
