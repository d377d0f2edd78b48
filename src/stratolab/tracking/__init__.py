"""Tracking: every job, trial and sweep as a run of a real MLflow, which works unmodified on what is here.

A change is noted in the job store's outbox, in the transaction that makes it. A thread of whoever runs jobs
(`writer`) takes what is noted, in batches, and brings it to MLflow; only then is it taken out. A trial never waits
for that, and what a dead driver left is written by the next command. A batch goes one of two ways:

    store    straight into MLflow's SQLite tables, which takes a tenth of a millisecond a run
    client   through MLflow's own client, in a process of its own: for servers, and for versions not known here

Each is idempotent, and a test holds that MLflow reads the same from both. `make` has MLflow make the store, `server`
starts MLflow's server on it, `installed` tells which MLflow is here without importing it.

Nothing in this package imports MLflow, except the two programs that are run as processes of their own.
"""
