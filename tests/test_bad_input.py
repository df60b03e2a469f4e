"""Bad input of every kind, through the commands that a user would call: one line, exit code 2, and nothing changes."""

import gzip
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.conftest import assert_refused, files_of, predicted, settings
from tests.fuzzing import (
    FORMATS,
    SECONDS_PER_FILE,
    damaged,
    fuzz_configurations,
    fuzz_readers,
    intact_files,
    outcome,
    time_limit,
)
from tfuq import config as configuration
from tfuq import runs
from tfuq.members import member_digest
from tfuq.scoring.evaluation import score_folder
from tfuq.weights import load_arrays


def change(path: Path, edit) -> None:
    """Save a NIfTI file with its array (and affine, where ``edit`` returns both) edited."""
    image = nibabel.load(path)
    edited = edit(np.asarray(image.dataobj))
    array, affine = edited if isinstance(edited, tuple) else (edited, image.affine)
    nibabel.save(nibabel.Nifti1Image(array, affine), path)


def with_value(value):
    def edit(array):
        array = array.copy()
        array[3, 4, 5] = value
        return array

    return edit


DAMAGES = {
    "missing": (lambda image, label: image.unlink(), "no such file"),
    "missing label": (lambda image, label: label.unlink(), "no such file"),
    "truncated": (lambda image, label: image.write_bytes(image.read_bytes()[:900]), "not a readable NIfTI"),
    "truncated label": (lambda image, label: label.write_bytes(label.read_bytes()[:200]), "not a readable NIfTI"),
    "empty": (lambda image, label: image.write_bytes(b""), "not a readable NIfTI"),
    "not a number": (lambda image, label: change(image, with_value(np.nan)), "1 voxels are NaN or infinite"),
    "infinite": (lambda image, label: change(image, with_value(-np.inf)), "1 voxels are NaN or infinite"),
    "constant": (lambda image, label: change(image, lambda a: np.full_like(a, 3)), "is constant"),
    "label of another shape": (lambda image, label: change(label, lambda a: a[:, :, 1:]), "shape (18, 17, 14) differs"),
    "label of another affine": (lambda image, label: change(label, lambda a: (a, np.eye(4))), "affine differs"),
    "undeclared label value": (lambda image, label: change(label, with_value(7)), "label value 7 is outside the declared 0, 1, 2"),
    "fractional label value": (lambda image, label: change(label, lambda a: a * np.float32(1.0001)), "label value 1.0001"),
    "channels": (lambda image, label: change(image, lambda a: np.stack([a, -a], -1)), "channel"),
    "label of channels": (lambda image, label: change(label, lambda a: np.stack([a, 2 - a], -1)), "2 channels that differ"),
    "a folder": (lambda image, label: (image.unlink(), image.mkdir()), "no such file"),
    "a link to itself": (lambda image, label: (image.unlink(), image.symlink_to(image)), "no such file"),
    "huge": (lambda image, label: patch(image, 42, np.array([9000] * 3, np.int16)), "more than"),
    "huge beyond memory": (lambda image, label: patch(image, 42, np.array([30000] * 3, np.int16)), "GB of this machine"),
    "five axes": (lambda image, label: change(image, lambda a: a[..., None, None] * np.ones(2)), "2 to 4 axes"),
    "singular affine": (lambda image, label: patch(image, 280, np.zeros(4, np.float32)), "affine is singular"),
}  # fmt: skip


def patch(path: Path, place: int, values: np.ndarray) -> None:
    """Overwrite a part of a NIfTI header."""
    content, part = gzip.decompress(path.read_bytes()), values.tobytes()
    path.write_bytes(gzip.compress(content[:place] + part + content[place + len(part) :]))


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_data_are_refused_by_every_command_and_nothing_changes(own_balls, trained, tfuq, tmp_path, damage):
    run, predictions = shutil.copytree(trained("mc-dropout").path, tmp_path / "run"), tmp_path / "out"
    image, label = (own_balls / kind / "ball_001.nii.gz" for kind in ("imagesTr", "labelsTr"))
    do, words = DAMAGES[damage]
    do(image, label)
    before = files_of(tmp_path)
    checked = tfuq("data", "check", tmp_path / "config.yaml")
    assert_refused(checked, "among 6 cases")
    assert words in checked.stdout
    assert_refused(tfuq("train", tmp_path / "config.yaml", "--run", run, "--overwrite"), words)
    assert_refused(tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "new"), words, "ball_00")
    assert not (tmp_path / "new").exists()
    if "label" not in damage and not image.is_dir():
        assert_refused(tfuq("predict", run, "--input", image, "--out", predictions), words)
    assert files_of(tmp_path) == before | files_of_new_predictions(predictions)


def files_of_new_predictions(folder: Path) -> dict[str, bytes]:
    """What a refused prediction may leave: a manifest that names no case."""
    found = {f"{folder.name}/{name}": content for name, content in (files_of(folder) if folder.is_dir() else {}).items()}
    assert not any(json.loads(content)[0]["cases"] for content in found.values())
    return found


def test_what_score_reads_is_checked_too(trained, own_balls, tfuq, tmp_path):
    out = shutil.copytree(predicted(trained, tfuq, tmp_path), tmp_path / "out")
    assert tfuq("score", out, "--no-figures").exit_code == 0
    scores = files_of(out / "scores")
    labels, case = own_balls / "labelsTr", trained("mc-dropout").split["test"][0]
    for damage in ("missing label", "truncated label", "label of another shape", "label of another affine",
                   "undeclared label value", "label of channels"):  # fmt: skip
        do, words = DAMAGES[damage]
        shutil.copytree(labels, tmp_path / "reference", dirs_exist_ok=True)
        do(None, tmp_path / "reference" / f"{case}.nii.gz")
        words = "has no reference" if damage == "missing label" else words
        assert_refused(tfuq("score", out, "--reference", tmp_path / "reference"), words)
    assert files_of(out / "scores") == scores


def test_damaged_files_are_read_or_refused(tmp_path):
    found = fuzz_readers(tmp_path, 24, seed=0) + fuzz_configurations(tmp_path, 40, seed=0)
    assert found.total() == 24 * len(FORMATS) + 40 * len(configuration.shipped())
    assert all(found[suffix, "refused"] for suffix in (*FORMATS, ".yaml"))
    assert found[".nii", "read"]  # not all damage shows
    assert found[".yaml", "read"]


def test_a_damaged_file_in_a_data_set_is_one_line(tfuq, tmp_path):
    files = intact_files()
    (tmp_path / "data" / "image").mkdir(parents=True)
    (tmp_path / "data" / "label").mkdir()
    config = settings(tmp_path / "data", data={"layout": "folder", "split": {"train": 1}})
    (tmp_path / "config.yaml").write_text(config.dump())
    Image.fromarray(np.zeros((24, 20), np.uint8)).save(tmp_path / "data" / "label" / "case.png")
    for suffix in (".png", ".nii.gz", ".bmp"):
        for content in damaged(suffix, files[suffix], 24, seed=2):
            path = tmp_path / "data" / "image" / f"case{suffix}"
            path.write_bytes(content)
            with time_limit(SECONDS_PER_FILE):
                result = tfuq("data", "check", tmp_path / "config.yaml")
            assert result.exit_code == 2, result.output  # at the least, the label has no foreground
            assert_refused(result, "among 1 cases")
            assert len(result.stderr.strip().splitlines()) == 1, result.stderr
            path.unlink()


STORED = ("config.yaml", "splits.json", "environment.json", "members/0/done", "members/0/weights.npz")


def fuzz_run(run: Path, predictions: Path, count: int, seed: int) -> Counter:
    """Damage each file that tfuq wrote, and open what it belongs to."""
    found = Counter()
    for name in (*STORED, "manifest.json"):
        path = predictions / name if name == "manifest.json" else run / name
        intact = path.read_bytes()
        for content in damaged(path.suffix or ".json", intact, count, seed):
            path.write_bytes(content)
            found[name, outcome(lambda n=name: open_stored(n, run, predictions))] += 1
        path.write_bytes(intact)
    return found


def open_stored(name: str, run: Path, predictions: Path) -> None:
    if name == "manifest.json":
        score_folder(predictions, None, on_case=lambda _: None)
        return
    opened = runs.open_run(run)
    assert opened.split["test"] is not None
    assert opened.facts["channels"] > 0
    assert opened.statistics is None
    load_arrays(opened.member(0) / "weights.npz", member_digest(opened, 0))


def test_damaged_files_of_a_run_are_read_or_refused(trained, tfuq, tmp_path):
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    found = fuzz_run(run, predicted(trained, tfuq, tmp_path), 12, seed=0)
    assert found.total() == 12 * 6
    assert all(found[name, "refused"] for name in (*STORED, "manifest.json"))
    assert found["members/0/weights.npz", "read"] == 0


def test_damaged_training_state_is_refused(trained, tfuq, tmp_path):
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    (run / "members" / "0" / "done").unlink()
    state = run / "members" / "0" / "state.npz"
    for content in (b"", b"PK\x03\x04", (run / "members" / "0" / "weights.npz").read_bytes()):
        state.write_bytes(content)
        assert_refused(tfuq("train", run / "config.yaml", "--run", run, "--resume"), "state.npz")
        assert state.read_bytes() == content


_FUZZ = """
import resource, sys
from pathlib import Path
from tests.fuzzing import fuzz_configurations, fuzz_readers
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, resource.getrlimit(resource.RLIMIT_AS)[1]))
folder, count = Path(sys.argv[1]), int(sys.argv[2])
found = fuzz_readers(folder, count, seed=7) + fuzz_configurations(folder, count, seed=7)
print(found.total(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_thousands_of_damaged_files_are_read_or_refused_in_little_memory(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-c", _FUZZ, str(tmp_path), "300"], capture_output=True, text=True, check=False, timeout=1200
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    files, megabytes = map(int, answer.stdout.split())
    assert files >= 3000
    assert megabytes < 2048


def test_a_volume_smaller_than_the_patch_is_padded(trained, tfuq, tmp_path):
    array = np.random.default_rng(0).normal(size=(9, 8, 21)).astype(np.float32)
    affine = np.array([[0, 2.0, 0, -7], [1.5, 0, 0, 3], [0, 0, 3, 11], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(array, affine), tmp_path / "small.nii.gz")
    result = tfuq("predict", trained("mc-dropout").path, "--input", tmp_path / "small.nii.gz", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    for path in (tmp_path / "out" / "small").glob("*.nii.gz"):
        written = nibabel.load(path)
        assert written.shape[:3] == (9, 8, 21), path
        np.testing.assert_allclose(written.affine, affine)
    label = np.asarray(nibabel.load(tmp_path / "out" / "small" / "label.nii.gz").dataobj, np.uint8)
    nibabel.save(nibabel.Nifti1Image(label, affine), tmp_path / "small-label.nii.gz")
    (tmp_path / "reference").mkdir()
    (tmp_path / "small-label.nii.gz").rename(tmp_path / "reference" / "small.nii.gz")
    assert tfuq("score", tmp_path / "out", "--reference", tmp_path / "reference", "--no-figures").exit_code == 0
