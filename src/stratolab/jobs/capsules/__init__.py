"""The parts of the capsule: what a job's code, data and surroundings were, so that it can run again.

    git          one reading of a repository: commit, changes, new files, submodules
    sources      which files are code, which hold secrets, how much may be copied
    objects      contents by their sha256, written once, readable by their owner alone
    fingerprints sha256 of data files and folders, remembered by size, time and inode
    environment  Python, platform, lock file, installed packages
    records      where a record lies, and its commit
    models       the capsule as a value, and as JSON
    code         the state of the code: git or plain folder -> contents in the store
    compare      what two capsules differ in, in words
    restore      the exact tree back, in an empty folder

`stratolab.jobs.capsule` is the door.
"""
