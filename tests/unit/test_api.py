"""tfuq from Python gives what the command line gives."""

import nibabel
import numpy as np
import pytest

import tfuq
from tests.conftest import task_settings
from tests.support.histories import history
from tests.support.observers import Recorder
from tfuq import api, config
from tfuq.data.events import CasePredicted, EpochEnd, EpochStep, TaskEnded
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read
from tfuq.errors import RunError
from tfuq.runs.results import read_manifest


def test_python_and_command_line_write_the_same_files(trained, balls, tmp_path):
    from click.testing import CliRunner

    from tfuq_cli.main import main

    run, file = trained("mc-dropout").path, balls / "imagesTr" / "ball_000.nii.gz"
    arguments = [
        "predict",
        str(run),
        "--input",
        str(file),
        "--out",
        str(tmp_path / "cli"),
        "--samples",
        "5",
        "--seed",
        "3",
    ]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    predicted = tfuq.load(run).predict(file, samples=5, seed=3)
    folder = predicted.save(tmp_path / "api" / "ball_000")
    for path in (tmp_path / "cli" / "ball_000").iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
    assert read_manifest(tmp_path / "cli").cases.keys() == {"ball_000"}
    np.testing.assert_allclose(predicted.affine, nibabel.load(file).affine)
    assert predicted["label"].shape == nibabel.load(file).shape
    assert predicted.maps["mutual_information"].max() > 0
    assert [row["class"] for row in predicted.structures if row["component"] == "all"] == [
        "ball",
        "core",
    ]


def test_volumes_in_memory_and_plots(trained, balls):
    run = tfuq.load(trained("mc-dropout").path)
    volume = read(balls / "imagesTr" / "ball_001.nii.gz")
    volume = volume.with_array(volume.array[..., None])
    one, two, other = (run.predict(volume, samples=3, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one["probability"], two["probability"])
    assert not np.array_equal(one["probability"], other["probability"])
    titles = [axes.get_title() for axes in one.plot().axes]
    assert {"image", "prediction", "predictive entropy", "mutual information"} <= set(titles)
    assert "truth" not in titles
    single = run.predict(volume, method="deterministic")
    assert set(single.maps) == {"label", "probability", "predictive_entropy"}


def test_training_from_python(digits, tmp_path):
    run = tfuq.train(task_settings("classification", digits), run=tmp_path / "run")
    assert run.run.finished_members == [0]
    with pytest.raises(RunError, match="not a run"):
        tfuq.load(tmp_path)
    with pytest.raises(AttributeError):
        tfuq.no_such_thing  # noqa: B018


def test_tables_of_an_image_are_saved_as_they_are_named(tmp_path):
    tables = {"predictions.csv": [{"case": "a", "label": "7"}], "members.csv": [{"case": "a"}]}
    predicted = api.PredictedTable(tables)
    assert predicted.rows == tables["predictions.csv"]
    folder = predicted.save(tmp_path / "out")
    assert read_table(folder / "predictions.csv", ("label",), "again")[0]["label"] == "7"
    assert {path.name for path in folder.glob("*.csv")} == set(tables)


def test_a_configuration_may_be_its_name_or_itself(monkeypatch, tmp_path):
    asked = []

    def train(config, path, **options):
        asked.append((config.training.epochs, path, options))
        return None

    monkeypatch.setattr(api.training, "train", train)
    api.train("hippocampus", overrides=("training.epochs=3",), resume=True)
    api.train(config.load("hippocampus"), run=tmp_path)
    default = api.RUNS / "hippocampus" / "mc-dropout"
    assert asked == [(3, default, {"resume": True}), (16, tmp_path, {})]


def test_an_observer_receives_every_event_of_a_training_in_order(digits, tmp_path):
    training = {"epochs": 2, "steps_per_epoch": 3}
    config = task_settings("classification", digits, "ensemble", training=training)
    recorder = Recorder()
    run = tfuq.train(config, run=tmp_path / "run", observer=recorder)
    expected = []
    for member in (0, 1):
        for epoch in (0, 1):
            expected += [(EpochStep, member, epoch, step) for step in range(3)]
            expected.append((EpochEnd, member, epoch, 3))
    tasks = [event for event in recorder.events if isinstance(event, TaskEnded)]
    assert [(event.task, event.done) for event in tasks] == [("member 0", 1), ("member 1", 2)]
    events = [event for event in recorder.events if event not in tasks]
    assert [_place(event) for event in events] == expected
    for member in (0, 1):
        ends = events[member * 8 + 3 : member * 8 + 8 : 4]
        rows = history(run.run, member)  # in six digits
        for end, row in zip(ends, rows, strict=True):
            assert end.figures == pytest.approx(row, rel=1e-5)


def _place(event):
    """The kind of an event of training, and where in the training it is."""
    last = event.steps if isinstance(event, EpochEnd) else event.step
    return type(event), event.member, event.epoch, last


def test_an_observer_receives_the_event_of_a_prediction(trained, balls):
    recorder = Recorder()
    file = balls / "imagesTr" / "ball_000.nii.gz"
    tfuq.load(trained("mc-dropout").path).predict(file, samples=2, observer=recorder)
    (event,) = recorder.events
    assert isinstance(event, CasePredicted)
    assert event.case == "ball_000"
    assert sum(event.seconds.values()) > 0
