"""Each team's chance to win the World Series of a year, judged only by what was known before it.

The story, in order:

1. `data` reads Lahman's Teams table into one grid: a row per season, a column per franchise.
2. `features` turns the grid into numbers per season and team, from earlier seasons alone or, as a stated
   option, with the regular season that has just ended.
3. `model` is a conditional logit: one winner among the teams of a season, so the chances sum to one.
4. `evaluate` walks forward: a season is predicted by a model fitted on the seasons before it, and scored
   beside two baselines.
"""
