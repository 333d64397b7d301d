"""Cases and their timelines, as far as the reader may see them."""
