"""The verbs of `stratolab project`."""
