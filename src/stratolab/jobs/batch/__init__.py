"""What AWS Batch tells of jobs, written into the store's tables: in any order, however often, once each.

    Batch -> EventBridge -> queue -> `handler` (a Lambda in the environment's network) -> the environment's database

1. `notices` reads an event: which one, when, and the job as it stood then (`aws.batch_jobs`).
2. `progress` says what that means in the store's own words: state, reason, times.
3. `recording` writes it in one transaction. A job that the store does not know gets a row. The event goes into the
   job's history, where its id keeps it from being written twice. The row changes only if no later event has come
   before: so whatever the order, the row stands as the latest event left it, and what has ended stays ended.
4. `installing` brings the store's tables to their newest version, with the same migrations that the command line has,
   and makes the user that the function logs in as. A deployment calls it before the first event is taken.

The functions of `jobs.store` and the transactions of `jobs.database` are the ones that the command line uses.
"""
