"""What a sweep costs, ours beside its peers': each runs the same tiny script, one process a trial, two at a time.

`trial.py` is the script, `drivers/` has one small program for each peer, run in the peer's own environment,
`contestants.py` says who takes part and with which command, `witness.py` reads what the trials themselves wrote down,
`contest.py` runs the rounds, `telling.py` makes the table of them.
"""
