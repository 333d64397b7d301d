"""The life of an alarm, its escalation, its names, and its sealing as evidence. No clock, no disk, no network."""
