"""Time stamps of the log's heads: asking the authorities, keeping the tokens, renewing them."""
