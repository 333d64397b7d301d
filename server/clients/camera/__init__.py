"""Facts of a camera, read on the phone before sealing: when and where a photo, film or sound says it was made."""
