"""The verbs of `stratolab jobs`."""
