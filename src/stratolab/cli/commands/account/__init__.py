"""Verbs about the account that a lab is in."""
