"""Sound configurations that several tests begin from."""

from __future__ import annotations

DESIGN = """\
# The project of the design page.
[project]
name = "world-series"
lab = "local"
environment = "dev"
requirements = "requirements.lock"

[jobs.train]
command = "python train.py"
cpus = 1
memory = "2GiB"
timeout = "30m"
retries = 1
env = { OMP_NUM_THREADS = "1" }
secrets = { DB_URL = "world-series/database" }
queue = "small"

[sweeps.tune]
job = "train"
metric = "log_loss"
goal = "minimize"
trials = 60
parallel = 2
sampler = "auto"
stop = { hours = 2, dollars = 10, patience = 30 }
prune = "median"
warm = ["numpy", "sklearn"]
[sweeps.tune.space]
depth = { int = [2, 12] }
rate = { float = [0.001, 0.3], log = true }
model = { choice = ["gbm", "forest"] }
leaves = { int = [8, 256], log = true, when = { model = "gbm" } }

[services.predictor]
model = "world-series@champion"
sample = { year = 2015 }
instances = { min = 1, max = 4, cpu_target = 60 }
access = ["203.0.113.0/24"]

[schedules.retrain]
job = "train"
cron = "0 6 * * MON"
timezone = "Europe/Paris"
"""

SMALLEST = """\
[project]
name = "p"
"""

LIST = """\
project.name = "lists"
jobs."count".command = [
    "python",
    "count.py",   # a comment
    "--to={to}",
]
jobs.count.data = ["data/a.csv", 'data/b c.csv']
jobs.count.folder = "sub"

[[sweeps.these.points]]
to = 3
[[sweeps.these.points]]
to = 5
[sweeps.these]
job = "count"
metric = "val/score"
goal = "maximize"
sampler = "list"
fixed = { "model.depth" = 3, fast = true }
seed = 7
"""

GRID = """\
[project]
name = "grid"
[local]
cpus = 2.5
store = "postgresql://ana@db.example.com/lab"
[jobs.fit]
command = ["sh", "-c", "echo $A | tee log"]
timeout = 90
env = { A = \"\"\"two
lines\"\"\" }
[sweeps.all]
job = "fit"
metric = "loss"
sampler = "grid"
[sweeps.all.space]
a = { float = [0, 1], steps = 3 }
b = { choice = [1, 2.5, "x", true] }
c = { int = [1, 9], when = { b = ["x", true] } }
"""

SOUND = {"design": DESIGN, "smallest": SMALLEST, "list": LIST, "grid": GRID}
