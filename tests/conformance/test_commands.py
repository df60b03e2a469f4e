"""The matrix of the command line: every command × task × rank × method that it serves, end to end on tiny data."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conformance.bench import KINDS, MEMBERS, SAMPLES, STEPS, Bench, Place, write_discs
from tests.conftest import assert_refused, methods_of
from tests.support.examples import commands
from tfuq.config import METHODS, SERVED_METHODS, TASKS, shipped
from tfuq.data.json_csv import is_text
from tfuq.data.phantoms import PHANTOMS
from tfuq.workflows import demo
from tfuq_cli.main import main

# By the method that a run was trained as: the methods that it serves, its own first. The networks have dropout.
SERVED = {
    "deterministic": ("deterministic", "mc-dropout"),
    "mc-dropout": ("mc-dropout", "deterministic"),
    "ensemble": ("ensemble", "deterministic", "mc-dropout", "hybrid"),
    "hybrid": ("hybrid", "deterministic", "mc-dropout", "ensemble"),
    "vi": ("vi", "deterministic"),
    "latent-vi": ("latent-vi", "latent-code", "latent-weights", "deterministic"),
    "probabilistic-unet": ("probabilistic-unet", "deterministic"),
    "stochastic-segmentation": ("stochastic-segmentation", "deterministic"),
    "swag": ("swag", "deterministic"),
}
DRAWN = {
    "deterministic": 1,
    "ensemble": MEMBERS,
}  # samples; the other methods draw as many as they are asked for

# Fast rows are of one method: these steps for every kind, and each of those for one kind. All other rows are slow.
FAST_METHOD = "mc-dropout"
FAST_STEPS = (
    "data check",
    "train",
    "predict",
    "calibrate",
    "predict --calibrated",
    "score",
    "score calibrated",
    "compare",
    "report",
)
# Pictures are slices of another reader, and slices make volumes: after their prediction nothing differs.
SAME_AS_VOLUMES = ("calibrate", "predict --calibrated", "score calibrated", "compare", "report")
FAST_KIND = {
    "score --figures": "pictures",
    "doctor": "classification",
    "shift": "pictures",
    "export": "classification",
    "serve-check": "classification",
    "study": "classification",
}

# Commands that are of no method, with what each of their rows is of.
ALONE = {
    ("data", "list"): ("",),
    ("data", "synth"): tuple(PHANTOMS),
    ("demo",): TASKS,
    ("init",): TASKS,  # tests/workflows/test_init.py
    ("plan",): TASKS,  # tests/unit/workflows/plan, tests/workflows/test_plan.py
    ("slurm",): TASKS,  # tests/workflows/test_execution.py
    ("models", "list"): ("",),  # tests/workflows/test_models.py
    ("models", "pack"): ("segmentation",),
    ("models", "show"): ("",),
    ("dose",): ("segmentation",),  # which needs a dose: tests/workflows/test_radiotherapy.py
    ("review",): TASKS,  # tests/workflows/test_review.py
    ("query",): TASKS,  # tests/workflows/test_query.py
    ("plot",): ("segmentation",),  # tests/workflows/test_plot.py
    ("study",): tuple(KINDS),
    ("view",): TASKS,  # tests/workflows/test_view.py
}

# Words that belong to other tasks.
FOREIGN = {
    "segmentation": ("landmark", "radial"),
    "classification": (
        "dice",
        "voxel",
        "energy distance",
        "landmark",
        "radial",
        "scan",
        "structure",
    ),
    "landmarks": (
        "dice",
        "voxel",
        "energy distance",
        "probabilit",
        "scan",
        "structure",
        "accuracy",
    ),
}
_QUALITY = {"segmentation": "dice", "classification": "accuracy", "landmarks": "radial_error_px"}


def _methods(step: str) -> Iterator[tuple[str, str]]:
    """Pairs of a run's method and the one that a step is done with."""
    if step == "data check":
        yield FAST_METHOD, FAST_METHOD
    elif step == "train":
        yield from ((method, method) for method in METHODS)
    elif step == "predict":
        yield from (
            (trained_as, method) for trained_as, served in SERVED.items() for method in served
        )
    else:
        yield from (
            (method if method in METHODS else "latent-vi", method) for method in SERVED_METHODS
        )


def _is_fast(kind: str, step: str, trained_as: str, method: str) -> bool:
    is_repeated = kind in ("pictures", "slices") and step in SAME_AS_VOLUMES
    is_chosen = (step in FAST_STEPS and kind != "slices" and not is_repeated) or (
        FAST_KIND.get(step) == kind
    )
    return is_chosen and trained_as == method == FAST_METHOD


def _row(*values: str, is_fast: bool):
    return pytest.param(*values, marks=[] if is_fast else pytest.mark.slow)


# The rows of a kind follow one another, so that most of them fall to one process of a parallel run, which shares its steps.
ROWS = [
    _row(kind, step, *pair, is_fast=_is_fast(kind, step, *pair))
    for kind in KINDS
    for step in STEPS
    for pair in _methods(step)
    if pair[0] in methods_of(KINDS[kind][0])
]
STUDIES = [_row(kind, is_fast=FAST_KIND["study"] == kind) for kind in ALONE["study",]]


@pytest.fixture(scope="session")
def discs(tmp_path_factory) -> Path:
    return write_discs(tmp_path_factory.mktemp("discs"))


@pytest.fixture(scope="session")
def bench(request, tmp_path_factory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), request.getfixturevalue)


def test_every_command_has_rows(tmp_path):
    place = Place(tmp_path, "volumes", FAST_METHOD, FAST_METHOD)
    leaves = {
        path
        for path in commands()
        if path and not any(other[: len(path)] == path != other for other in commands())
    }
    words = [tuple(map(str, step.words(place))) for step in STEPS.values()]
    covered = {path for path in leaves for each in words if each[: len(path)] == path}
    assert covered | set(ALONE) == leaves


def test_rows_are_of_every_task_rank_and_method():
    assert {task for task, *_ in KINDS.values()} == set(TASKS)
    assert set(SERVED) == set(METHODS)
    assert {method for served in SERVED.values() for method in served} == set(SERVED_METHODS)
    assert {*FAST_STEPS, *FAST_KIND} == {*STEPS, "study"}


@pytest.mark.parametrize(("kind", "step", "trained_as", "method"), ROWS)
def test_row(bench, kind, step, trained_as, method):
    place = bench.place(kind, trained_as, method)
    result = bench.result(step, place)
    assert_done(result, place.task, STEPS[step].codes)
    for path in STEPS[step].writes(place):
        assert path.exists(), path
        assert_readable(path)
    if step.startswith("predict"):
        assert_predicted(STEPS[step].writes(place)[0], place)
    if step.startswith("score"):
        scores = place.calibrated(place.scores) if step == "score calibrated" else place.scores
        assert (
            _QUALITY[place.task]
            in json.loads((scores / "summary.json").read_text())["scores"]["all"]
        )


def assert_done(result, task: str, codes: tuple[int, ...] = (0,)) -> None:
    """The command ended as it should, and said nothing of other tasks; paths may hold any words."""
    assert result.exit_code in codes, result.output
    assert "unexpected error" not in result.output
    assert "Traceback" not in result.output
    words = re.sub(r"\S*/\S*", "", result.output).lower()
    strange = [word for word in FOREIGN[task] if word in words]
    assert not strange, (strange, result.output)


def assert_readable(path: Path) -> None:
    """Tables hold finite numbers but for the columns of text; JSON is what its standard says."""
    for table in [path] if path.suffix == ".csv" else path.rglob("*.csv"):
        with table.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file, strict=True):
                numbers = [cell for column, cell in row.items() if cell and not is_text(column)]
                assert all(math.isfinite(float(cell)) for cell in numbers), (table, row)
    for document in [path] if path.suffix == ".json" else path.rglob("*.json"):
        json.loads(document.read_text(encoding="utf-8"), parse_constant=pytest.fail)


def assert_predicted(folder: Path, place: Place) -> None:
    """So many samples as the method draws; the label is the likeliest class, or the position the mean of the samples."""
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["samples"] == DRAWN.get(place.method, SAMPLES)
    assert len(manifest["cases"]) >= 2
    check = {
        "segmentation": _assert_maps,
        "classification": _assert_classes,
        "landmarks": _assert_positions,
    }
    check[place.task](folder, has_spread=manifest["samples"] > 1)


def _assert_maps(folder: Path, *, has_spread: bool) -> None:
    for case in (path for path in folder.iterdir() if path.is_dir()):
        probability = nibabel.load(case / "probability.nii.gz").get_fdata()
        label = nibabel.load(case / "label.nii.gz").get_fdata()
        np.testing.assert_allclose(probability.sum(-1), 1, atol=1e-4)
        np.testing.assert_array_equal(label.ravel(), probability.argmax(-1).ravel())
        assert (case / "standard_deviation.nii.gz").exists() == has_spread
        if has_spread:
            assert nibabel.load(case / "standard_deviation.nii.gz").get_fdata().max() > 0


def _assert_classes(folder: Path, *, has_spread: bool) -> None:
    rows = _rows(folder / "predictions.csv")
    for row in rows:
        p = {
            name.removeprefix("probability_"): float(cell)
            for name, cell in row.items()
            if name.startswith("probability_")
        }
        assert sum(p.values()) == pytest.approx(1, abs=1e-4)
        assert row["label"] == max(p, key=p.get)
        assert ("standard_deviation" in row) == has_spread
    assert not has_spread or any(float(row["standard_deviation"]) > 0 for row in rows)


def _assert_positions(folder: Path, *, has_spread: bool) -> None:
    samples = _rows(folder / "samples.csv")
    rows = _rows(folder / "landmarks.csv")
    for row in rows[:5]:
        own = [s for s in samples if (s["case"], s["landmark"]) == (row["case"], row["landmark"])]
        for axis in ("x", "y"):
            assert float(row[axis]) == pytest.approx(
                np.mean([float(s[axis]) for s in own]), abs=1e-2
            )
    assert ("variance" in rows[0]) == has_spread
    assert not has_spread or any(float(row["variance"]) > 0 for row in rows)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@pytest.mark.parametrize("trained_as", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_other_methods_are_refused(bench, kind, trained_as):
    place = bench.place(kind, trained_as, trained_as)
    assert bench.result("train", place).exit_code == 0
    for method in set(SERVED_METHODS) - set(SERVED[trained_as]):
        for command, *further in (("predict",), ("calibrate", "--alpha", "0.5"), ("export",)):
            result = CliRunner().invoke(
                main, [command, str(place.run), "--method", method, *further]
            )
            assert_refused(result, "train")
        assert not (place.run / "predictions" / method).exists()


# Arguments that a kind's run does not serve: words of the message that it is refused with.
UNSERVED = {
    (
        "landmarks",
        ("calibrate", "RUN", "--alpha", "0.5", "--scaling", "vector"),
    ): "no probabilities of classes to scale: leave --scaling out",
    (
        "pictures",
        ("calibrate", "RUN", "--alpha", "0.5", "--scaling", "vector"),
    ): "a run of segmentation takes --scaling temperature",
    ("classification", ("predict", "RUN", "--save-samples")): "serves segmentation",
    ("landmarks", ("predict", "RUN", "--save-samples")): "serves segmentation",
    ("landmarks", ("predict", "RUN", "--save-members")): "serves classification and segmentation",
    ("landmarks", ("predict", "RUN", "--input", "FOLDER")): "holds no images that tfuq reads",
    ("classification", ("predict", "RUN", "--mask", "FOLDER")): "takes no mask",
    ("landmarks", ("score", "PREDICTIONS", "--dose", "FOLDER")): "serves segmentation",
    ("classification", ("score", "PREDICTIONS", "--dose", "FOLDER")): "serves segmentation",
    (
        "landmarks",
        ("score", "PREDICTIONS", "--structure-names", "{a: b}"),
    ): "serves segmentation",
    ("landmarks", ("dose", "PREDICTIONS", "--dose", "FOLDER")): "serves segmentation",
    ("classification", ("dose", "PREDICTIONS", "--dose", "FOLDER")): "serves segmentation",
    ("landmarks", ("score", "PREDICTIONS", "--ood", "FOLDER")): "serves classification",
    ("pictures", ("score", "PREDICTIONS", "--ood", "FOLDER")): "serves classification",
    (
        "classification",
        ("score", "PREDICTIONS", "--failure-at", "0.5"),
    ): "serves segmentation and landmarks",
}


@pytest.mark.parametrize(("kind", "arguments"), UNSERVED)
def test_what_a_task_does_not_serve_is_refused(bench, kind, arguments, tmp_path):
    place = bench.place(kind, FAST_METHOD, FAST_METHOD)
    assert bench.result("predict", place).exit_code == 0
    names = {"RUN": place.run, "PREDICTIONS": place.predictions, "FOLDER": tmp_path}
    result = CliRunner().invoke(main, [str(names.get(word, word)) for word in arguments])
    assert_refused(result, UNSERVED[kind, arguments])


def test_data_list(tfuq):
    result = tfuq("data", "list")
    assert result.exit_code == 0, result.output
    assert [
        line.split(":")[0] for line in result.stdout.splitlines() if not line.startswith(" ")
    ] == sorted(shipped())


@pytest.mark.parametrize("phantom", ALONE["data", "synth"])
def test_data_synth(phantom, tfuq, tmp_path):
    result = tfuq("data", "synth", phantom, tmp_path / "made", "--cases", 5)
    assert result.exit_code == 0, result.output
    assert any(path.is_file() for path in (tmp_path / "made").rglob("*"))
    assert f"5 case(s) of {phantom} in {tmp_path / 'made'}" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("task", ALONE["demo",])
def test_demo(task, tfuq, tmp_path, monkeypatch):
    load = demo.configuration.load
    short = (
        "training.epochs=1",
        "training.steps_per_epoch=1",
        "prediction.samples=3",
        "ensemble.members=2",
    )
    monkeypatch.setattr(
        demo.configuration, "load", lambda name, overrides=(): load(name, (*overrides, *short))
    )
    result = tfuq("demo", "--out", tmp_path / "demo", "--task", task)
    assert_done(result, task)
    assert (tmp_path / "demo" / "report.html").is_file()
    assert {row["method"] for row in _rows(tmp_path / "demo" / "comparison.csv")} == set(
        demo.SERVED_BY
    )
    assert_readable(tmp_path / "demo" / "runs")


@pytest.mark.slow
@pytest.mark.parametrize("kind", STUDIES)
def test_study(bench, kind, tfuq, tmp_path, monkeypatch):
    def in_this_process(words, log: Path) -> int:
        result = CliRunner().invoke(main, words[2:])  # after Python and its script
        log.write_text(result.output)
        return result.exit_code

    monkeypatch.setattr("tfuq.workflows.study.execution.run_command", in_this_process)
    place = bench.place(kind, FAST_METHOD, FAST_METHOD)
    quality = _QUALITY[place.task]
    (tmp_path / "study.yaml").write_text(
        f"name: methods\nconfig: {place.config}\naxes:\n  method: {{method: [mc-dropout, vi]}}\ntable: [{quality}]\n"
    )
    result = tfuq("study", tmp_path / "study.yaml", "--out", tmp_path / "out")
    assert_done(result, place.task)
    rows = _rows(tmp_path / "out" / "table.csv")
    assert [row["method"] for row in rows] == ["mc-dropout", "vi"]
    assert all(math.isfinite(float(row[quality])) and not row["error"] for row in rows)
