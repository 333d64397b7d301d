"""What a photo, film or sound says about itself, read on the phone before it is sealed: when and where it was made."""
