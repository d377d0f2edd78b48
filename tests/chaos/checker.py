"""The invariants I1-I8 (`docs/reliability.md`), checked over what a sweep leaves behind.

Three witnesses: the database, an append-only history written by the trials' own processes, and the process
table. A checker gives sentences, one for each thing that is wrong; none for a sound sweep.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Expected:
    """What must be there: how many points, their values by number, how many kills there were."""

    trials: int
    kills: int
    values: dict[int, float] | None = None


def violations(project: Path, shown: dict, expected: Expected) -> list[str]:
    """Everything wrong with a sweep that should have finished. `shown` is `sweeps show --json`."""
    trials = shown["trials"]
    history = executions(project)
    return [
        *one_terminal_record_each(trials, expected.trials),
        *nothing_running(shown),
        *not_run_too_often(history, expected),
        *the_same_values(trials, history, expected),
        *a_sound_database(project),
        *nothing_left_behind(project),
    ]


def executions(project: Path) -> list[dict]:
    """The history: one entry for each execution that reached its end, by the trial's own process."""
    path = project / "history.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def one_terminal_record_each(trials: list[dict], count: int) -> list[str]:
    """I1: every point has exactly one record, and it has ended."""
    numbers = [trial["number"] for trial in trials]
    wrong = (
        [f"I1: numbers {sorted(numbers)} are not 0..{count - 1}"]
        if sorted(numbers) != list(range(count))
        else []
    )
    points = Counter(json.dumps(trial["params"], sort_keys=True) for trial in trials)
    wrong += [f"I1: point {point} was tried {times} times" for point, times in points.items() if times > 1]
    jobs = Counter(trial["job"] for trial in trials)
    wrong += [f"I1: job {job} serves {times} trials" for job, times in jobs.items() if times > 1]
    return wrong + [
        f"I1: trial {trial['number']} is {trial['state']}: {trial['reason']}"
        for trial in trials
        if trial["state"] != "succeeded"
    ]


def nothing_running(shown: dict) -> list[str]:
    """I2: nothing runs past its lease; a finished sweep has nothing running at all."""
    state = shown["sweep"]["state"]
    return [] if state == "finished" else [f"I2: the sweep is {state}: {shown['sweep']['reason']}"]


def not_run_too_often(history: list[dict], expected: Expected) -> list[str]:
    """I3: executions are at most points and kills."""
    most = expected.trials + expected.kills
    return [f"I3: {len(history)} executions for {most}"] if len(history) > most else []


def the_same_values(trials: list[dict], history: list[dict], expected: Expected) -> list[str]:
    """I4: values are those of an undisturbed run, and each one was really computed."""
    computed = {(entry["trial"], entry["value"]) for entry in history}
    wrong = [
        f"I4: trial {trial['number']} has value {trial['value']}, which no process computed"
        for trial in trials
        if trial["state"] == "succeeded" and (trial["number"], trial["value"]) not in computed
    ]
    if expected.values is None:
        return wrong
    return wrong + [
        f"I4: trial {trial['number']} is {trial['value']} instead of {expected.values.get(trial['number'])}"
        for trial in trials
        if trial["value"] != expected.values.get(trial["number"])
    ]


def a_sound_database(project: Path) -> list[str]:
    """I5: the database's own check finds nothing."""
    path = project / ".stratolab" / "store.db"
    if not path.exists():
        return []
    with sqlite3.connect(path) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        found += [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
    connection.close()
    return [f"I5: {line}" for line in found if line != "ok"]


def nothing_left_behind(project: Path) -> list[str]:
    """I7: no process of the lab and no temporary file is left."""
    wrong = [f"I7: process {pid} is left: {command}" for pid, command in processes_of(project)]
    temporary = [path for path in (project / ".stratolab").rglob("*") if ".tmp" in path.name]
    return wrong + [f"I7: {path.name} is left" for path in temporary]


def processes_of(project: Path) -> list[tuple[int, str]]:
    """The trials' processes, fork servers and hosts of this project, by what their environment or command says."""
    found = []
    wanted = str(project).encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
            dead = (folder / "stat").read_bytes().rsplit(b")", 1)[1].split()[0] in {b"Z", b"X"}
        except OSError:
            continue
        ours = any(name in environment for name in (b"STRATOLAB_JOB=", b"STRATOLAB_WARM=")) and (
            b"CHAOS_PROJECT=" + wanted in environment
        )
        if not dead and (ours or (b"host" in command and wanted in command)):
            found.append((int(folder.name), command.replace(b"\0", b" ").decode(errors="replace").strip()))
    return found
