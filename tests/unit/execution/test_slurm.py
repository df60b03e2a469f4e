"""The script that submits a job array, and what Slurm says to it."""

import os
import subprocess
from pathlib import Path

import pytest

from tfuq.errors import RunError
from tfuq.execution.slurm import ArrayJob, submit


@pytest.fixture
def job(tmp_path):
    return ArrayJob(
        name="tfuq-train",
        command=("tfuq", "train", "my data.yaml"),
        last=("--resume",),
        parts=3,
        options=("--gres=gpu:1",),
        folder=tmp_path / "a folder",
    )


def test_it_is_a_script_of_an_array_and_a_last_job(job):
    script = job.script()
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    assert "#SBATCH --array=0-2\n" in script
    assert script.count("#SBATCH --gres=gpu:1\n") == 2
    part = "exec tfuq train 'my data.yaml' --execute \"part:$SLURM_ARRAY_TASK_ID/3\"\n"
    assert part in script
    assert "exec tfuq train 'my data.yaml' --resume --execute serial\n" in script
    assert script.count(f"cd '{job.folder}'\n") == 2


def stand_in(folder: Path, body: str) -> None:
    """Put an ``sbatch`` into a folder."""
    (folder / "sbatch").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "sbatch").chmod(0o755)


def test_the_last_job_waits_for_the_array(job, tmp_path, monkeypatch):
    stand_in(tmp_path, f'echo "$@" >> {tmp_path}/asked; cat > /dev/null; echo "7;cluster"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert submit(job.script()) == "7;cluster"
    assert (tmp_path / "asked").read_text() == "--parsable\n--dependency=afterany:7\n"


def test_a_refusal_of_slurm_is_told(job, tmp_path, monkeypatch):
    stand_in(tmp_path, "echo 'invalid partition' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(RunError, match=r"not submitted \(invalid partition\); leave --submit out"):
        submit(job.script())
