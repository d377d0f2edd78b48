"""Jobs: one run of a command with resources, from the spec to the record of how it ended.

The story, in order:

1. `service.submit` turns a `JobSpec` into a row of the store (state queued) and asks the engine to
   `prepare` the exact request. Nothing runs yet.
2. `engine.open` connects to what runs jobs. Locally that is the *host* (`engines/host.py`): one small
   process per lab, started on demand, that owns the job processes, their limits and the CPU slots. It
   is not the process that the user sees: that one may be killed at any moment and the jobs go on.
3. The host leaves `outcome.json` in the job's folder before it tells anyone that a job has ended. So
   the end of a job is on disk even if nobody listens.
4. Whoever listens writes the end into the store, by compare-and-set on the job's fence. If nobody did,
   the next command does (`service.reconcile`).

What it costs: a socket and a process beside the driver. What it buys: no polling, no lost ends, CPU
slots shared by all commands on a lab.
"""
