"""A stand-in for Slurm's ``sbatch``: it runs the script of each job here, one after another.

It kills the job of an array whose number is in ``STANDIN_KILLED``, once the file that
``STANDIN_UNTIL`` names, as a pattern, is there.
"""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
import time


def run_job(script: str, index: int | None) -> None:
    """Run a job to its end, or until it is killed."""
    environment = dict(os.environ)
    if index is not None:
        environment["SLURM_ARRAY_TASK_ID"] = str(index)
    with open(os.environ["STANDIN_LOG"], "a") as log:
        job = subprocess.Popen(
            ["bash", "-c", script], env=environment, stdout=log, stderr=log, start_new_session=True
        )
        if str(index) != os.environ.get("STANDIN_KILLED"):
            job.wait()
            return
        while job.poll() is None and not glob.glob(os.environ["STANDIN_UNTIL"]):
            time.sleep(0.05)
        os.killpg(job.pid, 9)
        job.wait()
        log.write(f"stand-in: job {index} was killed\n")


def main() -> None:
    script = sys.stdin.read()
    array = re.search(r"^#SBATCH --array=0-(\d+)$", script, re.MULTILINE)
    indices = [None]
    if array:
        indices = list(range(int(array[1]) + 1))
    for index in indices:
        run_job(script, index)
    print(17)


if __name__ == "__main__":
    main()
