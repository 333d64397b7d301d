"""Life signs of devices, apart from presses: heartbeats, batteries, positions, silence."""
