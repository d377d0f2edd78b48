"""Verbs about a lab in an AWS account."""
