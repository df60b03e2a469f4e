"""Pictures that the doctor asks a network about: more than a batch of them."""

import numpy as np

from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.data.cases import read_case_image
from tfuq.prediction import cases_of_test_split
from tfuq.workflows.doctor.tasks.pictures import some_pictures


def test_pictures_are_the_first_test_cases_as_the_network_takes_them(digits, tmp_path):
    run = make_finished_run(tmp_path / "run", "classification", digits)
    examples = some_pictures(make_given_predictor(run))
    assert examples.shape == (2 * run.config.chunk, 28, 28, 1)
    first = read_case_image(cases_of_test_split(run)[0]).array[:, :, 0].astype(float)
    expected = (first - first.mean()) / first.std()
    np.testing.assert_allclose(examples[0], expected, atol=1e-4)
