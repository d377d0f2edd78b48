"""Every command: its words, where its page is, and the line that `--help` shows for it.

The table is all that `stratolab --help` reads: no page is imported before its command is called.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `words` as typed after `stratolab`; `page` below `stratolab.cli.commands`."""

    words: str
    page: str
    summary: str
    group: str


COMMANDS = (
    Command("init", "init", "make a project in a folder", "Project"),
    Command("doctor", "doctor", "check this machine, this project and the lab's account", "Project"),
    Command(
        "config check", "config.check", "find everything wrong with stratolab.toml and lab.toml", "Project"
    ),
    Command("config show", "config.show", "show the configuration with all defaults filled in", "Project"),
    Command(
        "config schema", "config.schema", "print the JSON schema of a configuration, for editors", "Project"
    ),
    Command("run", "run", "run a job or a script and follow its log", "Jobs"),
    Command("jobs ls", "jobs.ls", "list jobs, latest first", "Jobs"),
    Command("jobs show", "jobs.show", "show everything known about a job", "Jobs"),
    Command("jobs logs", "jobs.logs", "print a job's log; -f follows it", "Jobs"),
    Command("jobs cancel", "jobs.cancel", "stop jobs and all their processes", "Jobs"),
    Command("jobs retry", "jobs.retry", "run a job again with the same parameters", "Jobs"),
    Command("why", "why", "say why a job waits or failed, and the fix", "Jobs"),
    Command("replay", "replay", "run a job again from its recorded code and compare", "Jobs"),
    Command("sweep", "sweep", "search for the best parameters", "Sweeps"),
    Command("sweeps ls", "sweeps.ls", "list sweeps, latest first", "Sweeps"),
    Command("sweeps show", "sweeps.show", "show a sweep and its trials", "Sweeps"),
    Command("sweeps best", "sweeps.best", "print the best parameters", "Sweeps"),
    Command("sweeps report", "sweeps.report", "write a sweep's report as one HTML file", "Sweeps"),
    Command("sweeps resume", "sweeps.resume", "go on with a stopped sweep", "Sweeps"),
    Command("sweeps stop", "sweeps.stop", "stop a sweep that runs elsewhere", "Sweeps"),
    Command("sweeps export", "sweeps.export", "write the trials as CSV or JSON lines", "Sweeps"),
    Command(
        "secrets set",
        "secrets.set",
        "keep a secret; its value from a prompt or a pipe",
        "Secrets, databases and files",
    ),
    Command("secrets get", "secrets.get", "give a secret to a program", "Secrets, databases and files"),
    Command("secrets ls", "secrets.ls", "list the names of secrets", "Secrets, databases and files"),
    Command(
        "secrets rotate",
        "secrets.rotate",
        "exchange secrets while they are in use",
        "Secrets, databases and files",
    ),
    Command(
        "secrets rehearse",
        "secrets.rehearse",
        "try an exchange, and take it back",
        "Secrets, databases and files",
    ),
    Command("secrets rm", "secrets.rm", "forget secrets, with all versions", "Secrets, databases and files"),
    Command(
        "db tunnel", "db.tunnel", "a port here that leads to a lab's database", "Secrets, databases and files"
    ),
    Command("db test", "db.test", "try the way to a database, step by step", "Secrets, databases and files"),
    Command(
        "db connect",
        "db.connect",
        "type statements in a database's own client",
        "Secrets, databases and files",
    ),
    Command(
        "db setup", "db.setup", "run SQL scripts in a database, each once", "Secrets, databases and files"
    ),
    Command(
        "files put", "files.put", "copy a file or a folder into a bucket", "Secrets, databases and files"
    ),
    Command(
        "files get", "files.get", "copy a file or a folder out of a bucket", "Secrets, databases and files"
    ),
    Command("files ls", "files.ls", "list what a bucket holds", "Secrets, databases and files"),
    Command("tracking ui", "tracking.ui", "look at jobs and sweeps in MLflow", "Tracking"),
    Command("tracking sync", "tracking.sync", "write to MLflow what is not there yet", "Tracking"),
    Command(
        "tracking status", "tracking.status", "show where MLflow's store is and what is in it", "Tracking"
    ),
    Command(
        "tracking update", "tracking.update", "put another image under the lab's tracking server", "Tracking"
    ),
    Command("models register", "models.register", "keep what a job wrote as a version of a model", "Models"),
    Command("models ls", "models.ls", "list models, or the versions of one", "Models"),
    Command("models show", "models.show", "show everything known about a version", "Models"),
    Command("models compare", "models.compare", "show what differs between two versions", "Models"),
    Command("models promote", "models.promote", "let an alias name another version", "Models"),
    Command("models download", "models.download", "copy a version's files into a folder", "Models"),
    Command("lab init", "lab.init", "begin a lab.toml", "Lab in AWS"),
    Command("plan", "plan", "show what `up` would change, and what that means", "Lab in AWS"),
    Command("up", "up", "make the account what lab.toml wants", "Lab in AWS"),
    Command("status", "status", "show every stack of the lab", "Lab in AWS"),
    Command("drift", "drift", "find what was changed by hand", "Lab in AWS"),
    Command("outputs", "outputs", "show what the stacks give", "Lab in AWS"),
    Command("down", "down", "take the lab down, and show what is left", "Lab in AWS"),
    Command("account harden", "account.harden", "set what the account itself should be set to", "Lab in AWS"),
    Command("cost refresh", "cost.refresh", "read the lab's prices from AWS's price list", "Lab in AWS"),
    Command("project init", "project.init", "make a project in the lab, with its members", "Lab in AWS"),
    Command("project ls", "project.ls", "list the projects of the lab", "Lab in AWS"),
    Command("project show", "project.show", "show what a project has, and who is in it", "Lab in AWS"),
    Command("project grant", "project.grant", "let people into a project", "Lab in AWS"),
    Command("project revoke", "project.revoke", "take people out of a project", "Lab in AWS"),
    Command("project rm", "project.rm", "take a project down, with what it holds", "Lab in AWS"),
    Command("image build", "image.build", "have a project's image built in the account", "Lab in AWS"),
    Command("image ls", "image.ls", "list a project's images, and what was found in them", "Lab in AWS"),
    Command("lab policy", "lab.policy", "print the IAM policies that people get", "Lab in AWS"),
    Command("lab eject", "lab.eject", "write the lab as plain CloudFormation", "Lab in AWS"),
    Command("lab template", "lab.template", "print a stack's CloudFormation template", "Lab in AWS"),
    Command("shell", "shell", "work in a shell whose credentials end with it", "Lab in AWS"),
    Command("password", "password", "propose a password", "Lab in AWS"),
    Command("completion", "completion", "print the line that switches on TAB completion", "Project"),
)


def find(arguments: list[str]) -> tuple[Command | None, int]:
    """The command that `arguments` begin with, and how many words of them name it."""
    for count in (2, 1):
        words = " ".join(arguments[:count])
        for command in COMMANDS:
            if len(arguments) >= count and command.words == words:
                return command, count
    return None, 0


def nouns() -> dict[str, list[Command]]:
    """Commands of two words by their first one."""
    found: dict[str, list[Command]] = {}
    for command in COMMANDS:
        noun, _, verb = command.words.partition(" ")
        if verb:
            found.setdefault(noun, []).append(command)
    return found
