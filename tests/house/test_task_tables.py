"""Tasks are entered in tables, one a stage; nothing else asks for a task by its name."""

from __future__ import annotations

import ast
import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import task_settings
from tfuq.config import TASKS, Config
from tfuq.data.events import CaseScored
from tfuq.data.sets.classification import class_of
from tfuq.runs.results import PREDICTIONS
from tfuq.scoring.evaluation.references import referenced_cases
from tfuq.scoring.evaluation.scores import SCORERS, ScoreRequest, Scores, provenance
from tfuq.tasks import NETWORK_TASKS
from tfuq.tasks.classification import Classification, ImageTables

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("tfuq/**/*.py"), *ROOT.glob("cli/**/*.py")])
PAGES = [
    path
    for kind in ("*.j2", "*.js", "*.html")
    for path in sorted(ROOT.glob(f"tfuq/**/{kind}"))
    if path.name != "niivue.js"  # of others
]
NAMES = ("segmentation", "classification", "landmarks")


def compared_names(path: Path) -> list[int]:
    """Lines on which something is compared with, or looked for among, names of tasks."""
    lines = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            constants = [each for each in ast.walk(node) if isinstance(each, ast.Constant)]
            named = [each for each in constants if each.value in NAMES]
            about_task = "task" in ast.unparse(node)
            if named and about_task:
                lines.append(node.lineno)
        if isinstance(node, ast.MatchValue) and ast.unparse(node.value).strip("'") in NAMES:
            lines.append(node.pattern.lineno if hasattr(node, "pattern") else node.value.lineno)
    return lines


def test_nothing_compares_a_task_with_a_name():
    assert len(SOURCES) > 200
    found = {str(path): compared_names(path) for path in SOURCES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def compares_in_a_page(text: str) -> bool:
    """Whether a template or a script compares a task with a name."""
    return re.search(rf"task\s*[!=]==?\s*[\"']({'|'.join(NAMES)})", text) is not None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_compares_a_task_with_a_name(path):
    assert not compares_in_a_page(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "code", ['{% if export.task == "landmarks" %}', "data.task !== 'landmarks'"]
)
def test_a_comparison_in_a_page_would_be_found(code):
    assert compares_in_a_page(code)


def tables_of_tasks() -> set[str]:
    """Names of the tables that a task is entered in, from the code that makes them."""
    names = set()
    for path in SOURCES:
        names.update(re.findall(r"^(\w+): Registry\[.*Registry\(\s*\"task\b", _joined(path), re.M))
    return names


def _joined(path: Path) -> str:
    """The code of a file, a line for each bracket that is open over several."""
    return re.sub(r"\(\n\s+", "(", path.read_text(encoding="utf-8"))


def test_contributing_names_every_table_of_tasks():
    tables = tables_of_tasks()
    assert len(tables) > 10
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {name for name in tables if f"`{name}`" not in text} == set()


@pytest.mark.parametrize("code", [
    "config.task == 'landmarks'", "task != 'segmentation'", "run.config.task in ('landmarks', 'classification')",
])  # fmt: skip
def test_a_comparison_would_be_found(code, tmp_path):
    (tmp_path / "a.py").write_text(f"if {code}:\n    pass\n")
    assert compared_names(tmp_path / "a.py") == [1]


class GradeTables(ImageTables):
    """Adds a column: the mean grade."""

    def rows(self, sampled, case, image, statistics):
        tables = super().rows(sampled, case, image, statistics)
        p = statistics.probability
        tables[PREDICTIONS][0]["grade"] = float(p @ np.arange(len(p)))
        return tables


class Grading(Classification):
    """A toy: the network is a classifier, and its classes are grades with an order."""

    tables = GradeTables()

    def quality(self, config: Config, sample: np.ndarray, targets: np.ndarray) -> float:
        grades = sample @ np.arange(sample.shape[-1])
        return -float(np.abs(grades - targets).mean())


def score_grades(request: ScoreRequest) -> Scores:
    """The distance of mean grades from the true ones."""
    with (request.folder / PREDICTIONS).open() as file:
        grades = {row["case"]: float(row["grade"]) for row in csv.DictReader(file)}
    cases = referenced_cases(request.manifest, request.config, request.reference)
    rows = []
    for case_id, grade in grades.items():
        distance = abs(grade - class_of(request.config, cases[case_id]))
        rows.append({"case": case_id, "class": "all", "distance": distance})
        request.observer.notify(CaseScored(case=case_id))
    mean = float(np.mean([row["distance"] for row in rows]))
    summary = {**provenance(request.manifest), "scores": {"all": {"distance": {"mean": mean}}}}
    return Scores(cases=rows, summary=summary)


@pytest.fixture
def grading(monkeypatch) -> None:
    """The toy task, entered where CONTRIBUTING says."""
    rules = replace(TASKS["classification"], score="distance")
    for table, entry in (
        (TASKS, rules),
        (NETWORK_TASKS, Grading()),
        (SCORERS, score_grades),
    ):
        monkeypatch.setitem(table._entries, "grading", entry)


def test_a_toy_task_is_trained_predicted_and_scored(grading, tfuq, digits, tmp_path):
    tree = task_settings("classification", digits, "mc-dropout").model_dump() | {"task": "grading"}
    config = Config.model_validate(tree)
    (tmp_path / "toy.yaml").write_text(config.dump())
    run = tmp_path / "run"
    assert tfuq("train", tmp_path / "toy.yaml", "--run", run).exit_code == 0
    with (run / "members" / "0" / "history.csv").open() as file:
        (epoch,) = csv.DictReader(file)
    assert float(epoch["val_accuracy"]) < 0, "quality is that of the toy"
    assert tfuq("predict", run).exit_code == 0
    predictions = run / "predictions" / "mc-dropout"
    with (predictions / PREDICTIONS).open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        p = [float(row[f"probability_{name}"]) for name in config.data.classes]
        assert float(row["grade"]) == pytest.approx(np.dot(p, range(10)), abs=1e-4)
    result = tfuq("score", predictions, "--no-figures")
    assert result.exit_code == 0, result.output
    summary = json.loads((run / "scores" / "mc-dropout" / "summary.json").read_text())
    assert summary["task"] == "grading"
    assert 0 < summary["scores"]["all"]["distance"]["mean"] < 9


def test_an_unknown_task_is_refused_with_the_nearest(digits):
    tree = task_settings("classification", digits, "vi").model_dump() | {"task": "clasification"}
    with pytest.raises(ValueError, match="did you mean 'classification'"):
        Config.model_validate(tree)
