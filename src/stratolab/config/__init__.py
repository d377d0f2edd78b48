"""Configuration: the two files as typed values, and everything that can be wrong with them.

The story of a file, in order:

1. `load.py` reads it within limits and has `syntax.py` parse it. What is no TOML ends here, with its line.
2. `models.py` says what may stand where. `wording.py` turns what pydantic objects to into plain words.
3. `checks.py` looks at what types cannot see: names, references, paths; and texts anywhere (`texts.py`), commands
   (`commands.py`), spaces (`spaces.py`), secrets (`secrecy.py`), cron lines (`cron.py`), addresses (`addresses.py`).
4. `lines.py` gives every finding its line, and only if there is a finding: a sound file pays nothing for it.

All of this collects `core.findings.Finding`, so that one run shows everything. Nothing of a value that may be a
secret is ever put into a finding.
"""
