"""The domain: sealing, statements, custody, bundles. No web, no MQTT; databases only in `evidence.store`."""
