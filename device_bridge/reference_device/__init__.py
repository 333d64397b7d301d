"""The reference alarm device: what a panic button does, on real MQTT."""
