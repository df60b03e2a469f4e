"""Runs of classification and landmark regression: what is trained, what is stated, and predictions that were stopped."""

import csv
import math

import numpy as np
import pytest

from tests.conftest import task_settings
from tests.support.observers import Recorder, StopAtCase
from tfuq import prediction
from tfuq.data.events import SILENT
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.runs.results import read_manifest
from tfuq.tasks import task_of
from tfuq.training import prepare, summary, train


def predict(run, folder, observer=SILENT):
    predictor = prediction.make_predictor(
        run, prediction.Request(method=run.config.method, samples=3, seed=0, batch=4)
    )
    prediction.predict(predictor, prediction.cases_of_test_split(run), folder, observer=observer)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


@pytest.mark.slow
def test_a_stopped_prediction_goes_on_and_ends_as_one_that_was_not(trained_task, tmp_path):
    run = trained_task("classification", "mc-dropout")
    whole = predict(run, tmp_path / "whole")

    stopping = StopAtCase(6)  # within the second batch
    with pytest.raises(KeyboardInterrupt):
        predict(run, tmp_path / "stopped", stopping)
    cases = sorted(run.split["test"])[:8]
    assert cases[:6] == stopping.cases
    assert sorted(read_manifest(tmp_path / "stopped").cases) == cases
    recorder = Recorder()
    again = predict(run, tmp_path / "stopped", recorder)
    drawn = [event.case for event in recorder.events if event.seconds]
    assert again == whole
    assert drawn == [case for case in run.split["test"] if case not in cases]


@pytest.mark.slow
def test_runs_state_what_their_likelihood_counts(trained_task):
    images, maps = (trained_task(task, "vi") for task in ("classification", "landmarks"))
    assert images.facts["likelihood_terms"] == 40
    assert images.facts["kl_scale"] == {"member 0": 1 / 40}
    assert maps.facts["likelihood_terms"] == 3 * 19 * 32 * 32
    assert maps.facts["class_weights"] == []
    assert len(images.facts["class_weights"]) == 10
    material = prepare(images.config, None)
    assert "40 images; KL scale 0.025 per nat (1 / training images)" in summary(
        images.config, material
    )


@pytest.mark.parametrize(
    ("task", "quality"), [("classification", "val_accuracy"), ("landmarks", "val_radial_error")]
)
def test_histories_have_the_tasks_figure_of_merit(trained_task, task, quality):
    with (trained_task(task, "mc-dropout").member(0) / "history.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert math.isfinite(float(row["val_loss"]))
    assert 0 <= float(row[quality]) <= (1 if task == "classification" else math.hypot(31, 31))


def test_figures_of_merit_against_hand_counted(digits):
    classes, marks = (task_settings(task, digits) for task in ("classification", "landmarks"))
    p = np.array([[0.2, 0.7, 0.1], [0.5, 0.4, 0.1], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])
    assert task_of(classes).quality(classes, p, np.array([1, 1, 2, 0])) == 0.75
    heatmaps = np.zeros((1, 6, 9, 3))
    heatmaps[0, [2, 0, 5], [3, 8, 0], [0, 1, 2]] = 1  # found at (3, 2), (8, 0), (0, 5)
    truth = np.array([[[3.0, 2.0], [5.0, 4.0], [math.nan, math.nan]]])
    assert task_of(marks).quality(marks, heatmaps, truth) == 2.5


@pytest.mark.slow
def test_missing_landmarks_are_trained_around_with_heatmaps_that_are_distributions(heads, tmp_path):
    rng, lines = np.random.default_rng(0), ["file,landmark,x,y"]
    for path in sorted((heads / "RawImage" / "TrainingData").glob("[!.]*")):
        marks = (heads / "AnnotationsByMD" / "400_senior" / f"{path.stem}.txt").read_text().split()
        named = zip(ISBI_2015_LANDMARKS, marks, strict=True)
        lines += [f"{path.name},{name},{mark}" for name, mark in named if rng.random() < 0.7]
    root = tmp_path / "marks"
    root.mkdir()
    (root / "image").symlink_to(heads / "RawImage" / "TrainingData")
    (root / "marks.csv").write_text("\n".join(lines) + "\n")
    config = task_settings(
        "landmarks",
        root,
        data={"layout": "landmark-table", "table": "marks.csv"},
        training={"loss": {"name": "heatmap-cross-entropy"}, "monitor": "radial_error"},
        augmentation={"rotation_degrees": 20.0, "shift": 0.2, "elastic": 1.0},
    )
    run = train(config, tmp_path / "run")
    present = sum(line.split(".")[0] in run.split["train"] for line in lines)
    assert 0 < present < 3 * 19
    assert (
        run.facts["likelihood_terms"] == present
    )  # a landmark that is missing is no term of the loss
    with (run.member(0) / "history.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert all(math.isfinite(float(row[name])) for name in ("loss", "val_loss", "val_radial_error"))
    predict(run, tmp_path / "out")
    with (tmp_path / "out" / "landmarks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 19  # every landmark is predicted, also where the annotation lacks it
    assert all(1 / 1024 <= float(row["max_activation"]) < 1 for row in rows)


@pytest.mark.slow
def test_a_rehearsal_is_of_as_many_images_as_go_together(trained_task, tfuq, tmp_path):
    run = trained_task("classification", "mc-dropout").path
    for batch, together in (
        (4, "4 cases at once"),
        (9, "11 cases at once"),
    ):  # whole chunks of four
        result = tfuq("predict", run, "--out", tmp_path / "out", "--batch", batch, "--dry-run")
        assert result.exit_code == 0, result.output
        assert f"seen here: {together}: a sample" in result.stdout
        assert "files: predictions.csv" in result.stdout
    assert not (tmp_path / "out").exists()
