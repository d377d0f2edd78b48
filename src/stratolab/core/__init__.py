"""Words that every other package shares: errors, findings, names, units, crash points.

Nothing here knows what a job, a sweep or a stack is, and nothing here imports anything but the
standard library.
"""
