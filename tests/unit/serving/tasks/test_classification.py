"""Classification that is served: the label is a name, and votes are of several samples."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import task_settings
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.replies import make_export
from tfuq.measures.catalogue import maps_of
from tfuq.serving.expectation import Asked
from tfuq.serving.tasks.classification import SERVED
from tfuq.tasks.records import ClassStatistics

TASK = SERVED["classification"]


def statistics(p):
    maps = {name: np.arange(len(p)) / 10 for name in maps_of(2)}
    return {"probability": p, "votes": p[:, ::-1], "picked": p, **maps}


@pytest.fixture
def p():
    """Digits 7, 0 (the first of two that are as probable) and 9."""
    p = np.full((3, 10), 0.05)
    p[0, 7] = p[2, 9] = 0.55
    p[1, [0, 4]] = 0.3
    return p


def test_the_label_is_the_name_of_the_likeliest_class(p, tmp_path):
    config = task_settings("classification", tmp_path)
    found = TASK.outputs(config, maps_of(2))(
        {name: tf.constant(values) for name, values in statistics(p).items()}
    )
    assert found["label"].numpy().tolist() == [b"7", b"0", b"9"]
    assert set(found) == {"label", "probability", "votes", *maps_of(2)}
    single = TASK.outputs(config, maps_of(1))(statistics(p))
    assert set(single) == {"label", "probability", *maps_of(1)}


@pytest.mark.parametrize("samples", [4, 1])
def test_numpy_names_the_same(p, digits, tmp_path, samples):
    run = make_finished_run(tmp_path / "run", "classification", digits)
    method = "mc-dropout" if samples > 1 else "deterministic"
    predictor = make_given_predictor(run, method=method, samples=samples)
    found = TASK.named(predictor, ClassStatistics.of(statistics(p)), ())
    expected = TASK.outputs(run.config, predictor.maps)(statistics(p))
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].tolist() == np.asarray(values).tolist(), name


def test_labels_are_names_of_classes(tmp_path):
    config = task_settings("classification", tmp_path)
    export = make_export(tmp_path / "model", config)
    inputs = {"image": np.zeros((3, 28, 28, 1))}
    asked = Asked(export=export, config=config, signature="images_only", inputs=inputs)
    expected = TASK.expected(asked)
    assert expected["label"].texts == tuple("0123456789")
    assert (expected["label"].shape, expected["votes"].shape) == ((3,), (3, 10))


def test_an_export_names_its_classes(tmp_path):
    words = TASK.words(make_export(tmp_path, task_settings("classification", tmp_path)))
    assert (words.inputs, words.example, words.sizes) == ("images", "image.png", "")
    assert "`probability`: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9." in words.answers
