"""The plain loop: N processes, so many at a time, the output of each in a file. Nothing is kept or decided.

Run by its path, so that it costs no more than it must: `python -I -S bare.py HOW N SLOTS PYTHON SCRIPT FOLDER`
with HOW `spawn` (posix_spawn, as little as one can do) or `popen` (subprocess.Popen, as one would write it).
Each process leads a session, as a job of ours does: on a busy machine Linux shares CPUs out by session, so that a loop
in one session would only be held up longer.
The last line printed is the time of the first start, in seconds since the epoch.
"""

import os
import random
import sys
import time


def main(how: str, count: str, slots: str, python: str, script: str, folder: str) -> None:
    begin = _spawn if how == "spawn" else _popen()
    os.makedirs(folder, exist_ok=True)
    began = time.time()
    running = 0
    for number in range(int(count)):
        if running == int(slots):
            os.waitpid(-1, 0)
            running -= 1
        words = [python, script, "--x", repr(random.random()), "--y", repr(random.random())]
        begin(words, os.path.join(folder, f"{number}.log"))
        running += 1
    while running:
        os.waitpid(-1, 0)
        running -= 1
    print(began)


def _spawn(words: list[str], log: str) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.posix_spawn(
            words[0],
            words,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, file, 1), (os.POSIX_SPAWN_DUP2, file, 2)],
            setsid=True,
        )
    finally:
        os.close(file)


def _popen():
    import subprocess

    started = []  # kept, or Popen would wait for its children by itself

    def begin(words: list[str], log: str) -> None:
        with open(log, "wb") as file:
            started.append(
                subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
            )

    return begin


if __name__ == "__main__":
    main(*sys.argv[1:])
