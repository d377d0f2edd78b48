"""One process that reports runs as a job of ours does: `python our_run.py FILE RUNS`. Prints JSON, milliseconds."""

import json
import os
import sys
import time


def main(file, runs):
    os.environ["STRATOLAB_REPORT"] = file
    began = time.process_time()
    from stratolab import report

    imported = time.process_time() - began
    whole = []
    for _ in range(int(runs)):
        began = time.perf_counter()
        for step in range(100):
            report(step=step, loss=1 / (step + 1))
        whole.append(time.perf_counter() - began)
    run = 1000 * sum(whole) / len(whole)
    print(json.dumps({"call": run / 100, "run": run, "import": 1000 * imported}))


main(*sys.argv[1:])
