"""A trial as people write them: a second or two of imports, a moment of work. Notes when it began and ended."""

import os
import sys
import time

BEGAN = time.time()

from sklearn.ensemble import RandomForestClassifier  # noqa: E402 - the clock is read before the imports
from sklearn.model_selection import cross_val_score  # noqa: E402


def main():
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    data = [[(i * j) % 7 for j in range(1, 5)] for i in range(60)]
    forest = RandomForestClassifier(
        n_estimators=3, max_features=max(0.1, float(given["--x"])), random_state=0
    )
    loss = 1 - float(cross_val_score(forest, data, [row[0] % 2 for row in data], cv=2).mean())
    print(f'{{"loss": {loss!r}}}', flush=True)
    note = os.open(given["--witness"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(note, b"%d %.6f %.6f\n" % (os.getpid(), BEGAN, time.time()))


if __name__ == "__main__":
    main()
