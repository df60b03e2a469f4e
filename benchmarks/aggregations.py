"""Do other combinations of samples, and other numbers of a map of uncertainty, serve better than means?

    python benchmarks/aggregations.py /tmp/aggregations [SET ...] [--samples 12]

For each set of benchmarks/aggregations.yaml: three small networks with dropout are trained (method hybrid), or a model that comes with
tfuq is copied. Its test cases are predicted by every combination of the same samples that makes sense for it, and scored. The maps of
the mean are scored once more with all aggregations; the regression is fitted on the calibration cases where there are enough. Prints
two tables in Markdown: the scores of each combination, and AURC and Spearman correlation with Dice of each number of mutual
information. What is finished is kept: a second call goes on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import yaml

from tfuq.config import COMBINATIONS
from tfuq.data.json_csv import read_table
from tfuq.runs import open_run
from tfuq_cli.main import main as main_of_tfuq

SETS = Path(__file__).with_suffix(".yaml")
SCORES = ("dice", "nll", "brier", "ece", "hd95_mm", "hd95")
MAP = "mutual_information"
NUMBERS = {
    f"image_{MAP}": "mean of the image",
    f"patch_maximum_{MAP}": "largest mean of a patch",
    f"uncertain_share_{MAP}": "share above half the highest",
    f"image_quantile_{MAP}": "95th percentile of the image",
    f"image_top_{MAP}": "mean of the highest 5 % of the image",
    f"image_interior_{MAP}": "mean of the image off boundaries",
    f"mean_{MAP}": "mean over the structures",
    f"quantile_{MAP}": "95th percentile about the structures",
    f"top_{MAP}": "mean of the highest 5 % about the structures",
    f"interior_{MAP}": "mean about the structures off boundaries",
    "pairwise_dice": "pairwise Dice of the samples",
    "learned_dice": "learned from the calibration cases",
}


def tfuq(*arguments: object) -> None:
    """Run a command in this process, as TensorFlow takes long to import; what it says is shown."""
    print("$ tfuq", *arguments, file=sys.stderr, flush=True)
    with redirect_stdout(sys.stderr):
        main_of_tfuq(list(map(str, arguments)), prog_name="tfuq", standalone_mode=False)


def trained(name: str, settings: dict[str, Any], folder: Path) -> Path:
    """The run of a set."""
    run = folder / name
    if "model" in settings and not run.is_dir():
        shutil.copytree(Path(__file__).parents[1] / "models" / settings["model"], run)
    if "model" in settings:
        return run
    changes = []
    for key, value in settings["set"].items():
        text = yaml.safe_dump(value, default_flow_style=True, width=10**6)
        first_document, *_ = text.split("\n...")
        changes += ["-o", f"{key}={first_document.strip()}"]
    if not (run / "config.yaml").is_file():
        tfuq("train", settings["config"], "--method", "hybrid", "--run", run, *changes)
    elif len(open_run(run).finished_members) < open_run(run).config.members:
        tfuq("train", run / "config.yaml", "--run", run, "--resume")
    return run


def calibrated(run: Path, settings: dict[str, Any], samples: int) -> bool:
    """Whether the run has a regression of Dice, which is fitted where there are cases for it."""
    source = settings.get("calibration")
    if not source:
        return False
    if not any((run / "calibrations").glob("*.json")):
        options = ["--samples", samples, "--cases", source, "--alpha", 0.2]  # few cases will do
        tfuq("calibrate", run, *options)
    return True


def scored(run: Path, settings: dict[str, Any], samples: int) -> dict[str, Path]:
    """The score folders of a set by combination."""
    method = open_run(run).config.method
    learned = calibrated(run, settings, samples)
    folders = {}
    for combine in COMBINATIONS:
        if combine == "weighted" and open_run(run).config.members < 2:
            continue
        name = method
        if combine != "mean":
            name += f"-{combine}"
        folders[combine] = run / "scores" / name
        if (folders[combine] / "summary.json").is_file():
            continue
        maps = run / "predictions" / name
        tfuq("predict", run, "--samples", samples, "--combine", combine)
        options: list[str] = ["--no-figures"]
        if combine == "mean":
            kinds = ["quantile", "top", "interior", *(["learned"] if learned else [])]
            for kind in kinds:
                options += ["--aggregate", kind]
        tfuq("score", maps, *options)
    return folders


def combination_rows(name: str, folders: dict[str, Path]) -> list[str]:
    """Rows of the first table."""
    rows = []
    for combine, folder in folders.items():
        scores = json.loads((folder / "summary.json").read_text())["scores"]["all"]
        cells = [f"{scores[score]['mean']:.4f}" for score in SCORES if score in scores]
        rows.append(f"| {name} | {combine} | " + " | ".join(cells) + " |")
    return rows


def ranked(folder: Path) -> dict[str, tuple[str, str]]:
    """AURC and Spearman correlation with the risk at the level of cases, by measure."""
    found = {}
    for row in read_table(folder / "failure.csv", ("level", "measure"), "score again"):
        if row["level"] == "case":
            found[row["measure"]] = (row["aurc"], row["spearman"])
    return found


def number_rows(ranks: dict[str, dict[str, tuple[str, str]]]) -> list[str]:
    """Rows of the second table."""
    rows = []
    for measure, title in NUMBERS.items():
        cells = []
        for of_set in ranks.values():
            aurc, rho = of_set.get(measure, ("", ""))
            if not aurc:
                cells.append("–")
                continue
            shown = f"{-float(rho):.2f}" if rho else "–"
            cells.append(f"{float(aurc):.4f} ({shown})")
        rows.append(f"| {title} | " + " | ".join(cells) + " |")
    return rows


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--samples", type=int, default=12)
    given = parser.parse_args(arguments)
    settings = yaml.safe_load(SETS.read_text())
    first: list[str] = []
    ranks = {}
    for name in given.sets or settings:
        run = trained(name, settings[name], given.folder)
        folders = scored(run, settings[name], given.samples)
        first += combination_rows(name, folders)
        ranks[name] = ranked(folders["mean"])
    print("| set | combination | Dice | NLL | Brier | ECE | HD95 |\n|---|---|---|---|---|---|---|")
    print("\n".join(first))
    print("\n| number | " + " | ".join(ranks) + " |\n|---|" + "---|" * len(ranks))
    print("\n".join(number_rows(ranks)))


if __name__ == "__main__":
    main(sys.argv[1:])
