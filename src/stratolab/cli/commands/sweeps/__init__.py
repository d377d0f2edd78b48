"""The verbs of `stratolab sweeps`."""
