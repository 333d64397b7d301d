"""The form of a bundle: bag, layout, openings, and the parts that its maker and its verifier share."""
