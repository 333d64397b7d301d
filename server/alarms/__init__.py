"""What dispatchers see of alarms: the bridge's own feed, passed on. The bridge owns alarms; this is a window."""
