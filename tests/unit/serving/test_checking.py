"""``tfuq serve-check``: an export is held against its description, and refuses what it should."""

from dataclasses import replace

import pytest
import tensorflow as tf

from tests.conftest import task_settings
from tests.support.observers import Recorder
from tests.support.replies import make_export
from tfuq.errors import RunError
from tfuq.serving.checking import SIGNATURES, inspect, serve_check

IMAGE = tf.TensorSpec([None, None, None, None], tf.float32, "image")
SAMPLED = [IMAGE, tf.TensorSpec([2], tf.int32, "seed"), tf.TensorSpec([], tf.int32, "num_samples")]


class Network(tf.Module):
    """A network of one weight, which takes images of one channel that are finite, or any."""

    def __init__(self, is_strict):
        super().__init__()
        self.weight, self._is_strict = tf.Variable(0.5), is_strict

    def of_image(self, image):
        is_right = tf.reduce_all(tf.math.is_finite(image)) & (tf.shape(image)[-1] == 1)
        demanded = [tf.debugging.Assert(is_right, ["image: no"])] if self._is_strict else []
        with tf.control_dependencies(demanded):
            return {"probability": self.weight * tf.reduce_mean(image, [1, 2])}

    def sampled(self, image, seed, num_samples):
        found = self.of_image(image)["probability"]
        return {"probability": found + tf.cast(seed[0] * num_samples, tf.float32)}

    def signatures(self):
        takes = {"images_only": [IMAGE], "deterministic": [IMAGE]}
        functions = {}
        for name in SIGNATURES:
            call = self.of_image if name in takes else self.sampled
            signature = tf.function(call, input_signature=takes.get(name, SAMPLED))
            functions[name] = signature.get_concrete_function()
        return functions


@pytest.fixture
def export(tmp_path):
    """``export(is_strict, signatures)``: a version whose run is gone."""

    def make(is_strict=True, signatures=None):
        described = make_export(tmp_path / "model", task_settings("classification", tmp_path))
        answers = {name: ["probability"] for name in SIGNATURES} | (signatures or {})
        held = {name: outputs for name, outputs in answers.items() if outputs}
        gone = replace(described, run=str(tmp_path / "gone"), signatures=held)
        network = Network(is_strict)
        tf.saved_model.save(network, str(tmp_path / "model" / "1"), signatures=network.signatures())
        gone.write(tmp_path / "model" / "1")
        return tmp_path / "model"

    return make


def test_without_its_run_an_export_is_checked_by_itself(export):
    recorder = Recorder()
    assert serve_check(export(), observer=recorder) == 0
    assert any("is gone" in event.result for event in recorder.events)


@pytest.mark.parametrize(
    ("signatures", "words"),
    [
        ({"deterministic": None}, "has no signature deterministic; export again"),
        ({"images_only": ["votes"]}, "images_only answers probability; the description says"),
    ],
)
def test_descriptions_of_other_signatures_are_refused(export, signatures, words):
    with pytest.raises(RunError, match=words):
        serve_check(export(signatures=signatures))


def test_a_graph_that_takes_any_image_is_refused(export):
    with pytest.raises(RunError, match="takes an image of wrong channels without a word"):
        serve_check(export(is_strict=False))


def test_what_an_export_holds_is_said_without_loading_it(export, monkeypatch):
    folder, recorder = export(), Recorder()
    monkeypatch.setattr("tfuq.serving.checking.LoadedExport", None)
    found = inspect(folder, observer=recorder)
    said = [event.result for event in recorder.events]
    assert f"SHA-256 {found.digest}" in said[-1]
    assert "side effects: none but restoring the weights" in said
    assert set(SIGNATURES) <= {line.split(":")[0] for line in said}
