"""Getuige's alarm bridge: MQTT in, alarm life, routes to dispatchers; may use evidence, never server."""
