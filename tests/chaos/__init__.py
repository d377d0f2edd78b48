"""Faults: drivers killed, hosts killed, clocks stopped; and one checker that looks at what is left.

A quick form runs with all tests; STRATOLAB_CHAOS=full (`make chaos`) runs the full one. Every random choice
comes from a seed that a failure prints.
"""
