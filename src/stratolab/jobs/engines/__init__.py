"""What runs jobs: `local` for processes on this machine, behind the protocol of `jobs/engine.py`.

The local engine is two programs. In the command's process: `local` (engine and session), `launch` (finds the
lab's host or starts it). In the host's process, which imports nothing that is slow to load:

    host     starts it                      server   sockets and clients, the loop that sleeps
    keeper   the jobs in its hands          slots    the line for CPU slots
    tasks    one job: start it, count it    verdict  how an attempt ended
    memory   the limit on memory            orphans  processes that ran away from their job
    family   what the kernel knows          news     what clients are told
    unsaved  outcomes on their way to disk  starts   an attempt gets its process: cold, or from a fork server

For jobs that name warm modules the host also loads:

    forks    the fork servers and spares    orders   what these are told
    entry    which commands can be forked   forkserver/  what runs in them, which is no part of the host

Both sides share `wire` (what they say to each other) and `spool` (what is on disk).
"""
