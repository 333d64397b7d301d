"""Several bridges of one installation: what each tells the others, and hears from them."""
