"""An export: a version's folder, and beside it what TensorFlow Serving needs."""

import json

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from tests.conftest import files_of
from tests.support.serving import MOST
from tfuq.errors import RunError
from tfuq.prediction import request_of
from tfuq.serving.description import RUN
from tfuq.serving.exporting import export


def test_what_lies_beside_a_version_is_what_the_server_reads(digit_model, digit_network):
    models = text_format.Parse(
        (digit_model / "models.config").read_text(), model_server_config_pb2.ModelServerConfig()
    )
    (model,) = models.model_config_list.config
    assert (model.name, model.base_path) == (digit_model.name, f"/models/{digit_model.name}")
    batching = (digit_model / "batching_parameters.config").read_text()
    assert "max_batch_size { value: 8 }" in batching
    readme = (digit_model / "README.md").read_text()
    for words in (
        "docker run",
        "tensorflow_model_server --port",
        "PredictRequest",
        ":predict",
        "28×28",
        f"between 1 and {MOST}",
    ):
        assert words in readme
    code = readme.split("```python")[2].split("```")[0]
    compile(code, "README.md", "exec")
    records = tf.data.TFRecordDataset(
        str(digit_model / "1" / "assets.extra" / "tf_serving_warmup_requests")
    )
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record)
        for record in records.as_numpy_iterator()
    ]
    requests = [log.predict_log.request for log in logs]
    assert [r.model_spec.signature_name for r in requests] == [
        "serving_default",
        "prepared",
        "deterministic",
    ]
    for each in requests:
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in each.inputs.items()}
        assert np.isfinite(
            digit_network.call(each.model_spec.signature_name, inputs)["probability"]
        ).all()


@pytest.fixture
def refuse(run_of):
    """``refuse(folder, words, …)``: the export is refused, and leaves the folder as it was."""

    run = run_of("classification", "vi")

    def ask(folder, words, method="vi", most=MOST):
        before = files_of(folder.parent)
        request = request_of(run.config, method, 5, None)
        with pytest.raises(RunError, match=words):
            export(run, request, folder, most)
        assert files_of(folder.parent) == before

    return ask


@pytest.mark.parametrize("name", ["3", "a b", ".hidden", "x" * 101])
def test_a_folder_whose_name_is_none_of_a_model_is_refused(refuse, tmp_path, name):
    refuse(tmp_path / name, f"'{name}' is no name of a model; give saved_models/NAME")


def test_a_folder_of_something_else_is_refused(refuse, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("It was")
    refuse(tmp_path / "thesis", "holds chapter1.tex, which is no export")
    (tmp_path / "file").write_text("mine")
    refuse(tmp_path / "file", "is a file; choose another name")


@pytest.mark.parametrize(
    ("method", "most", "words"),
    [("vi", 1, "--max-samples 1: vi needs at least 2"), ("hybrid", 7, "trained as vi")],
)
def test_what_the_run_cannot_serve_is_refused(refuse, tmp_path, method, most, words):
    refuse(tmp_path / "model", words, method, most)


def test_a_client_s_part_of_the_run_has_no_weights_and_no_cases(digit_model, run_of):
    run, part = run_of("classification", "vi"), digit_model / "1" / RUN
    assert (part / "config.yaml").read_text() == (run.path / "config.yaml").read_text()
    assert not list(part.rglob("*.npz"))
    assert "t10k" not in (part / "splits.json").read_text()
    done = json.loads((run.member(0) / "done").read_text())
    kept = json.loads((part / "members" / "0" / "done").read_text())
    assert kept == {"digest": done["digest"]}
