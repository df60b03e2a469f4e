"""Exports: what is served is what ``tfuq predict`` says, loaded as TensorFlow Serving loads it."""

import itertools
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import assert_refused, files_of, methods_of
from tests.support.serving import MOST, SAMPLES, served, served_request
from tfuq import prediction
from tfuq.config import METHODS
from tfuq.errors import RunError, TfuqError
from tfuq.networks.weights import load_arrays
from tfuq.serving import Client, exporting
from tfuq.serving.description import read_export
from tfuq.serving.transport import GrpcServer, RestServer

FAST = {("classification", "vi")}  # and segmentation by hybrid in tests/workflows/test_examples.py
TASKS = ("segmentation", "classification", "landmarks")
MATRIX = [
    pytest.param(*row, marks=[] if row in FAST else pytest.mark.slow)
    for task in TASKS
    for row in itertools.product([task], methods_of(task))
]


@pytest.mark.parametrize(("task", "method"), MATRIX)
def test_what_is_served_is_what_predict_says(exported, run_of, tfuq, task, method):
    folder = exported(task, method)
    result = tfuq("serve-check", folder)
    assert result.exit_code == 0, result.output
    assert "outputs are the same, bit for bit" in result.stdout
    assert "skipped, no --server" in result.stdout
    outputs = sum(map(len, read_export(folder / "1").signatures.values()))
    assert f"nothing wrong found, {outputs} output(s) held" in result.stdout
    size = sum(path.stat().st_size for path in (folder / "1").rglob("*") if path.is_file())
    members = read_export(folder / "1").members
    arrays = [load_arrays(run_of(task, method).member(k) / "weights.npz") for k in range(members)]
    assert size < 1.2 * sum(array.nbytes for own in arrays for array in own.values()) + 2e6


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_slices_are_served_as_predicted(trained, tfuq, tmp_path, method):
    assert (
        tfuq(
            "export", trained(method, 2).path, "--to", tmp_path / "model", "--max-samples", 5
        ).exit_code
        == 0
    )
    result = tfuq("serve-check", tmp_path / "model")
    assert "bit for bit" in result.stdout, result.output


@pytest.mark.parametrize("reloads", [2, 10])
@pytest.mark.slow
def test_an_export_needs_tensorflow_alone_and_says_the_same_ever_again(
    digit_model, digit_network, reloads
):
    version = digit_model / "1"
    code = f"""
import sys
import numpy as np, tensorflow as tf
inputs = {{"image": np.arange(2 * 784, dtype=np.float32).reshape(2, 28, 28, 1) % 251, "seed": [5, 6], "num_samples": 4}}
found = set()
for _ in range({reloads}):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], {str(version)!r}).signature_def["serving_default"]
        fetched = {{name: tensor.name for name, tensor in signature.outputs.items()}}
        out = session.run(fetched, {{signature.inputs[name].name: value for name, value in inputs.items()}})
        found.add(out["probability"].tobytes() + out["mutual_information"].tobytes())
strange = [name for name in sys.modules if name.split(".")[0] in ("tfuq", "tf_keras", "tensorflow_probability")]
assert not strange, strange
(only,) = found
sys.stdout.write(only.hex())
"""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    image = (np.arange(2 * 784, dtype=np.float32).reshape(2, 28, 28, 1) % 251).astype(np.float32)
    here = digit_network.call("serving_default", served_request(version, seed=(5, 6), image=image))
    assert (
        done.stdout == (here["probability"].tobytes() + here["mutual_information"].tobytes()).hex()
    )


CLIENTS = [
    ("classification", "vi"),
    pytest.param("segmentation", "hybrid", marks=pytest.mark.slow),
    pytest.param("landmarks", "mc-dropout", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("task", "method"), CLIENTS)
@pytest.mark.slow
def test_the_client_writes_what_predict_writes(exported, run_of, tfuq, tmp_path, task, method):
    run, folder = run_of(task, method), exported(task, method)
    cases = prediction.cases_of_test_split(run)[:2] if task != "classification" else []
    inputs = [path for case in cases for path in case.images] or [write_digits(tmp_path / "digits")]
    options = [word for path in inputs for word in ("--input", path)]
    expected = tfuq(
        "predict",
        run.path,
        *options,
        "--out",
        tmp_path / "expected",
        "--seed",
        3,
        "--samples",
        SAMPLES,
    )
    assert expected.exit_code == 0, expected.output
    with served(folder / "1", folder.name) as (address, _, requests):
        manifest = Client(folder, address).predict(inputs, tmp_path / "found", seed=3)
    sent = [len(tf.make_ndarray(each.inputs["image"])) for each in requests]
    assert (
        sent == {"classification": [8, 3], "segmentation": [1, 1], "landmarks": [2]}[task]
    )  # whole volumes of 3D networks
    assert {tuple(tf.make_ndarray(each.inputs["seed"])) for each in requests} == {(3, 0)}
    assert manifest.weights_digest == read_export(folder / "1").weights_digest
    found, wanted = (without_run(files_of(tmp_path / name)) for name in ("found", "expected"))
    assert found == wanted


def write_digits(folder: Path) -> Path:
    from PIL import Image

    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(11):  # more than a chunk, of another size than the network's
        Image.fromarray(rng.integers(0, 255, (30, 31), np.uint8)).save(
            folder / f"digit_{number:02d}.png"
        )
    return folder


def without_run(files: dict[str, bytes]) -> dict[str, bytes]:
    """Manifests name the run, which is the export's copy to a client."""
    files["manifest.json"] = json.dumps(
        [each | {"run": ""} for each in json.loads(files["manifest.json"])]
    ).encode()
    return files


@pytest.mark.slow
def test_slices_are_sent_with_one_seed(trained, tfuq, tmp_path, balls):
    run = trained("mc-dropout", 2)
    assert tfuq("export", run.path, "--to", tmp_path / "model", "--max-samples", 5).exit_code == 0
    scan = balls / "imagesTr" / "ball_005.nii.gz"
    with served(tmp_path / "model" / "1", "model") as (address, _, requests):
        client = Client(tmp_path / "model" / "1", address)
        client.predict([scan], tmp_path / "found", samples=5, seed=9)
    sent = [tf.make_ndarray(each.inputs["image"]) for each in requests]
    assert [len(images) for images in sent] == [8, 7]  # 15 slices
    assert {tuple(tf.make_ndarray(each.inputs["seed"])) for each in requests} == {(9, 0)}
    expected = tfuq(
        "predict",
        run.path,
        "--input",
        scan,
        "--out",
        tmp_path / "expected",
        "--samples",
        5,
        "--seed",
        9,
    )
    assert expected.exit_code == 0, expected.output
    p = [
        nibabel.load(tmp_path / name / "ball_005" / "probability.nii.gz").get_fdata()
        for name in ("found", "expected")
    ]
    np.testing.assert_array_equal(*p)


def without_its_run(model: Path, folder: Path, **changes) -> Path:
    """A copy of a model whose run is gone."""
    file = shutil.copytree(model, folder) / "1" / "tfuq_export.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"run": str(folder / "gone")} | changes)
    )
    return folder


def test_a_server_is_asked_by_grpc_and_by_rest(digit_model, tfuq, tmp_path):
    folder = without_its_run(digit_model, tmp_path / "model")
    with served(folder / "1", digit_model.name) as (address, rest, requests):
        result = tfuq("serve-check", folder, "--server", address, "--rest", rest)
        assert result.exit_code == 0, result.output
        assert f"not compared, the run {folder / 'gone'} is gone" in result.stdout
        assert (
            f"gRPC {address}: 8 outputs of serving_default as expected, bit for bit"
            in result.stdout
        )
        assert f"REST {rest}: 8 outputs of serving_default as expected (to 1e-05)" in result.stdout
        assert [each.model_spec.version.value for each in requests] == [1]
        with pytest.raises(
            RunError, match=f"{address}: the server does not answer .NOT_FOUND.*README"
        ):
            GrpcServer(address, "another").call("serving_default", {}, {})
        with pytest.raises(
            RunError, match=f"{rest}: the server does not answer .*Malformed.*README"
        ):
            RestServer(rest, "another").call("serving_default", {}, {})
        image = np.ones((1, 28, 28, 3), np.float32)
        with pytest.raises(RunError, match=r"takes 1 channel\(s\)"):
            GrpcServer(address, digit_model.name).call("images_only", {"image": image}, {})


def test_servers_that_are_not_there(digit_model, tfuq):
    for server in (GrpcServer, RestServer):
        with pytest.raises(RunError, match=r"localhost:1: the server does not answer .*; start it"):
            server("localhost:1", "model").call("images_only", {}, {})
    assert_refused(
        tfuq("serve-check", digit_model, "--server", "here"), "--server here", "HOST:PORT"
    )
    assert tfuq("serve-check", digit_model, "--rest", "localhost:8501").exit_code == 2


@pytest.mark.skipif(
    not shutil.which("tensorflow_model_server"), reason="no tensorflow_model_server on the PATH"
)
def test_tensorflow_serving_itself(digit_model, tfuq):
    ports = [free_port(), free_port()]
    arguments = [
        f"--port={ports[0]}",
        f"--rest_api_port={ports[1]}",
        f"--model_name={digit_model.name}",
    ]
    process = subprocess.Popen(
        ["tensorflow_model_server", *arguments, f"--model_base_path={digit_model.absolute()}"]
    )
    try:
        for _ in range(60):
            result = tfuq(
                "serve-check",
                digit_model,
                "--server",
                f"localhost:{ports[0]}",
                "--rest",
                f"localhost:{ports[1]}",
            )
            if result.exit_code == 0:
                break
            time.sleep(1)
        assert result.exit_code == 0, result.output
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


@pytest.mark.slow
def test_a_failed_export_leaves_nothing_and_a_second_is_the_next_version(
    digit_model, run_of, tfuq, tmp_path, monkeypatch
):
    folder, run = shutil.copytree(digit_model, tmp_path / "model"), run_of("classification", "vi")
    before = files_of(folder)

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "_write_run", fail)
        assert_refused(tfuq("export", run.path, "--to", folder), "No space left")
        assert files_of(folder) == before
    result = tfuq("export", run.path, "--to", folder, "--method", "deterministic")
    assert result.exit_code == 0, result.output
    assert read_export(folder / "2").method == "deterministic"
    assert read_export(folder / "2").max_samples == 1
    assert {
        name: content for name, content in files_of(folder).items() if name.startswith("1/")
    } == {name: content for name, content in before.items() if name.startswith("1/")}


def test_exports_that_cannot_be(digit_model, run_of, tfuq, tmp_path):
    run = run_of("classification", "vi").path
    assert_refused(tfuq("export", tmp_path / "nowhere"), "nowhere", "not a run")
    unfinished = shutil.copytree(run, tmp_path / "unfinished")
    (unfinished / "members" / "0" / "done").unlink()
    to = ("--to", tmp_path / "model")
    assert_refused(tfuq("export", unfinished, *to), "no member has finished", "--resume")
    assert_refused(tfuq("export", run, *to, "--method", "hybrid"), "trained as vi")
    assert tfuq("export", run, *to, "--max-samples", 0).exit_code == 2
    assert_refused(tfuq("export", run, *to, "--max-samples", 1), "--max-samples 1", "at least 2")
    assert not (tmp_path / "model").exists()
    assert_refused(
        tfuq("export", run, "--to", tmp_path / "model" / "3"), "'3' is no name", "saved_models/NAME"
    )
    assert_refused(tfuq("export", run, "--to", tmp_path / "a b"), "'a b' is no name")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").touch()
    assert_refused(
        tfuq("export", run, "--to", tmp_path / "thesis"), "chapter1.tex", "choose another name"
    )
    (tmp_path / "file").touch()
    assert_refused(tfuq("export", run, "--to", tmp_path / "file"), "is a file")
    assert_refused(tfuq("export", run, "--to", tmp_path / "file" / "model"), "cannot be made")


@pytest.mark.slow
def test_a_name_keeps_its_task(digit_model, run_of, tfuq, tmp_path):
    folder = shutil.copytree(digit_model, tmp_path / "model")
    described = json.loads((folder / "1" / "tfuq_export.json").read_text())
    (folder / "1" / "tfuq_export.json").write_text(
        json.dumps(described | {"classes": ["cat", "dog"]})
    )
    before = files_of(folder)
    run = run_of("classification", "vi").path
    assert_refused(tfuq("export", run, "--to", folder), "another task, channels, patch or classes")
    assert files_of(folder) == before


def damage(path: Path, change):
    path.write_bytes(change(path.read_bytes()))


def test_exports_that_are_not_whole(digit_model, tfuq, tmp_path):
    assert_refused(tfuq("serve-check", tmp_path / "nowhere"), "no such folder", "tfuq export")
    (tmp_path / "empty").mkdir()
    assert_refused(tfuq("serve-check", tmp_path / "empty"), "holds no version")

    def of(change):
        folder = shutil.copytree(digit_model, tmp_path / f"copy{len(list(tmp_path.iterdir()))}")
        change(folder / "1")
        return tfuq("serve-check", folder)

    assert_refused(of(lambda v: (v / "tfuq_export.json").unlink()), "no export of tfuq")
    assert_refused(
        of(lambda v: damage(v / "tfuq_export.json", lambda b: b[:99])),
        "tfuq_export.json",
        "export again",
    )
    newer = of(
        lambda v: damage(
            v / "tfuq_export.json", lambda b: b.replace(b'"format": 1', b'"format": 2')
        )
    )
    assert_refused(newer, "format", "export again")
    assert_refused(
        of(lambda v: damage(v / "saved_model.pb", lambda b: b[: len(b) // 2])),
        "does not load",
        "export again",
    )
    assert_refused(of(lambda v: shutil.rmtree(v / "variables")), "export again")
    assert_refused(of(lambda v: shutil.rmtree(v / "assets.extra")), "not a run")


@pytest.mark.slow
def test_other_numbers_are_found(digit_model, run_of, tfuq, tmp_path):
    run = str(run_of("classification", "vi").path)
    other = without_its_run(digit_model, tmp_path / "weights", run=run, weights_digest=["0" * 64])
    assert_refused(tfuq("serve-check", other), "other weights", "export it again")
    other = without_its_run(
        digit_model, tmp_path / "seed", run=run, seed=1
    )  # images_only draws by another
    assert_refused(tfuq("serve-check", other), "images_only", "differs from tfuq predict in")


def test_the_client_says_what_it_lacks(digit_model, tmp_path):
    with pytest.raises(RunError, match="no such folder"):
        Client(tmp_path / "nowhere", "localhost:1")
    with pytest.raises(TfuqError, match="no such file"):
        Client(digit_model, "localhost:1").predict([tmp_path / "scan.png"], tmp_path / "out")
    with pytest.raises(RunError, match=rf"samples {MOST + 1}: .* draws {MOST} at most"):
        Client(digit_model, "localhost:1").predictor(MOST + 1)
    with pytest.raises(RunError, match="localhost:1: the server does not answer"):
        Client(digit_model, "localhost:1").predict(
            [write_digits(tmp_path / "digits")], tmp_path / "out"
        )
