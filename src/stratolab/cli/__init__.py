"""The command line: words in, words out.

`main.py` finds the command's module in `table.py`, lets it declare its arguments, calls it, and turns an
error into a message and an exit code. A command (`commands/<noun>/<verb>.py`) is a page: read the options, call the
lab, show the result. Colours, tables, prompts and `--json` belong to `ui.py`.
"""
