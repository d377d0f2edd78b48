"""The verbs of `stratolab config`."""
