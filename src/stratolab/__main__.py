"""`python -m stratolab`."""

from stratolab.cli.main import run

run()
