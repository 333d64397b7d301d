"""Messages of alarm devices as bytes and back: values, strict parsers, signatures, codes (`docs/formats/device.md`)."""
