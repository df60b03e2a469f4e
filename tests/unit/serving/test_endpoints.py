"""Servers of an export, whose answers are compared with those of the export itself."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import task_settings
from tests.support.observers import Recorder
from tests.support.replies import make_export
from tfuq.errors import RunError
from tfuq.serving.endpoints import (
    Answer,
    ServedEndpoint,
    check_endpoints,
    endpoints_of,
    is_same,
)

P = np.array([[0.25, 0.75]], np.float32)
ANSWER = Answer(
    inputs={"image": np.zeros(1)},
    outputs={"probability": P, "label": np.array([b"cat", "Ω".encode()], object)},
)
AS_JSON = {"probability": P, "label": np.array(["cat", "Ω"], object)}


class Given:
    """A server that answers what is given."""

    def __init__(self, outputs):
        self.outputs = outputs

    def call(self, signature, inputs, expected):
        assert (signature, inputs) == ("serving_default", ANSWER.inputs)
        return self.outputs


def check(outputs, tolerance):
    server = ServedEndpoint(endpoint=Given(outputs), tolerance=tolerance)
    recorder = Recorder()
    check_endpoints({"REST a:1": server}, ANSWER, {}, recorder)
    return [event.result for event in recorder.events]


@pytest.mark.parametrize(
    ("server", "rest", "names"),
    [
        ("localhost:8500", None, ["gRPC localhost:8500", "REST localhost:8501"]),
        ("[::1]:9", None, ["gRPC [::1]:9", "REST [::1]:10"]),
        ("a:1", "b:7", ["gRPC a:1", "REST b:7"]),
    ],
)
def test_rest_is_at_the_next_port_by_custom(tmp_path, server, rest, names):
    export = make_export(tmp_path / "model", task_settings("classification", tmp_path))
    found = endpoints_of(export, tmp_path / "model" / "1", server, rest)
    assert list(found) == names
    assert [each.tolerance for each in found.values()] == [0.0, 1e-5]


@pytest.mark.parametrize("server", ["here", ":8500", "localhost:", "localhost:http"])
def test_servers_that_are_no_host_and_port_are_refused(tmp_path, server):
    export = make_export(tmp_path / "model", task_settings("classification", tmp_path))
    with pytest.raises(RunError, match=f"--server {server}: is no HOST:PORT"):
        endpoints_of(export, Path("1"), server, None)


def test_answers_are_the_same_to_the_bit_or_as_far_as_decimals_go():
    (result,) = check(ANSWER.outputs, 0.0)
    assert result.startswith("REST a:1: 2 outputs of serving_default as expected")
    assert len(check(AS_JSON | {"probability": P + np.float32(5e-6)}, 1e-5)) == 1


@pytest.mark.parametrize(
    ("outputs", "tolerance", "name"),
    [
        (ANSWER.outputs | {"probability": P + np.float32(1e-7)}, 0.0, "probability"),
        (ANSWER.outputs | {"probability": P.astype(float)}, 0.0, "probability"),
        (ANSWER.outputs | {"label": np.array([b"cat", b"dog"], object)}, 0.0, "label"),
        (AS_JSON | {"probability": P + np.float32(1e-4)}, 1e-5, "probability"),
        (AS_JSON | {"probability": P * np.float32(np.nan)}, 1e-5, "probability"),
        (AS_JSON | {"probability": P[0]}, 1e-5, "probability"),
        (AS_JSON | {"label": np.array(["cat", "dog"], object)}, 1e-5, "label"),
    ],
)
def test_other_answers_are_refused(outputs, tolerance, name):
    with pytest.raises(RunError, match=f"REST a:1: {name} is not what the export answers"):
        check(outputs, tolerance)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (P, P.copy(), True),
        (np.array([0.0]), np.array([-0.0]), False),  # to the bit
        (np.array([np.nan]), np.array([np.nan]), True),
        (P, P.T, False),
        (np.array([b"a"], object), np.array([b"a"], object), True),
        (np.array([b"a"], object), np.array(["a"], object), False),
    ],
)
def test_arrays_are_the_same_to_the_bit(one, other, same):
    assert is_same(one, other) is same
