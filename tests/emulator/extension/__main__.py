"""Start the emulator on a socket that the parent opened: `python -m tests.emulator.extension FILE_DESCRIPTOR`.

Prints `ready` when it serves. It ends when its standard input closes, which the parent's death does too,
and takes along every process that it started.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import threading

from tests.emulator.extension import selfcheck

MISSING = 3  # the exit code when ministack is not the one this package was written for


def main() -> None:
    """Check, attach, serve."""
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
    absent = selfcheck.missing()
    if absent:
        sys.stderr.write("ministack has changed; these names are missing:\n  " + "\n  ".join(absent) + "\n")
        sys.exit(MISSING)
    from tests.emulator.extension import attach, control

    attach.all_parts()
    _serve(control.application, int(sys.argv[1]))


def _serve(application: object, descriptor: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    config.loglevel = "WARNING"

    async def announced(scope: dict, receive: object, send: object) -> None:
        async def telling(message: dict) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                os.write(1, b"ready\n")

        await application(scope, receive, telling if scope["type"] == "lifespan" else send)

    asyncio.run(serve(announced, config))


def _end_with_parent() -> None:
    """Wait until the parent lets go of our standard input, then end this whole process group."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    with contextlib.suppress(Exception):  # whatever happens, the rest of the end follows
        from tests.emulator.extension import stores

        stores.end_work()
    shutil.rmtree(os.environ["EMULATOR_FOLDER"], ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
