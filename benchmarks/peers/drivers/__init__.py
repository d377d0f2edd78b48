"""One program a peer, run in the peer's environment: `python NAME.py ORDER`, where ORDER is JSON.

    count      how many trials            workers   how many at a time
    python     what runs a trial          trial     the script
    witness    where trials note times    folder    a scratch folder, empty
    variant    which sampler or storage, where a peer has several

Each is written as its peer's documentation would have it, in the cheapest way that we found.
"""
