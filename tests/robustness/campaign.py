"""Damaged inputs by the ten thousand over everything that reads.

    python -m tests.robustness.campaign --count 50000

Every group of readers has a process of its own, under ``--memory 1GB`` (2GB where networks are built).
It prints how many distinct inputs each reader got, how many of them read, the slowest, and the most
memory that the process held. Inputs at which something went wrong are kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

SECONDS = 10.0
_ROUNDS = 6
_BATCH = 2000  # inputs drawn by one search of Hypothesis, which grows slow with many


@dataclass
class Tally:
    """What became of the inputs of one reader; ``slowest`` in seconds of the processor."""

    name: str
    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return self.read + self.refused + len(self.faults)

    def __str__(self) -> str:
        counts = f"{self.inputs} inputs, {self.read} read, {self.refused} refused, {len(self.faults)} faults"
        return f"{self.name}: {counts}, slowest {self.slowest:.2f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=50_000, help="inputs in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="groups whose name matches")
    parser.add_argument("--jobs", type=int, default=1, help="groups at once")
    parser.add_argument("--keep", type=Path, help="folder for inputs at which something went wrong")
    parser.add_argument("--child", nargs=2, metavar=("make|read", "GROUP"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--share", type=float, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        what, group = chosen.child
        return _make(group, chosen) if what == "make" else _read(group, chosen)
    return report(chosen.count, chosen.seed, chosen.only, chosen.keep, chosen.jobs)


def report(count: int, seed: int, only: str = "", keep: Path | None = None, jobs: int = 1) -> int:
    """Run the groups and print a table; 1 if anything went wrong.

    Args:
        count: Of inputs in all groups.
        seed: Another one draws other inputs.
        only: A pattern of the names of groups.
        keep: Where inputs go at which something went wrong.
        jobs: How many groups run at once.
    """
    from tests.robustness.groups import GROUPS

    chosen = [name for name in GROUPS if re.search(only, name)]
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(_of_group, name, count, seed, keep) for name in chosen]
        results = [ended.result() for ended in running]
    tallies = [Tally(**tally) for result in results for tally in result["tallies"]]
    faults = [fault for tally in tallies for fault in tally.faults]
    slow = sum(tally.slowest > SECONDS for tally in tallies)
    print(f"{sum(t.inputs for t in tallies)} distinct damaged inputs over {len(tallies)} readers: {len(faults)} faults, "
          f"{slow} readers over {SECONDS:g} s, slowest {max(t.slowest for t in tallies):.1f} s of the processor, "
          f"peak {max(r['peak'] for r in results) / 2**20:.0f} MB")  # fmt: skip
    for fault in faults:
        print(f"FAULT {fault}")
    return int(bool(faults or slow or any(result["peak"] > result["limit"] for result in results)))


def _of_group(group: str, count: int, seed: int, keep: Path | None) -> dict:
    """Run a group in processes of its own, which print a line for each reader; ``tallies``, and the ``peak`` in bytes."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        result = run_group(group, Path(folder), count=count, seed=seed, keep=keep)
    inputs = sum(Tally(**tally).inputs for tally in result["tallies"])
    peak = result["peak"] / 2**20
    print(
        f"{group}: {inputs} inputs in {time.monotonic() - started:.0f} s, peak {peak:.0f} MB",
        flush=True,
    )
    return result


def run_group(group: str, folder: Path, *, count: int, seed: int, keep: Path | None = None) -> dict:
    """Make what a group reads in one process, and read it damaged in another."""
    common = [
        "--folder",
        str(folder),
        "--count",
        str(count),
        "--seed",
        str(seed),
        *(["--keep", str(keep)] if keep else []),
    ]
    for name in ("home", "temporary", "work"):
        (folder / name).mkdir()
    environment = os.environ | {"HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary")}
    # Keras keeps its settings there as soon as it is imported.
    environment["XDG_CACHE_HOME"] = environment["KERAS_HOME"] = str(folder / "temporary")
    environment["MPLCONFIGDIR"] = environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(
        folder / "temporary"
    )
    environment |= {
        "PYTHONPATH": str(Path.cwd()),
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    for what in ("make", "read"):
        command = [
            sys.executable,
            "-m",
            "tests.robustness.campaign",
            "--child",
            what,
            group,
            *common,
        ]
        ended = subprocess.run(
            command,
            cwd=folder / "work",
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(
                f"{group}, {what}: exit code {ended.returncode}\n{ended.stderr[-4000:]}"
            )
    for name in ("home", "work"):
        written = sorted(str(path.relative_to(folder)) for path in (folder / name).rglob("*"))
        assert not written, f"{group} wrote {written}"
    return json.loads((folder / "result.json").read_text())


def _make(group: str, chosen: argparse.Namespace) -> int:
    from tests.robustness.groups import GROUPS

    GROUPS[group].make(chosen.folder / "made")
    return 0


def _read(group: str, chosen: argparse.Namespace) -> int:
    import resource

    from tests.robustness.groups import GROUPS
    from tfuq.data.budget import limit_memory, parse_size

    limit_memory(GROUPS[group].memory)
    share, tallies = chosen.count / SHARES, []
    for target in GROUPS[group].targets(chosen.folder / "made"):
        tallies.append(
            tally_of(target, max(round(target.share * share), 1), chosen.seed, chosen.keep)
        )
        print(f"  {group}: {tallies[-1]}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    (chosen.folder / "result.json").write_text(
        json.dumps(
            {
                "tallies": [asdict(t) for t in tallies],
                "peak": peak,
                "limit": parse_size(GROUPS[group].memory),
            }
        )
    )
    return 0


SHARES = 50_000  # what the shares of all targets add up to, or a little less


def tally_of(target, count: int, seed: int, keep: Path | None = None) -> Tally:
    """Damage a target's files until so many distinct inputs were read or refused."""
    from tests.robustness.fuzzing import drawn

    tally, seen, failed = Tally(target.name), set(), Counter()

    def check(data) -> None:
        place, content = target.drawn(data)
        key = hashlib.sha256(
            place.encode() + b"\0" + (b"gone" if content is None else b"=" + content)
        ).digest()
        if key in seen or content == target.files[place] or tally.inputs >= count:
            return
        seen.add(key)
        started = time.process_time()
        try:
            became = target.check(place, content)
        except Exception as error:
            became = "fault"
            _note(tally, failed, place, content, error, keep)
        seconds = time.process_time() - started
        tally.slowest = max(tally.slowest, seconds)
        tally.read += became == "read"
        tally.refused += became == "refused"

    target.require_sound()
    for turn in range(_ROUNDS):
        left = count - tally.inputs
        if left > 0:
            drawn(check, min(left + 20, _BATCH), seed=1000 * seed + turn)
    return tally


def _note(
    tally: Tally,
    failed: Counter,
    place: str,
    content: bytes | None,
    error: Exception,
    keep: Path | None,
) -> None:
    """One line for a fault; of faults at one line of code, the first few inputs are kept."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
    tally.faults.append(f"{tally.name}, {place}: {what}: {' '.join(str(error).split())[:300]}")
    failed[what] += 1
    if keep and failed[what] <= 3:
        keep.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", f"{tally.name} {place} {what} {failed[what]}")
        (keep / name).write_bytes(content or b"")
        (keep / f"{name}.txt").write_text("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    sys.exit(main())
