"""What all benchmarks share: how a peer's environment is made, a process tree measured, a result told.

    environments   a virtual environment for each peer, from pinned versions, made once and used again
    usage          one command with everything that it starts: wall, CPU, memory
    rounds         interleaved rounds, medians of pair-wise ratios
    records        what is measured already, so that an interrupted run goes on
    machine        where and when
    tables         Markdown
    page           RESULTS.md: a section a benchmark, and the bars on top
    command        `python -m benchmarks.NAME [--short] [--fresh]`, the same for all

A benchmark is a folder `benchmarks/NAME` whose `__main__.py` hands a function to `command.main`: it takes a `Run`
(short or full, and the records of an interrupted run), measures, and gives a `page.Section`. `tools/bench` finds it by
its folder. The short form prints the section; the full form puts it into RESULTS.md, where the others stay.
"""
