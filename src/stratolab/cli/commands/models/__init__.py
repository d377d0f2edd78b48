"""The verbs of `stratolab models`."""
