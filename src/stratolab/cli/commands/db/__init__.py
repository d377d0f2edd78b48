"""`stratolab db ...`."""
