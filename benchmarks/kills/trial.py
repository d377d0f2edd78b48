"""One evaluation: takes a moment, notes that it was done, prints its value: `trial.py NOTE SECONDS --x POINT`."""

import os
import sys
import time


def main(note, seconds, _, point):
    time.sleep(float(seconds))
    file = os.open(note, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, b"%d\n" % int(point))
    os.close(file)
    print(f'{{"loss": {point}}}', flush=True)


main(*sys.argv[1:])
