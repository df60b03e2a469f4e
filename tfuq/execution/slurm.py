"""A command as a job array of Slurm, for clusters where no process may go on scheduling."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.errors import RunError

_INDEX = "$SLURM_ARRAY_TASK_ID"
_END = "END_OF_JOB"  # of a script within the script; no line of it is this word
_NUMBER_ALONE = "--parsable"
_AFTER = "--dependency=afterany"
_LONGEST_ERROR = 300  # characters


@dataclass(frozen=True, kw_only=True)
class ArrayJob:
    """A job array that does the work of one command, and a last job that assembles it.

    Attributes:
        name: Of the jobs.
        command: The command line, without ``--execute``.
        last: What is added to the command line of the last job.
        parts: How many jobs the array has.
        options: Further options of sbatch for the jobs, such as ``--gres=gpu:1``.
        folder: The folder in which the command is given.
    """

    name: str
    command: Sequence[str]
    last: Sequence[str]
    parts: int
    options: Sequence[str]
    folder: Path

    def script(self) -> str:
        """A script of bash that submits both.

        The last job begins when every job of the array has ended, well or not. It does what a job
        that was killed has left, and then assembles.
        """
        part = f'{shlex.join(self.command)} --execute "part:{_INDEX}/{self.parts}"'
        rest = shlex.join([*self.command, *self.last, "--execute", "serial"])
        array = [f"--array=0-{self.parts - 1}", "--requeue"]
        lines = [
            "#!/bin/bash",
            "# Submits the jobs: run it with bash on a host that has sbatch.",
            "set -e",
            f"array=$(sbatch {_NUMBER_ALONE} <<'{_END}'",
            *self._job(self.name, array, part),
            _END,
            ")",
            f"sbatch {_AFTER}:${{array%%;*}} <<'{_END}'",
            *self._job(f"{self.name}-last", ["--requeue"], rest),
            _END,
        ]
        return "\n".join(lines) + "\n"

    def _job(self, name: str, options: Sequence[str], command: str) -> list[str]:
        """The lines of one job."""
        given = [f"--job-name={name}", *options, *self.options]
        return [
            "#!/bin/bash",
            *[f"#SBATCH {option}" for option in given],
            f"cd {shlex.quote(str(self.folder))}",
            f"exec {command}",
        ]


def submit(script: str) -> str:
    """Run a script that submits jobs.

    Returns:
        What Slurm said.

    Raises:
        RunError: bash or sbatch is not there, or Slurm refuses a job.
    """
    try:
        run = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=False)
    except OSError as error:
        raise RunError(f"bash: cannot be run ({error.strerror}); leave --submit out") from error
    if run.returncode:
        reason = " ".join(run.stderr.split())[:_LONGEST_ERROR]
        raise RunError(
            f"sbatch: the jobs were not submitted ({reason}); leave --submit out, and mend the "
            "script that is printed"
        )
    return run.stdout.strip()
