"""The doctor: looks at a machine and its Getuige, says what is not well, and how to mend it."""
