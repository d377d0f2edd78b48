"""The verbs of `stratolab image`."""
