"""One module a command: `EXAMPLES`, `arguments(parser)`, `run(options) -> exit code`."""
