"""The main job of Getuige, played on one machine by the real clients over real HTTP and real MQTT."""
