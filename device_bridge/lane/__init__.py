"""The press lane: a process of its own, in which a press is verified, stored and answered, and nothing else is done.

It meets the bridge in a file (`device_bridge.spool.inbox`) that it alone writes, so that nothing the bridge does, and
no way in which the bridge ends, holds up a press (docs/adr/0024-the-lane-is-a-process.md).
"""
