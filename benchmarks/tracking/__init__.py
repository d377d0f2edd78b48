"""What it costs a script to report, and a sweep to keep what was reported: MLflow's stores beside ours.

`mlflow_run.py` runs in MLflow's environment, `our_run.py` in ours: each times one process's runs of 10 parameters and
100 steps of a metric. `path.py` asks what 100 reports more cost a whole sweep, in CPU time of all its processes.
"""
