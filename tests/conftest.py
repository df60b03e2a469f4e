"""Small data sets on disk, small configurations, and runs trained on them for a few steps."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner
from filelock import FileLock

from tfuq import config as configuration
from tfuq.config import DEFAULT_DATA_ROOT, METHODS, OF_LABELS
from tfuq.data.phantoms import synthesize
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS

LISTED_SPLIT = {
    "train": ["ball_000", "ball_001", "ball_002"],
    "validation": ["ball_003"],
    "test": ["ball_004", "ball_005"],
}
DATA = Path(os.environ.get("TFUQ_DATA", DEFAULT_DATA_ROOT)).absolute()
BALLS_AFFINE = np.array([[1.5, 0.1, 0, -9], [-0.1, 1.5, 0, 4], [0, 0, 2.0, 30], [0, 0, 0, 1.0]])
TINY_3D = {"patch_size": [16, 16, 16], "widths": [4, 8], "level_dropout": {1: 0.2, 2: 0.5}}
TINY_2D = {"patch_size": [16, 16], "widths": [4, 8], "level_dropout": {2: 0.5}, "output": "sigmoid"}


def pytest_configure() -> None:
    """Give TensorFlow one thread where pytest-xdist has a worker on each core; score without figures.

    Bytecode is kept, as by default, also where the environment says otherwise, as in containers:
    without it each process compiles and rewrites all tests anew.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ["TFUQ_SCORE_FIGURES"] = (
        "no"  # they take most of the time: tests of them ask for them
    )


def real(folder: str) -> Path:
    """A real data set's folder; the test skips where it is absent."""
    path = DATA / folder
    if not path.is_dir():
        pytest.skip(f"real data absent: {path}")
    return path


def ball_case(rng: np.random.Generator, shape=(18, 17, 15)) -> tuple[np.ndarray, np.ndarray]:
    """A noisy image and its label: a ball of class 1 with a core of class 2 at a random place."""
    centre = np.array(shape) / 2 + rng.uniform(-2, 2, 3)
    distance = np.linalg.norm(np.indices(shape).T - centre, axis=-1).T
    label = (distance < 5).astype(np.uint8) + (distance < 2.5)
    image = label * 100.0 + rng.normal(0, 20, shape)
    return image.astype(np.float32), label


def write_decathlon(root: Path, cases: int = 6, shape=(18, 17, 15)) -> Path:
    """A data set of balls in the Decathlon's layout, at a tilted affine with distinct header codes."""
    rng = np.random.default_rng(7)
    entries = []
    for index in range(cases):
        image, label = ball_case(rng, shape)
        entry = {}
        for kind, array in (("image", image), ("label", label)):
            path = root / f"{kind}sTr" / f"ball_{index:03d}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            nifti = nibabel.Nifti1Image(array, BALLS_AFFINE)
            nifti.set_qform(BALLS_AFFINE, 1, strip_shears=True)
            nifti.set_sform(BALLS_AFFINE, 3)
            nibabel.save(nifti, path)
            entry[kind] = f"./{kind}sTr/{path.name}"
        entries.append(entry)
    (root / "dataset.json").write_text(json.dumps({"training": entries}))
    return root


def settings(root: Path, method: str = "mc-dropout", rank: int = 3, **changes):
    """A configuration of the balls that trains in seconds; ``changes`` are whole sections to update."""
    classes = ["rest", "ball", "core"] if rank == 3 else ["rest", "ball"]
    tree = {
        "name": "balls",
        "method": method,
        "data": {
            "layout": "decathlon",
            "root": str(root),
            "source": "made by the tests",
            "licence": "none",
            "classes": classes,
            "split": {"train": 3, "validation": 1, "test": 2},
        },
        "preprocessing": {"slice_axis": 2} if rank == 2 else {},
        "network": dict(TINY_3D if rank == 3 else TINY_2D),
        "training": {"epochs": 1, "steps_per_epoch": 2, "batch_size": 2, "learning_rate": 0.01},
        "ensemble": {"members": 2},
        "prediction": {"samples": 4, "min_component_voxels": 1},
    }
    if rank == 2:
        tree["data"]["label_values"] = {0: 0, 1: 1, 2: 1}
    for section, values in changes.items():
        tree[section] = tree.get(section, {}) | values
    return configuration.Config.model_validate(tree)


_TASK_SETTINGS = {
    "classification": {
        "data": {
            "layout": "idx",
            "classes": list("0123456789"),
            "split": {"train": 40, "validation": 8, "test": 11},
        },
        "network": {
            "name": "lenet",
            "patch_size": [28, 28],
            "widths": [2, 4],
            "dense_widths": [8],
            "level_dropout": {2: 0.25, 3: 0.5},
        },
        "training": {"loss": {"name": "cross-entropy"}},
    },
    "landmarks": {
        "data": {
            "layout": "cephalometric2015",
            "landmarks": list(ISBI_2015_LANDMARKS),
            "annotations": {"image_size": [288, 360], "pixel_mm": 0.67},
            "split": {"train": 3, "validation": 2, "test": 3},
        },
        "network": {"patch_size": [32, 32], "widths": [4, 8], "upsample_dropout": 0.3},
        "training": {"loss": {"name": "heatmap-mse"}},
    },
}


def task_settings(task: str, root: Path, method: str = "mc-dropout", **changes):
    """A configuration of the task's phantom that trains in seconds; ``changes`` are whole sections to update."""
    tree = {
        "name": task,
        "task": task,
        "method": method,
        "data": {"root": str(root), "source": "made by the tests", "licence": "none"},
        "training": {"epochs": 1, "steps_per_epoch": 2, "batch_size": 2, "learning_rate": 0.01},
        "ensemble": {"members": 2},
        "prediction": {"samples": 4, "chunk": 4},
    }
    for section, values in [*_TASK_SETTINGS[task].items(), *changes.items()]:
        tree[section] = tree.get(section, {}) | values
    return configuration.Config.model_validate(tree)


@pytest.fixture(scope="session", autouse=True)
def unflushed():
    """Commands in this process leave flushing to the system, as tests end no power supply."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tfuq.data.disk.flush_open", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """``shared(name, make)``: a folder that all workers of a parallel run have, not to be written to.

    ``make(folder)`` is called by the first that needs it; the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    base = base / "shared"
    base.mkdir(exist_ok=True)

    def take(name: str, make: Callable[[Path], object]) -> Path:
        folder = base / name
        whole = base / f"{name}.whole"
        with FileLock(base / f"{name}.lock"):
            if not whole.is_file():
                make(folder)
                whole.touch()
        return folder

    return take


@pytest.fixture(scope="session")
def reused():
    """Predictions of this process load equal networks once, see `tests.support.reused`."""
    from tests.support.reused import Reused

    made = Reused()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tfuq.prediction.predictor.load_posterior", made.posterior)
        patch.setattr("tfuq.prediction.predictor.make_sampler", made.sampler)
        yield


@pytest.fixture(scope="session")
def shared_run(shared, tmp_path_factory, reused):
    """``shared_run(name, config)``: a worker's own copy of a run that one of them has trained."""
    made = {}

    def take(name: str, config):
        from tfuq.runs import Run
        from tfuq.training import train

        if name not in made:
            source = shared(name, lambda folder: train(config, folder))
            path = shutil.copytree(source, tmp_path_factory.mktemp(name) / "run")
            made[name] = Run(path, config)
        return made[name]

    return take


@pytest.fixture(scope="session")
def digits(shared) -> Path:
    return shared("digits", lambda root: synthesize("digits", root, cases=60, seed=0))


@pytest.fixture(scope="session")
def heads(shared) -> Path:
    return shared("heads", lambda root: synthesize("cephalogram", root, cases=8, seed=0))


@pytest.fixture(scope="session")
def trained_task(digits, heads, shared_run):
    """``trained_task(task, method)``: a run of classification or landmark regression trained for two steps, made once."""
    roots = {"classification": digits, "landmarks": heads}

    def take(task: str, method: str):
        return shared_run(f"{task}-{method}", task_settings(task, roots[task], method))

    return take


@pytest.fixture(scope="session")
def balls(shared) -> Path:
    return shared("balls", write_decathlon)


@pytest.fixture(scope="session")
def trained(balls, shared_run):
    """``trained(method, rank)``: a run trained for two steps, made once."""

    def take(method: str, rank: int = 3):
        return shared_run(f"{method}-{rank}d", settings(balls, method, rank))

    return take


@pytest.fixture(scope="session")
def model(trained, shared) -> Path:
    """The folder of a model of the balls, packed once; not to be written to."""
    from tests.support.packed import pack_run

    return shared("models", lambda folder: pack_run(trained("mc-dropout"), folder)) / "balls"


@pytest.fixture(scope="session")
def nnunet_run(shared, shared_run):
    """A run of nnU-Net's data set of two channels, regions and voxels to ignore, made once; not to be written to."""
    from tests.support.nnunet_sets import tiny_settings, write_partly_labelled

    root = shared("nnunet-partly", write_partly_labelled)
    return shared_run("nnunet", configuration.load("nnunet", tiny_settings(root)))


@pytest.fixture(scope="session")
def run_of(trained, trained_task):
    """``run_of(task, method)``: a run of any task trained for two steps, made once."""
    return lambda task, method: (
        trained(method) if task == "segmentation" else trained_task(task, method)
    )


@pytest.fixture(scope="session")
def exported(run_of, shared):
    """``exported(task, method)``: the folder of a model, made once; not to be written to."""

    def take(task: str, method: str) -> Path:
        from tests.support.serving import MOST, SAMPLES
        from tfuq import prediction
        from tfuq.serving.exporting import export

        def make(folder: Path) -> None:
            run = run_of(task, method)
            export(run, prediction.request_of(run.config, method, SAMPLES, None), folder, MOST)

        return shared(f"exported-{task}-{method}", make)

    return take


@pytest.fixture(scope="session")
def digit_model(exported) -> Path:
    """The quickest of them."""
    return exported("classification", "vi")


@pytest.fixture(scope="session")
def digit_network(digit_model):
    """It, loaded."""
    from tfuq.serving.loading import LoadedExport

    with LoadedExport(digit_model / "1") as loaded:
        yield loaded


@pytest.fixture(scope="session")
def scored_tasks(balls, digits, heads, tmp_path_factory):
    """Score folders of two methods of each task, by task; made without a network."""
    from tests.support.made import make_run, make_scores

    roots = {"segmentation": balls, "classification": digits, "landmarks": heads}
    made = {}
    for task, root in roots.items():
        run = make_run(tmp_path_factory.mktemp(task) / "run", task, root)
        most = 6 if task == "segmentation" else 40
        made[task] = [
            make_scores(run, "hybrid", most=most),
            make_scores(run, "deterministic", samples=1, most=most),
        ]
    return made


@pytest.fixture
def own_balls(balls, tmp_path):
    """A data set to damage, and the arguments that make a configuration of it."""
    root = shutil.copytree(balls, tmp_path / "data")
    (tmp_path / "config.yaml").write_text(settings(root, data={"split": LISTED_SPLIT}).dump())
    return root


@pytest.fixture
def tfuq():
    """``tfuq("predict", …)``: the command line in this process, as its result."""
    from tfuq_cli.main import main

    return lambda *arguments: CliRunner().invoke(main, [str(a) for a in arguments])


def assert_refused(result, *words: str) -> None:
    """Exit code 2 and one line that holds every word; no traceback."""
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    message = lines[-1]
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in message, message


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but locks and lists of files, the times left out of manifests and histories."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".lock", ".tfuq")
    ]
    found = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    for name, content in found.items():
        if name.endswith("manifest.json"):
            manifest = json.loads(content)
            found[name] = json.dumps([manifest | {"cases": sorted(manifest["cases"])}]).encode()
    return {name: content for name, content in found.items() if not name.endswith("history.csv")}


def predicted(trained, tfuq, tmp_path) -> Path:
    """A predictions folder of the trained run's test split, which is cases of the undamaged data set."""
    assert (
        tfuq("predict", trained("mc-dropout").path, "--out", tmp_path / "predicted").exit_code == 0
    )
    return tmp_path / "predicted"


TOURED = ("deterministic", "mc-dropout", "ensemble", "hybrid", "vi")


def methods_of(task: str) -> tuple[str, ...]:
    """The methods that a task may be trained by."""
    if task == "segmentation":
        return METHODS
    return tuple(method for method in METHODS if method not in OF_LABELS)


# Each source of randomness once; of others, the slow tests have a row.
_FAST_METHODS = ("mc-dropout", "hybrid", "vi")
# Those of every task.
ALL_METHODS = tuple(
    method if method in _FAST_METHODS else pytest.param(method, marks=pytest.mark.slow)
    for method in methods_of("classification")
)
