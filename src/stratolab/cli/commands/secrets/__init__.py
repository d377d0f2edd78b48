"""The verbs of `stratolab secrets`."""
