"""`lab.toml`, the file of an AWS lab's owner: what the lab is made of, as typed values.

It is read as a project's file is (`config/reading.py`), and its story is the same:

1. `load.py` is the door: `load_lab`, `check_lab`, `lab_from_mapping`.
2. `profiles.py` puts in what the lab's profile (`lab`, `standard`, `hardened`) makes of keys that are not given, so
   that whoever uses the configuration never asks for the profile.
3. The models say what may stand where: `models.py` the file, `networks.py`, `databases.py`, `queues.py` and
   `tracking.py` its larger tables.
4. `checks.py` finds what types cannot see, with one module for each larger table, and `cidrs.py` for the arithmetic
   of address ranges that `infra` uses too.

Every default is safe; what would be cheaper or more dangerous has to be written down.
"""
