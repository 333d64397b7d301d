"""Alarms as dispatchers see them: the bridge's own feed, passed on. The bridge owns alarms; this is a window."""
