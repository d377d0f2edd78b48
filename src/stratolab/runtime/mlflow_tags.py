"""Tags that tie an MLflow run to the job that logged it.

MLflow asks every `mlflow.run_context_provider` that is installed when a run begins; ours answers with the
job's id, so that a trial's value can be found in MLflow without the script knowing of stratolab.
"""

from __future__ import annotations

import os


class JobTags:
    """A run-context provider (MLflow's protocol: `in_context` and `tags`)."""

    def in_context(self) -> bool:
        """Whether this process belongs to a job."""
        return "STRATOLAB_JOB" in os.environ

    def tags(self) -> dict[str, str]:
        """The tags for a run begun here."""
        names = {
            "STRATOLAB_JOB": "stratolab.job",
            "STRATOLAB_SWEEP": "stratolab.sweep",
            "STRATOLAB_TRIAL": "stratolab.trial",
        }
        return {tag: os.environ[name] for name, tag in names.items() if name in os.environ}
