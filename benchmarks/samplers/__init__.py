"""How good and how dear the samplers are, ours beside the peers', on tasks they were and were not tuned on.

`tasks.py` holds what is searched, `players.py` who searches (peers through `serve.py`, in their own environments),
`race.py` the simulated asynchronous sweep, `cells.py` a player's races on a task over the seeds, `paid.py` what is
found for the same money, `cost.py` what a suggestion costs, `parallel.py` what is lost by asking before answers are in,
`telling.py` the tables.
"""
