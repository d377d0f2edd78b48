"""The verbs of `stratolab files`."""
