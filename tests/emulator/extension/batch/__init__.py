"""AWS Batch whose container jobs run: each attempt is a process on this machine.

`records` keeps what jobs run on (environments, queues, definitions), `jobs` what was submitted and where it
stands, `scheduler` decides who runs next, `attempts` runs one attempt, `api` answers the calls.

Real: exit codes, logs in CloudWatch Logs, environment and secrets, credentials of the job's role, retries with
their conditions, time limits, arrays, dependencies, cancelling and terminating, the events of each state.
Not real: the image (the command runs on this machine, see `Emulator.image`), instances, memory limits.
"""
