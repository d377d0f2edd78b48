"""The plain loop that all are compared with: spawn, wait, spawn. Decides nothing, keeps nothing but the output."""

import json
import os
import random
import sys
import time


def main():
    order = json.loads(sys.argv[1])
    dice = random.Random(1)
    running, ended = 0, []
    for number in range(order["count"]):
        if running == order["workers"]:
            os.waitpid(-1, 0)
            ended.append(time.time())
            running -= 1
        words = [order["python"], order["trial"], "--witness", order["witness"]]
        for name in ("--x", "--y", "--z"):
            words += [name, repr(dice.random())]
        log = os.open(
            os.path.join(order["folder"], f"{number}.log"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        os.posix_spawn(words[0], words, os.environ, file_actions=actions)
        os.close(log)
        running += 1
    while running:
        os.waitpid(-1, 0)
        ended.append(time.time())
        running -= 1
    with open(os.path.join(order["folder"], "ended.json"), "w") as file:
        json.dump(ended, file)


main()
