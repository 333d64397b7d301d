"""What stands where in a bundle: bag, layout, openings, and the parts that its maker and its verifier share."""
