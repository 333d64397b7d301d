"""The way in: presses, dispatchers' acts and deadlines become facts in the spool."""
