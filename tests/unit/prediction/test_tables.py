"""Predictions that are rows of tables: written whole, and gone on with where they stopped."""

import numpy as np
import pytest

from tests.conftest import files_of
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.observers import Recorder
from tests.support.replies import true_reply
from tfuq.data.cases import read_case_image
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_csv
from tfuq.prediction import cases_of_test_split, predict
from tfuq.prediction.tables import TablePredictor
from tfuq.tasks.records import LandmarkStatistics


@pytest.fixture
def predictor(heads, tmp_path):
    """What it draws of an image depends on that image alone."""
    run = make_finished_run(tmp_path / "run", "landmarks", heads)

    def draw(images, _):
        of_one = true_reply(run.config, (1, *images.shape[1:]))["landmarks"]
        return {"landmarks": of_one + images.max((1, 2, 3))[:, None, None, None]}

    made = make_given_predictor(run, draw)
    assert isinstance(made, TablePredictor)
    return made


def predicted(predictor, folder, count=None):
    """What was said of each case: its seconds, or None where it was complete."""
    recorder = Recorder()
    cases = cases_of_test_split(predictor.run)[:count]
    predict(predictor, cases, folder, observer=recorder)
    return [(event.case, event.seconds) for event in recorder.events]


def rows_of(folder):
    return read_table(folder / "landmarks.csv", ("case",), "")


def test_images_go_through_the_network_in_batches(predictor, tmp_path):
    predicted(predictor, tmp_path / "out", 6)
    assert [shape[0] for shape, *_ in predictor.sampler.asked] == [4, 2]
    landmarks = len(predictor.config.data.landmarks)
    assert len(rows_of(tmp_path / "out")) == 6 * landmarks
    assert len(read_table(tmp_path / "out" / "samples.csv", (), "")) == 6 * landmarks * 4


def test_cases_that_are_complete_are_kept(predictor, tmp_path):
    predicted(predictor, tmp_path / "whole", 4)
    predicted(predictor, tmp_path / "out", 4)
    before = files_of(tmp_path / "out")
    assert [seconds for _, seconds in predicted(predictor, tmp_path / "out", 4)] == [None] * 4
    assert files_of(tmp_path / "out") == before


def test_a_case_that_lacks_a_row_is_predicted_again(predictor, tmp_path):
    folder = tmp_path / "out"
    predicted(predictor, folder, 3)
    before = {name: text for name, text in files_of(folder).items() if name.endswith(".csv")}
    rows = rows_of(folder)
    write_csv(folder / "landmarks.csv", rows[1:])
    again = {case for case, seconds in predicted(predictor, folder, 3) if seconds is not None}
    assert again == {rows[0]["case"]}
    after = {name: text for name, text in files_of(folder).items() if name.endswith(".csv")}
    assert after == before


def test_rows_of_images_in_memory_are_those_of_their_statistics(predictor):
    cases = cases_of_test_split(predictor.run)[:2]
    landmarks = len(predictor.config.data.landmarks)
    samples = np.zeros((2, 4, landmarks, 3), np.float32)
    samples[1, :, :, 2] = 0.5
    images = [read_case_image(case) for case in cases]
    tables = predictor.tables(cases, images, LandmarkStatistics(landmarks=samples))
    activations = [row["max_activation"] for row in tables["landmarks.csv"]]
    assert activations == [0.0] * landmarks + [0.5] * landmarks


def test_a_rehearsal_writes_nothing(predictor, tmp_path):
    before = files_of(tmp_path)
    cases = cases_of_test_split(predictor.run)[: predictor.cases_at_once]
    assert predictor.rehearse(cases, 2) > 0
    assert predictor.sampler.asked == [((4, 32, 32, 1), [5, 0], 2)]
    assert files_of(tmp_path) == before
