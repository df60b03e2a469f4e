"""What the tasks share of a prediction: batches of whole chunks, manifests, and refusals."""

import numpy as np
import pytest

from tests.conftest import task_settings
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.replies import true_reply
from tfuq.data.cases import read_case_image
from tfuq.data.volume import Volume
from tfuq.errors import DataError, RunError
from tfuq.measures.catalogue import maps_of
from tfuq.prediction import Request, cases_of_test_split, make_predictor
from tfuq.prediction.predictor import Predictor
from tfuq.tasks.records import ClassStatistics, LandmarkStatistics, VoxelStatistics


@pytest.fixture
def run(digits, tmp_path):
    return make_finished_run(tmp_path / "run", "classification", digits)


@pytest.mark.parametrize(("asked", "batch"), [(1, 4), (4, 4), (5, 8), (9, 12)])
def test_a_batch_is_of_whole_chunks(run, asked, batch):
    assert run.config.chunk == 4
    assert make_given_predictor(run, batch=asked).batch == batch


def test_the_manifest_says_what_determines_the_predictions(run):
    manifest = make_given_predictor(run, method="ensemble", samples=9).manifest()
    assert (manifest.method, manifest.samples, manifest.seed) == ("ensemble", 2, 5)
    assert manifest.weights_digest == [f"{0:064x}", f"{1:064x}"]
    assert manifest.run == str(run.path)
    assert (manifest.cases, manifest.calibration, manifest.missing_members) == ({}, None, [])


@pytest.mark.parametrize(
    ("method", "maps"), [("mc-dropout", maps_of(2)), ("deterministic", maps_of(1))]
)
def test_one_sample_has_no_measure_that_compares(run, method, maps):
    assert make_given_predictor(run, method=method).maps == maps


def test_a_map_that_there_is_not_is_refused_before_networks_are_read(balls, tmp_path):
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    request = {"method": "mc-dropout", "samples": 2, "seed": 0, "batch": 1}
    asked = Request(**request, written_maps=("mutual_informatoin",))
    with pytest.raises(RunError, match="did you mean 'mutual_information'"):
        make_predictor(run, asked)  # it has no weights


def uncertain(images, value):
    """A reply of chance, but for the first vote."""
    found = true_reply(task_settings("classification", "."), images.shape)
    found["votes"][0, 0] = value
    return found


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_statistics_that_are_no_numbers_are_refused(run, value):
    predictor = make_given_predictor(run, lambda images, _: uncertain(images, value))
    with pytest.raises(DataError, match="votes is NaN or infinite in what mc-dropout drew"):
        predictor.draw(np.zeros((1, 28, 28, 1), np.float32))


def test_so_many_samples_are_drawn_as_are_asked_for(run):
    predictor = make_given_predictor(run)
    images = np.zeros((5, 28, 28, 1), np.float32)
    predictor.draw(images)
    predictor.draw(images, 2)
    shapes = [(4, 28, 28, 1), (1, 28, 28, 1)]
    expected = [(shape, [5, 0], samples) for samples in (4, 2) for shape in shapes]
    assert predictor.sampler.asked == expected


def test_images_of_other_channels_are_refused(run):
    case = cases_of_test_split(run)[0]
    picture = read_case_image(case)
    two = Volume(np.repeat(picture.array, 2, -1), picture.affine)
    predictor = make_given_predictor(run)
    assert predictor.preprocessed(case, picture).array.shape == (28, 28, 1, 1)
    with pytest.raises(DataError, match=r"has 2 channel\(s\), the run was trained with 1"):
        predictor.preprocessed(case, two)


def test_methods_that_the_run_does_not_serve_are_refused(run):
    with pytest.raises(RunError, match="vi"):
        make_given_predictor(run, method="vi")


@pytest.mark.parametrize(
    ("task", "data", "record"),
    [
        ("segmentation", "balls", VoxelStatistics),
        ("classification", "digits", ClassStatistics),
        ("landmarks", "heads", LandmarkStatistics),
    ],
)
def test_every_task_has_a_predictor_of_its_record(request, tmp_path, task, data, record):
    run = make_finished_run(tmp_path / "run", task, request.getfixturevalue(data))
    predictor = make_given_predictor(run)
    assert isinstance(predictor, Predictor)
    assert predictor.record is record
