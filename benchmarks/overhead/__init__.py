"""What a sweep costs beside a plain loop that spawns the same processes.

`bare.py` is that loop, `ours.py` makes a project and gives the command of our sweep, `meter.py` runs either as a
whole process and reads the kernel's own accounts of it and of everything that it started, `__main__.py` pairs and
prints. Start-up is everything before the first trial's process begins; it is told apart.
"""
