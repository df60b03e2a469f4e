"""Does a network gain more from queried cases than from as many random ones?

    python -m benchmarks.query_gain digits /tmp/gain --start 40 --add 10 --pool 400 --test 300 \\
        -o training.epochs=20 -o training.steps_per_epoch=20

    tfuq data synth brain-decathlon /tmp/brain --cases 56
    python -m benchmarks.query_gain quickstart /tmp/gain-brain --start 2 --add 10 --pool 40 \\
        --test 12 -o data.root=/tmp/brain -o training.epochs=1 -o training.steps_per_epoch=60 \\
        -o prediction.samples=5 -o training.learning_rate=0.005
    python -m benchmarks.query_gain hippocampus /tmp/gain-hippocampus --start 5 --add 10 --pool 60 \\
        --test 20 -o "preprocessing.size=[24,32,24]" -o "network.patch_size=[24,32,24]" \\
        -o "network.widths=[8,16]" -o "network.level_dropout={2: 0.3}" -o training.epochs=1 \\
        -o training.steps_per_epoch=100 -o prediction.samples=5

For each seed, the labelled cases of a data set are parted at random into cases to begin with, a pool
and test cases. A run is trained on the first, ``tfuq query`` chooses some of the pool, and as many are
chosen at random. A run is trained on each of both sets added to the first ones, and scored on the
test cases. All trainings are from scratch and take as many steps. The table is printed at the end
and written to ``gain.csv``; seeds that are in it already are not done again.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfuq import config as configuration
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.layouts import made_cases
from tfuq.prediction import cases_of_test_split, make_predictor, predict, request_of
from tfuq.runs import Run
from tfuq.scoring.evaluation import score_folder
from tfuq.training import train
from tfuq.workflows.query import query

QUALITIES = ("dice", "accuracy")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How many cases there are of each kind."""

    start: int
    add: int
    pool: int
    test: int


def parts_of(ids: Sequence[str], sizes: Sizes, seed: int) -> tuple[list[str], list[str], list[str]]:
    """Cases to begin with, the pool and test cases, at random."""
    order = np.random.default_rng(seed).permutation(sorted(ids)).tolist()
    ends = np.cumsum([sizes.start, sizes.pool, sizes.test])
    if ends[-1] > len(order):
        raise SystemExit(f"{len(order)} labelled cases are fewer than the {ends[-1]} asked for")
    start, pool, test = np.split(np.array(order), ends[:2])
    return start.tolist(), pool.tolist(), test[: sizes.test].tolist()


def with_split(config: Config, train_ids: list[str], test_ids: list[str]) -> Config:
    """The configuration with other cases."""
    tree = config.model_dump()
    seed = config.data.split.seed
    tree["data"]["split"] = {"seed": seed, "train": train_ids, "validation": [], "test": test_ids}
    return Config.model_validate(tree)


def trained_and_scored(config: Config, folder: Path) -> tuple[Run, float]:
    """A run, and its quality on the test cases."""
    run = train(config, folder, resume=True)
    predictor = make_predictor(run, request_of(config, config.method, None, None))
    predictions = run.predictions(config.method)
    predict(predictor, cases_of_test_split(run), predictions)
    return run, quality_of(score_folder(predictions, None).cases)


def quality_of(rows: Sequence[dict[str, Any]]) -> float:
    """The mean Dice over test cases and structures, or the accuracy."""
    for name in QUALITIES:
        values = [row[name] for row in rows if row.get("class", "all") == "all" and name in row]
        present = [value for value in values if value is not None]
        if present:
            return float(np.mean(present))
    raise SystemExit(f"the scores have none of {', '.join(QUALITIES)}")


def queried(run: Run, pool: list[Case], count: int) -> list[str]:
    """The ids that a query chooses."""
    predictor = make_predictor(run, request_of(run.config, run.config.method, None, None))
    predictions = run.predictions(f"{run.config.method}-pool")
    predict(predictor, pool, predictions)
    return list(query(predictions, pool, count, run.path / "query").chosen())


def one_seed(config: Config, folder: Path, sizes: Sizes, seed: int) -> dict[str, float]:
    """The qualities of the three runs of a seed."""
    cases = {case.id: case for case in made_cases(config.data) if case.has_reference}
    start, pool, test = parts_of(list(cases), sizes, seed)
    run, before = trained_and_scored(with_split(config, start, test), folder / "start")
    chosen = queried(run, [cases[name] for name in sorted(pool)], sizes.add)
    rng = np.random.default_rng(1000 + seed)
    at_random = rng.choice(sorted(pool), sizes.add, replace=False).tolist()
    _, with_query = trained_and_scored(
        with_split(config, [*start, *chosen], test), folder / "queried"
    )
    _, with_random = trained_and_scored(
        with_split(config, [*start, *at_random], test), folder / "random"
    )
    return {"seed": seed, "start": before, "queried": with_query, "random": with_random}


def summarized(rows: Sequence[dict[str, float]]) -> str:
    """Means over seeds, and the difference with its standard error."""
    differences = np.array([row["queried"] - row["random"] for row in rows])
    means = {name: np.mean([row[name] for row in rows]) for name in ("start", "queried", "random")}
    error = differences.std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else float("nan")
    wins = int((differences > 0).sum())
    return (
        f"start {means['start']:.4f}, queried {means['queried']:.4f}, random {means['random']:.4f}; "
        f"queried - random {differences.mean():+.4f} (standard error {error:.4f}), "
        f"more in {wins} of {len(rows)} seeds"
    )


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", dest="overrides", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=5)
    for name, value in (("start", 10), ("add", 10), ("pool", 100), ("test", 100)):
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    sizes = Sizes(start=asked.start, add=asked.add, pool=asked.pool, test=asked.test)
    config = configuration.load(asked.config, tuple(asked.overrides))
    asked.folder.mkdir(parents=True, exist_ok=True)
    table = asked.folder / "gain.csv"
    rows = read_rows(table)
    for seed in range(asked.seeds):
        if seed not in {int(row["seed"]) for row in rows}:
            rows.append(one_seed(config, asked.folder / str(seed), sizes, seed))
            write_rows(table, rows)
            print(rows[-1], flush=True)
    print(summarized(rows))


def read_rows(path: Path) -> list[dict[str, float]]:
    """The rows that are done; none of a study that has not begun."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def write_rows(path: Path, rows: Sequence[dict[str, float]]) -> None:
    """Write the table anew."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
