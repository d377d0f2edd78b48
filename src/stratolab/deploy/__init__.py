"""Make an account match the catalogue of stacks.

    config --infra.catalogue--> stacks wanted --planner--> Plan --executor--> events ... --> outputs
                                                  ^ reads, never changes        ^ carries out that plan, nothing else

`planner` renders the wanted stacks, asks CloudFormation by change sets what would change where there is an account, and
compares templates where there is none. `executor` works through the plan, independent stacks side by side, and tells of
it by events; it decides nothing but what `states` says about a stack that AWS left in some state. `teardown` is the
way back. CloudFormation keeps the state and the locks; what is written here is nothing but a lease that keeps two
people from applying at once. What it costs: a change set for each stack that exists, a few seconds each,
before anything is asked.
"""
