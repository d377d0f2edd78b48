"""`stratolab cost ...`."""
