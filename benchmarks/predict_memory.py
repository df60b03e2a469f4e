"""Peak memory of tfuq predict at T = 100 against T = 5, each in a process of its own.

python benchmarks/predict_memory.py RUN VOLUME
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

FEW, MANY = 5, 100


def peak_megabytes(run: str, volume: str, samples: int) -> float:
    """Peak resident memory of one prediction, measured by a parent that has this one child."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=2); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    with tempfile.TemporaryDirectory() as out:
        predict = [
            "-c",
            "from tfuq_cli.main import main; main()",
            "predict",
            run,
            "--input",
            volume,
            "--samples",
            str(samples),
        ]
        command = [sys.executable, "-c", code, sys.executable, *predict, "--out", out]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(answer.stdout) / 1024


def main() -> None:
    run, volume = sys.argv[1:]
    few, many = (peak_megabytes(run, volume, samples) for samples in (FEW, MANY))
    print(
        f"peak memory: {few:.0f} MB at T = {FEW}, {many:.0f} MB at T = {MANY}; ratio {many / few:.3f}"
    )


if __name__ == "__main__":
    main()
