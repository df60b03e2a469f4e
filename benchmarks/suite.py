"""tfuq beside the peers that a user would take: one table with ratios, and the machine.

make benchmark
.venv/bin/python benchmarks/suite.py --torch .benchmark/venv/bin/python [--slices 8 --size 256 --samples 10 --rounds 5]

Each takes samples of the 485,885-parameter U-Net of configs/iseg2017.yaml. tfuq makes all maps of uncertainty of them; the
others keep the mean. The peers run by turns, one at a time, so that a machine that slows down slows all; the fastest
round counts. Those on PyTorch run in an environment of their own, and are left out, with the reason, where there is none.
The table goes to benchmarks/results/, and a line for each peer to benchmarks/results/suite.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
OURS = "tfuq"
COLUMNS = (
    "time",
    "commit",
    "machine",
    "slices",
    "size",
    "samples",
    "method",
    "peer",
    "seconds",
    "of a pass",
    "of tfuq",
)


class Worker:
    """A process that takes samples by its peers (see `suite_worker.py`)."""

    def __init__(self, python: Path, script: str, settings: dict[str, int]) -> None:
        command = [str(python), str(HERE / script), json.dumps(settings)]
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        hello = self._answer()
        self.peers: list[str] = hello.get("peers", [])
        self.versions: dict[str, str] = hello.get("versions", {})
        self.absent: dict[str, str] = hello.get("absent", {})
        if "error" in hello:
            self.absent = {f"all of {script}": hello["error"]}

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def seconds(self, peer: str) -> float | None:
        """Seconds of all samples of a peer; None, and it is left out, where it fails."""
        self._process.stdin.write(f"{peer}\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" not in answer:
            return answer["seconds"]
        self.absent[peer] = answer["error"]
        self.peers.remove(peer)
        return None

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        return (
            json.loads(line)
            if line
            else {"error": "its process ended; run it by itself to see why"}
        )


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        method: What is sampled.
        peer: By what.
        seconds: A sample.
        of_pass: Seconds by those of the fastest plain pass.
        of_tfuq: Seconds by those of tfuq with the method; None of a plain pass.
    """

    method: str
    peer: str
    seconds: float
    of_pass: float
    of_tfuq: float | None


def timed(workers: list[Worker], rounds: int, samples: int) -> dict[str, float]:
    """Seconds of a sample by ``method: name``: of the fastest round, after one that compiles."""
    seconds: dict[str, float] = {}
    for number in range(rounds + 1):
        for worker in workers:
            for peer in list(worker.peers):
                value = worker.seconds(peer)
                if value is not None and number:
                    seconds[peer] = min(value / samples, seconds.get(peer, float("inf")))
    return seconds


def rows_of(seconds: dict[str, float]) -> list[Row]:
    """The table, ordered by method and time."""
    named = [(*name.split(": ", 1), value) for name, value in seconds.items()]
    one_pass = min(value for method, _, value in named if method == "plain pass")
    ours = {method: value for method, peer, value in named if peer == OURS}
    rows = []
    for method, peer, value in sorted(
        named, key=lambda each: (each[0] != "plain pass", each[0], each[2])
    ):
        of_tfuq = value / ours[method] if method in ours else None
        rows.append(Row(method, peer, value, value / one_pass, of_tfuq))
    return rows


def machine() -> str:
    """The processor, its cores, and the graphics card."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
    text = f"{processor}, {os.cpu_count()} cores"
    answer = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return f"{text}, {answer}" if answer else text


def _output(*command: str) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    except OSError:
        return ""
    return " and ".join(answer.stdout.split("\n")[:-1]) if not answer.returncode else ""


def table(rows: list[Row], facts: dict[str, str], absent: dict[str, str]) -> Iterator[str]:
    """Lines of Markdown."""
    yield f"# tfuq beside its peers, {facts['time']}"
    yield ""
    for name, value in facts.items():
        yield f"* {name}: {value}"
    yield ""
    yield "| method | by | seconds a sample | of a plain pass | of tfuq |"
    yield "|---|---|---|---|---|"
    for row in rows:
        of_tfuq = f"{row.of_tfuq:.2f}" if row.of_tfuq else "–"
        yield f"| {row.method} | {row.peer} | {row.seconds:.4f} | {row.of_pass:.2f} | {of_tfuq} |"
    if absent:
        yield ""
    for name, reason in absent.items():
        yield f"* left out: {name} ({reason})"


def keep(rows: list[Row], facts: dict[str, str], settings: dict[str, int], folder: Path) -> None:
    """Add a line for each peer to the figures of earlier times."""
    path = folder / "suite.csv"
    is_new = not path.is_file()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        for row in rows:
            common = [facts["time"], facts["commit"], facts["machine"], *settings.values()]
            of_tfuq = f"{row.of_tfuq:.3f}" if row.of_tfuq else ""
            writer.writerow(
                [*common, row.method, row.peer, f"{row.seconds:.5f}", f"{row.of_pass:.3f}", of_tfuq]
            )


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", type=Path, help="Python of the environment that has PyTorch")
    parser.add_argument("--slices", type=int, default=8)
    parser.add_argument(
        "--size", type=int, default=256, help="pixels along an axis, a multiple of 16"
    )
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    choices = parsed(arguments)
    settings = {"slices": choices.slices, "size": choices.size, "samples": choices.samples}
    absent = {}
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(Path(sys.executable), "suite_tensorflow.py", settings))
        ]
        if choices.torch and choices.torch.is_file():
            workers.append(stack.enter_context(Worker(choices.torch, "suite_torch.py", settings)))
        else:
            absent["PyTorch, MONAI and bayesian-torch"] = (
                f"no environment at {choices.torch}; make benchmark makes one"
            )
        seconds = timed(workers, choices.rounds, choices.samples)
    versions = {}
    for worker in workers:
        absent |= worker.absent
        versions |= worker.versions
    facts = {
        "time": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M"),
        "commit": _output("git", "rev-parse", "--short", "HEAD") or "none",
        "machine": machine(),
        "task": f"{choices.slices} slices of {choices.size}×{choices.size}, T = {choices.samples}, best of {choices.rounds}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }
    rows = rows_of(seconds)
    choices.out.mkdir(parents=True, exist_ok=True)
    text = "\n".join(table(rows, facts, absent)) + "\n"
    name = facts["time"].replace(" ", "-").replace(":", "")
    (choices.out / f"{name}.md").write_text(text)
    keep(rows, facts, settings, choices.out)
    print(text)


if __name__ == "__main__":
    main()
