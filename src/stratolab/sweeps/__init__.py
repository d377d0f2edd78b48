"""Sweeps: a search over parameters, many trials at a time, nothing lost and nothing done twice.

The story, in order:

1. `driver.Driver` opens the sweep in the *ledger* (`ledger.py`): one row a trial in the lab's database,
   which alone is the truth. Samplers, pruners and the live view are rebuilt from it.
2. It asks the *sampler* for points. A sampler is a function of what is known (`sampler.py`); asking happens in
   a thread, ahead of need, so that a free slot never waits.
3. A point becomes a trial by a *claim*: one transaction that gives it a number, an owner, a lease and a fence.
   Only then is its job submitted.
4. When the engine says that a job ended, `values.py` reads what the script reported, and the result is written
   by compare-and-set on owner and fence: a driver that was overtaken cannot write.
5. A driver that dies leaves leases behind. Whoever resumes takes them over: a job that still runs or has ended
   is adopted, one of which there is no trace is run again.

What it costs: a commit per group of results (0.3 ms). What it buys: kill -9 at any point, any number of drivers.
"""
