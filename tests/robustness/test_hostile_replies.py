"""Replies of servers that are false: refused in one line, or what is written is finite and in range."""

import csv
import json
import math
from collections import Counter
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings, task_settings
from tests.support.replies import (
    false_reply,
    grpc_server,
    make_export,
    message,
    true_reply,
)
from tests.support.served_images import write_image
from tfuq.errors import RunError, TfuqError
from tfuq.serving import Client

TASKS = ("segmentation", "classification", "landmarks")
ROUNDING = 1.1e-4


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """``place(task)``: configuration, folder of the export, and an image to predict."""
    made = {}

    def make(task: str):
        if task not in made:
            folder = tmp_path_factory.mktemp(task)
            config = (
                settings(folder, rank=2) if task == "segmentation" else task_settings(task, folder)
            )
            make_export(folder / "model", config)
            made[task] = config, folder / "model", write_image(folder, task)
        return made[task]

    return make


def require_sound(folder: Path, classes: int) -> None:
    """Every number that was written is finite and one that its name allows."""
    for path in folder.rglob("*.nii.gz"):
        require_range(path.name.split(".")[0], nibabel.load(path).get_fdata(), classes)
    for path in folder.rglob("*.csv"):
        for row in csv.DictReader(path.open()):
            for name, cell in row.items():
                if (
                    name not in ("case", "class", "component", "landmark", "label", "reason")
                    and cell
                ):
                    require_range(name, np.array(float(cell)), classes)


def require_range(name: str, values: np.ndarray, classes: int) -> None:
    assert np.isfinite(values).all(), name
    most = {
        "label": classes - 1,
        "standard_deviation": 0.5,
        "probability": 1,
        "variation_ratio": 1,
        "votes": 1,
    }
    stem = name.split("_")[0] if name.startswith(("probability_", "votes_")) else name
    high = most.get(stem, math.log(classes) if "entropy" in name or "mutual" in name else math.inf)
    least = (
        -math.inf
        if stem in ("x", "y", "activation", "max_activation")
        or "covariance_xy" in name
        or "ellipse" in name
        else 0
    )
    if stem in ("x", "y"):
        least, high = -0.5, 31.5
    assert values.min() >= least - ROUNDING, (name, values.min())
    assert values.max() <= high + ROUNDING, (name, values.max())


def written(folder: Path) -> list[Path]:
    """Files that hold results."""
    return [
        p
        for p in folder.rglob("*")
        if p.is_file() and p.name not in (".lock", ".tfuq", "manifest.json")
    ]


def outcome(client: Client, image: Path, out: Path, classes: int) -> str:
    """What became of a reply: any other error than a refusal is one of the test."""
    refusal = None
    try:
        client.predict([image], out)
    except TfuqError as error:
        refusal = str(error)
    if refusal is None:
        require_sound(out, classes)
        return "written"
    assert refusal.isprintable()
    assert not written(out)
    return "refused"


def fuzz(place, tmp_path: Path, task: str, count: int, seed: int) -> Counter:
    config, folder, image = place(task)
    rng, found = np.random.default_rng(seed), Counter()
    with grpc_server(lambda shape: false_reply(true_reply(config, shape), rng)) as address:
        client = Client(folder, address)
        for number in range(count):
            found[
                outcome(client, image, tmp_path / str(number), max(len(config.data.classes), 2))
            ] += 1
    return found


@pytest.mark.parametrize("task", TASKS)
def test_true_replies_are_believed(place, tmp_path, task):
    config, folder, image = place(task)
    with grpc_server(
        lambda shape: message(true_reply(config, shape)).SerializeToString()
    ) as address:
        assert (
            outcome(Client(folder, address), image, tmp_path, max(len(config.data.classes), 2))
            == "written"
        )
    assert written(tmp_path)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_false_replies_are_refused_or_harmless(place, tmp_path, task, count, caplog):
    found = fuzz(place, tmp_path, task, count, seed=count)
    assert not [
        record for record in caplog.records if record.exc_info
    ]  # gRPC logs tracebacks of its callbacks
    assert found["refused"] > 0.5 * count
    assert found["written"]  # such as a reply of which a last digit was changed


# Each change makes a true reply of classification a false one; the words are those of the refusal.
CHANGES = [
    (lambda r: r.outputs.pop("votes"), "has no output votes"),
    (lambda r: r.outputs["more"].CopyFrom(r.outputs["votes"]), "has an output 'more'"),
    (
        lambda r: put(r, "votes", lambda a: a.astype(np.float64)),
        "votes is of type DT_DOUBLE, not float32",
    ),
    (lambda r: put(r, "votes", lambda a: a.astype(np.float16)), "votes is of type DT_HALF"),
    (lambda r: setattr(r.outputs["votes"], "dtype", 999), "votes is of type 999"),
    (lambda r: put(r, "votes", lambda a: a.T), r"votes is of shape \(10, 1\), not \(1, 10\)"),
    (lambda r: put(r, "votes", lambda a: a[0]), "votes has 1 axes, not 2"),
    (lambda r: setattr(r.outputs["votes"].tensor_shape.dim[0], "size", 2**42), "votes is of shape"),
    (lambda r: setattr(r.outputs["votes"].tensor_shape.dim[0], "size", -1), "votes is of shape"),
    (lambda r: setattr(r.outputs["votes"].tensor_shape, "unknown_rank", True), "axes, not 2"),
    (
        lambda r: setattr(r.outputs["votes"], "tensor_content", b"\0" * 36),
        "votes has 36 bytes, not 40",
    ),
    (lambda r: setattr(r.outputs["votes"], "tensor_content", b""), "votes has 0 values, not 10"),
    (
        lambda r: put(r, "probability", lambda a: a * np.float32(np.nan)),
        "probability holds NaN or infinite",
    ),
    (lambda r: put(r, "probability", lambda a: a * 2), "probability"),
    (lambda r: put(r, "probability", lambda a: a / 2), "probability does not add up to 1"),
    (lambda r: put(r, "predictive_entropy", lambda a: a * 0 + 2.4), r"outside of \[0, 2\.30259\]"),
    (lambda r: put(r, "predictive_entropy", lambda a: a * 0), "is not that of probability"),
    (
        lambda r: put(r, "mutual_information", lambda a: -a - 1),
        r"mutual_information holds .* outside of \[0, 2\.30259\]",
    ),
    (
        lambda r: put(r, "mutual_information", lambda a: a + 0.1),
        "is not predictive_entropy less expected_entropy",
    ),
    (
        lambda r: put(r, "variation_ratio", lambda a: a * 0 + 0.89),
        "variation_ratio is not that of votes",
    ),
    (lambda r: put(r, "standard_deviation", lambda a: a * 0 + 0.6), r"outside of \[0, 0\.5\]"),
    (lambda r: setattr(r.model_spec, "name", "another\n"), "is of model 'another"),
    (lambda r: setattr(r.model_spec.version, "value", 2), "is of version 2, not 1"),
]


def put(response, name: str, change) -> None:
    values = tf.make_ndarray(response.outputs[name])
    response.outputs[name].CopyFrom(
        tf.make_tensor_proto(np.ascontiguousarray(change(values)).astype(change(values).dtype))
    )


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_the_refusal_names_what_is_false(place, tmp_path, change, words):
    config, folder, image = place("classification")

    def reply(shape):
        response = message(true_reply(config, shape))
        change(response)
        return response.SerializeToString()

    with grpc_server(reply) as address, pytest.raises(RunError, match=words) as refused:
        Client(folder, address).predict([image], tmp_path / "out")
    assert f"{address}: the reply to prepared is not believed" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not written(tmp_path / "out")


@pytest.mark.parametrize("place_of", [(0, 0, 0, 0), (0, 0, 0, 1)])
def test_landmarks_outside_of_the_image_are_refused(place, tmp_path, place_of):
    config, folder, image = place("landmarks")

    def reply(shape):
        outputs = true_reply(config, shape)
        outputs["landmarks"][place_of] = 31.7
        return message(outputs).SerializeToString()

    with (
        grpc_server(reply) as address,
        pytest.raises(RunError, match=r"landmarks holds 31\.7, .*\[-0\.5, 31\.5\]"),
    ):
        Client(folder, address).predict([image], tmp_path / "out")


def test_a_reply_is_not_read_beyond_what_it_may_have(place, tmp_path):
    _, folder, image = place("classification")
    with (
        grpc_server(
            lambda shape: message({"votes": np.zeros(10**7, np.float32)}).SerializeToString()
        ) as address,
        pytest.raises(RunError, match="RESOURCE_EXHAUSTED"),
    ):
        Client(folder, address).predict([image], tmp_path / "out")


def change_description(folder: Path, **changes) -> Path:
    file = folder / "1" / "tfuq_export.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return folder


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ["a", "b"]}, r"classes is .* in assets.extra/run; export again"),
        ({"channels": 2}, "channels is 2, and 1"),
        ({"channels": -1}, "channels: Input should be greater than"),
        ({"max_samples": 0}, "max_samples: Input should be greater than"),
        ({"name": "../../etc"}, "name: String should match"),
        ({"signatures": {}}, "signature prepared is not in its description"),
        (
            {"signatures": {"prepared": ["secret"]}},
            "output 'secret' of prepared is none that this version",
        ),
    ],
)
def test_descriptions_that_do_not_fit_are_refused(tmp_path, changes, words):
    config = task_settings("classification", tmp_path)
    make_export(tmp_path / "model", config)
    change_description(tmp_path / "model", **changes)
    with pytest.raises(TfuqError, match=words):
        Client(tmp_path / "model", "localhost:1").predict(
            [write_image(tmp_path, "classification")], tmp_path / "out"
        )
