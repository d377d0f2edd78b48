"""The account that an AWS lab is in: what no template sets, how it stands, and how people get into it.

- `hardening`: settings of the account itself. What is there is read, what should be follows from it and from
  `lab.toml`, and the difference is shown before anything is changed.
- `undo`: the file that puts it all back.
- `doctor`: everything that can be seen to be wrong, and what mends it.
- `shell`: credentials of hours in place of keys.

A setting is never made looser than it was found: what is stricter than we would have it stays.
"""
