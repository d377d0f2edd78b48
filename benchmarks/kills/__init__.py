"""What kill -9 costs a search: points lost, points completed twice, work done again; ours beside Optuna's storages.

A search over known points runs in one or two drivers. A killer picks one at random moments, sends SIGKILL and starts
another. When the last driver ends, the store is asked which points have a result, and a file to which each
evaluation appends says which were computed. `sides.py` is who searches, `hunt.py` the killer.
"""
