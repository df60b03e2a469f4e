"""Classification and landmark regression with every method, from two steps of training to the rows of their tables."""

import csv
import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import ALL_METHODS, assert_refused, methods_of, task_settings
from tests.support import references
from tests.support.observers import Recorder
from tests.support.saved import saved_and_loaded
from tfuq import prediction, runs
from tfuq.data.cases import read_case_image
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.errors import TfuqError
from tfuq.networks.weights import load_arrays, model_arrays
from tfuq.runs.results import read_manifest
from tfuq.sampling.posterior import samples_of
from tfuq.sampling.prefix import split_at_seed

TASKS = ("classification", "landmarks")
TABLES = {"classification": ("predictions.csv",), "landmarks": ("landmarks.csv", "samples.csv")}
SIZE = {"classification": (28, 28), "landmarks": (32, 32)}
RANDOM = ("mc-dropout", "hybrid", "vi", "latent-vi")  # a seed does not choose an ensemble's members


@pytest.fixture(scope="module")
def predictor_of(trained_task):
    """``predictor_of(task, method)``: made once, as tracing its graph is what takes time; `predicted` asks it anew."""
    made = {}

    def make(task, method):
        if (task, method) not in made:
            run = runs.open_run(trained_task(task, method).path)
            assert run.config == trained_task(task, method).config
            made[task, method] = prediction.make_predictor(
                run, prediction.Request(method=method, samples=5, seed=1, batch=4)
            )
        return made[task, method]

    return make


def predicted(predictor, folder, **request):
    """The run's test cases predicted into a folder; returns it, and which cases were drawn (not found complete)."""
    first, recorder = predictor.request, Recorder()
    predictor.request = dataclasses.replace(first, **request)
    try:
        cases = prediction.cases_of_test_split(predictor.run)
        prediction.predict(
            predictor,
            cases,
            folder,
            observer=recorder,
        )
    finally:
        predictor.request = first
    return folder, [event.case for event in recorder.events if event.seconds]


def tables_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def numbers(row, *columns):
    return np.array([float(row[column]) for column in columns])


def conforming():
    """Each method; slow but for one of each task."""
    fast = [("classification", "vi"), ("landmarks", "mc-dropout")]
    for task in TASKS:
        for method in methods_of(task):
            marks = () if (task, method) in fast else pytest.mark.slow
            yield pytest.param(task, method, marks=marks)


@pytest.mark.parametrize(("task", "method"), list(conforming()))
def test_conformance_train_reload_predict_export(predictor_of, tmp_path, task, method):
    """Weights read back, tables that depend on the seed and not on the batch, the same bytes from a SavedModel."""
    predictor = predictor_of(task, method)
    stored = load_arrays(predictor.run.member(0) / "weights.npz")
    for name, array in model_arrays(predictor.networks[0]).items():
        np.testing.assert_array_equal(array, stored[name])
    first, _ = predicted(predictor, tmp_path / "first")
    again, _ = predicted(predictor, tmp_path / "again", batch=9)
    other, _ = predicted(predictor, tmp_path / "other", seed=2)
    assert tuple(tables_of(first)) == TABLES[task]
    assert tables_of(first) == tables_of(again)
    assert (tables_of(first) != tables_of(other)) == (method in RANDOM)
    x = np.random.default_rng(0).normal(size=(3, *SIZE[task], 1)).astype(np.float32)
    drawn = predictor.draw(x).arrays()
    served = saved_and_loaded(predictor.sampler, tmp_path / "saved")
    count = tf.constant(predictor.samples)
    for name, array in served(
        image=tf.constant(x), seed=tf.constant([1, 0]), num_samples=count
    ).items():
        assert array.numpy().tobytes() == drawn[name].tobytes(), name


@pytest.mark.slow
@pytest.mark.parametrize("method", ALL_METHODS)
def test_rows_of_predictions_agree_with_each_other(predictor_of, tmp_path, method):
    predictor = predictor_of("classification", method)
    run = predictor.run
    folder, drawn = predicted(predictor, tmp_path / "out")
    rows = rows_of(folder / "predictions.csv")
    assert [row["case"] for row in rows] == sorted(drawn) == run.split["test"]
    samples = samples_of(method, members=2, asked=5)
    assert read_manifest(folder).samples == samples
    classes = run.config.data.classes
    for row in rows:
        p = numbers(row, *[f"probability_{name}" for name in classes])
        assert p.sum() == pytest.approx(1, abs=2e-5)
        assert row["label"] == classes[p.argmax()]
        assert float(row["predictive_entropy"]) == pytest.approx(references.entropy(p), abs=2e-5)
        if samples == 1:
            assert not {
                "votes_0",
                "mutual_information",
                "variation_ratio",
                "standard_deviation",
            } & set(row)
            continue
        votes = numbers(row, *[f"votes_{name}" for name in classes])
        np.testing.assert_allclose(votes * samples, np.rint(votes * samples), atol=1e-4)
        assert votes.sum() == pytest.approx(1, abs=2e-5)
        assert float(row["variation_ratio"]) == pytest.approx(1 - votes.max(), abs=2e-5)
        total, expected, mutual = numbers(
            row, "predictive_entropy", "expected_entropy", "mutual_information"
        )
        assert mutual == pytest.approx(total - expected, abs=2e-5)
        assert mutual >= 0
        assert float(row["standard_deviation"]) > 0


@pytest.mark.slow
def test_predictions_are_those_of_stacked_samples(predictor_of):
    """Every measure of a row from the networks' own outputs, one seed after another."""
    predictor = predictor_of("classification", "hybrid")
    x = np.random.default_rng(0).normal(size=(4, 28, 28, 1)).astype(np.float32)
    drawn, posterior = predictor.draw(x, samples=6).arrays(), predictor.sampler.posterior
    seed = tf.constant([1, 0])
    stacked = np.stack(
        [
            tf.nn.softmax(
                network.model([x, posterior.seed(seed, tf.constant(member), tf.constant(draw))])
            )
            for member, network in enumerate(posterior.members)
            for draw in range(3)
        ]
    )
    for n in range(4):
        for name, value in references.voxel_measures(stacked[:, n]).items():
            np.testing.assert_allclose(drawn[name][n], value, atol=2e-5, err_msg=name)
        np.testing.assert_allclose(
            drawn["votes"][n], np.bincount(stacked[:, n].argmax(-1), minlength=10) / 6, atol=1e-6
        )


def methods_of_landmarks():
    """The fast methods but the hybrid, whose two networks the rows of classes have."""
    for method in ALL_METHODS:
        if method == "hybrid":
            yield pytest.param(method, marks=pytest.mark.slow)
        else:
            yield method


@pytest.mark.slow
@pytest.mark.parametrize("method", list(methods_of_landmarks()))
def test_rows_of_landmarks_follow_from_the_samples(predictor_of, tmp_path, method):
    predictor = predictor_of("landmarks", method)
    run = predictor.run
    folder, _ = predicted(predictor, tmp_path / "out")
    rows, samples = rows_of(folder / "landmarks.csv"), rows_of(folder / "samples.csv")
    count = samples_of(method, members=2, asked=5)
    assert [(row["case"], row["landmark"]) for row in rows] == [
        (case, name) for case in run.split["test"] for name in ISBI_2015_LANDMARKS
    ]
    assert len(samples) == len(rows) * count
    millimetres = 0.67 * 3  # the annotated image is three times as large as the phantom's files
    spreads = []
    for row in rows:
        own = [s for s in samples if (s["case"], s["landmark"]) == (row["case"], row["landmark"])]
        assert [int(s["sample"]) for s in own] == list(range(count))
        points = np.array([numbers(s, "x", "y") for s in own])
        assert (points >= -0.5).all()
        assert (points <= [95.5, 119.5]).all()
        mean = points.mean(0)
        np.testing.assert_allclose(numbers(row, "x", "y"), mean, atol=2e-3)
        np.testing.assert_allclose(
            numbers(row, "x_mm", "y_mm"), mean * millimetres, rtol=1e-4, atol=2e-3
        )
        activations = [float(s["activation"]) for s in own]
        assert float(row["max_activation"]) == pytest.approx(
            np.mean(activations), rel=1e-4, abs=1e-6
        )
        if count == 1:
            assert not any(
                column.startswith(("covariance", "variance", "ellipse")) for column in row
            )
            continue
        spreads.append(references.landmark_spread(points))
        for name, value in spreads[-1].items():
            power = 1 if name == "mean_radial_spread" else 2
            assert float(row[name]) == pytest.approx(value, rel=2e-3, abs=2e-2), name
            assert float(row[f"{name}_mm"]) == pytest.approx(
                value * millimetres**power, rel=2e-3, abs=5e-2
            ), name
    assert count == 1 or max(spread["variance"] for spread in spreads) > 0.1


@pytest.mark.slow
def test_a_position_is_that_of_the_heatmaps_maximum_in_the_image(predictor_of, tmp_path):
    """From the network's outputs by hand: argmax, and half-pixel scaling from 32×32 to 96×120 pixels."""
    predictor = predictor_of("landmarks", "deterministic")
    folder, _ = predicted(predictor, tmp_path / "out")
    case = prediction.cases_of_test_split(predictor.run)[0]
    x = predictor.network_grid(case, read_case_image(case)).array[:, :, 0]
    heatmaps = predictor.networks[0]([x[None], tf.constant([0, 0])]).numpy()[0]
    rows = [row for row in rows_of(folder / "landmarks.csv") if row["case"] == case.id]
    for k, row in enumerate(rows):
        y, x = np.unravel_index(heatmaps[..., k].argmax(), (32, 32))
        assert float(row["max_activation"]) == pytest.approx(
            heatmaps[..., k].max(), rel=1e-4, abs=1e-6
        )
        # The refinement stays within its window of four pixels about the maximum.
        assert abs((float(row["x"]) + 0.5) / 3 - 0.5 - x) <= 4.01
        assert abs((float(row["y"]) + 0.5) * 32 / 120 - 0.5 - y) <= 4.01


@pytest.mark.slow
def test_convolutions_of_lenet_are_deterministic_prefix(predictor_of):
    split = split_at_seed(predictor_of("classification", "mc-dropout").networks[0])
    in_prefix, in_suffix = (
        {layer.name for layer in m.layers} for m in (split.prefix, split.suffix)
    )
    assert {"conv1", "pool1", "conv2", "pool2"} <= in_prefix
    assert {"dropout2", "dense3", "dropout3", "logits"} <= in_suffix
    assert not in_prefix & in_suffix
    variational = split_at_seed(predictor_of("classification", "vi").networks[0])
    assert "conv1" not in {layer.name for layer in variational.prefix.layers}


@pytest.mark.parametrize(
    "task", ["classification", pytest.param("landmarks", marks=pytest.mark.slow)]
)
def test_a_second_run_keeps_what_is_complete_and_mends_what_is_damaged(
    predictor_of, tmp_path, task
):
    predictor = predictor_of(task, "mc-dropout")
    folder, first = predicted(predictor, tmp_path / "out")
    intact = tables_of(folder)
    assert sorted(first) == predictor.run.split["test"]
    assert predicted(predictor, folder) == (folder, [])
    assert tables_of(folder) == intact
    for name in TABLES[task]:
        content = intact[name]
        lines = content.splitlines(keepends=True)
        damages = {
            "gone": None,
            "empty": b"",
            "binary": b"\xff\0" + content,
            "within a cell": content[:-3],
            "end of line": content[:-1],
            "a row": b"".join(lines[:-1]),
            "half": content[: len(content) // 2],
            "no case column": content.replace(b"case", b"what", 1),
        }
        for how, damaged in damages.items():
            if damaged is not None:  # it may be the user's work
                (folder / name).write_bytes(damaged)
                with pytest.raises(TfuqError, match=r"move it away|remove"):
                    predicted(predictor, folder)
                assert (folder / name).read_bytes() == damaged, how
            (folder / name).unlink()
            _, drawn = predicted(predictor, folder)
            assert drawn, how
            assert tables_of(folder) == intact, how


@pytest.mark.parametrize("task", TASKS)
def test_predict_refuses_one_sample_and_other_channels(trained_task, tfuq, tmp_path, task):
    run = shutil.copytree(trained_task(task, "mc-dropout").path, tmp_path / "run")
    assert_refused(tfuq("predict", run, "--samples", 1), "--samples 1", "at least 2")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)).save(
        tmp_path / "colour.png"
    )
    refused = tfuq("predict", run, "--input", tmp_path / "colour.png", "--out", tmp_path / "out")
    assert_refused(refused, "colour.png", "3 channel(s)", "trained with 1")
    assert not list((tmp_path / "out").glob("*.csv"))


@pytest.mark.slow
def test_colour_images_have_all_their_channels_in_one_file(tfuq, tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "pictures"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            Image.fromarray(rng.integers(0, 255, (20, 24, 3), np.uint8)).save(
                folder / name / f"{number}.png"
            )
    data = {"layout": "image-folders", "classes": ["cat", "dog"], "split": {"train": 4, "test": 2}}
    (tmp_path / "config.yaml").write_text(task_settings("classification", folder, data=data).dump())
    assert tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "run").exit_code == 0
    given = [folder / "cat" / "0.png", folder / "cat" / "1.png", folder / "dog"]
    result = tfuq(
        "predict",
        tmp_path / "run",
        *[word for path in given for word in ("--input", path)],
        "--out",
        tmp_path / "out",
    )
    assert_refused(result, "case id '0' occurs twice")
    for path in (folder / "dog").iterdir():
        path.rename(path.with_name(f"dog{path.name}"))
    result = tfuq(
        "predict",
        tmp_path / "run",
        *[word for path in given for word in ("--input", path)],
        "--out",
        tmp_path / "out",
    )
    assert result.exit_code == 0, result.output
    rows = rows_of(tmp_path / "out" / "predictions.csv")
    assert [row["case"] for row in rows] == ["0", "1", "dog0", "dog1", "dog2"]
    assert len({row["probability_cat"] for row in rows}) > 2
    grey = tmp_path / "grey.png"
    Image.fromarray(rng.integers(0, 255, (20, 24), np.uint8)).save(grey)
    refused = tfuq("predict", tmp_path / "run", "--input", grey, "--out", tmp_path / "grey")
    assert_refused(refused, "grey.png: has 1 channel(s), the run was trained with 3")


def test_an_empty_folder_of_inputs_stays_empty(tfuq, trained_task, tmp_path):
    """A phantom is made where the configuration puts it, not in a folder of scans to predict."""
    (tmp_path / "scans").mkdir()
    run = shutil.copytree(trained_task("classification", "deterministic").path, tmp_path / "run")
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("layout: idx", "layout: digits-phantom"))
    assert_refused(
        tfuq("predict", run, "--input", tmp_path / "scans"), "scans: no cases in the idx layout"
    )
    assert not list((tmp_path / "scans").iterdir())
