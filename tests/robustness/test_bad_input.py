"""Bad input of every kind, through the commands that a user would call: one line, exit code 2, and nothing changes."""

import gzip
import json
import shutil
from collections import Counter
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.conftest import BALLS_AFFINE, assert_refused, files_of, predicted, settings
from tests.support.fuzzing import (
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
from tfuq.networks.weights import load_arrays
from tfuq.sampling.members import member_digest
from tfuq.scoring.evaluation import score_folder


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
    "wrong checksum": (lambda image, label: image.write_bytes(image.read_bytes()[:-8] + b"12345678"), "not a readable NIfTI"),
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
    "huge beyond memory": (lambda image, label: patch(image, 42, np.array([30000] * 3, np.int16)), "of memory that are free"),
    "five axes": (lambda image, label: change(image, lambda a: a[..., None, None] * np.ones((2, 2))), "only one axis after the third"),
    "singular affine": (lambda image, label: patch(image, 280, np.zeros(4, np.float32)), "affine is singular"),
}  # fmt: skip


def patch(path: Path, place: int, values: np.ndarray) -> None:
    """Overwrite a part of a NIfTI header."""
    content, part = gzip.decompress(path.read_bytes()), values.tobytes()
    path.write_bytes(gzip.compress(content[:place] + part + content[place + len(part) :]))


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_data_are_refused_by_every_command_and_nothing_changes(
    own_balls, trained, tfuq, tmp_path, damage
):
    run, predictions = (
        shutil.copytree(trained("mc-dropout").path, tmp_path / "run"),
        tmp_path / "out",
    )
    image, label = (own_balls / kind / "ball_001.nii.gz" for kind in ("imagesTr", "labelsTr"))
    do, words = DAMAGES[damage]
    do(image, label)
    before = files_of(tmp_path)
    checked = tfuq("data", "check", tmp_path / "config.yaml")
    assert_refused(checked, "among 6 cases")
    assert words in checked.stdout
    assert_refused(tfuq("train", tmp_path / "config.yaml", "--run", run, "--overwrite"), words)
    assert_refused(
        tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "new"), words, "ball_00"
    )
    assert not (tmp_path / "new").exists()
    if "label" not in damage and not image.is_dir():
        assert_refused(tfuq("predict", run, "--input", image, "--out", predictions), words)
    assert files_of(tmp_path) == before | files_of_new_predictions(predictions)


def files_of_new_predictions(folder: Path) -> dict[str, bytes]:
    """What a refused prediction may leave: a manifest that names no case."""
    found = {
        f"{folder.name}/{name}": content
        for name, content in (files_of(folder) if folder.is_dir() else {}).items()
    }
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
                result = tfuq("-q", "data", "check", tmp_path / "config.yaml")
            assert result.exit_code == 2, result.output  # at the least, the label has no foreground
            assert_refused(result, "among 1 cases")
            assert len(result.stderr.strip().splitlines()) == 1, result.stderr
            path.unlink()


STORED = (
    "config.yaml",
    "splits.json",
    "environment.json",
    "members/0/done",
    "members/0/weights.npz",
)


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
        score_folder(predictions, None)
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


def test_a_volume_smaller_than_the_patch_is_padded(trained, tfuq, tmp_path):
    array = np.random.default_rng(0).normal(size=(9, 8, 21)).astype(np.float32)
    affine = np.array([[0, 2.0, 0, -7], [1.5, 0, 0, 3], [0, 0, 3, 11], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(array, affine), tmp_path / "small.nii.gz")
    result = tfuq(
        "predict",
        trained("mc-dropout").path,
        "--input",
        tmp_path / "small.nii.gz",
        "--out",
        tmp_path / "out",
    )
    assert result.exit_code == 0, result.output
    for path in (tmp_path / "out" / "small").glob("*.nii.gz"):
        written = nibabel.load(path)
        assert written.shape[:3] == (9, 8, 21), path
        np.testing.assert_allclose(written.affine, affine)
    label = np.asarray(nibabel.load(tmp_path / "out" / "small" / "label.nii.gz").dataobj, np.uint8)
    nibabel.save(nibabel.Nifti1Image(label, affine), tmp_path / "small-label.nii.gz")
    (tmp_path / "reference").mkdir()
    (tmp_path / "small-label.nii.gz").rename(tmp_path / "reference" / "small.nii.gz")
    assert (
        tfuq(
            "score", tmp_path / "out", "--reference", tmp_path / "reference", "--no-figures"
        ).exit_code
        == 0
    )


@pytest.mark.slow
def test_a_two_dimensional_image_is_predicted_and_scored(trained, tfuq, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (9, 21), dtype=np.uint8)
    (tmp_path / "reference").mkdir()
    Image.fromarray(pixels).save(tmp_path / "scan.png")
    Image.fromarray((pixels > 99).astype(np.uint8)).save(tmp_path / "reference" / "scan.png")
    out = ["--out", tmp_path / "out"]
    assert (
        tfuq(
            "predict", trained("mc-dropout", 2).path, "--input", tmp_path / "scan.png", *out
        ).exit_code
        == 0
    )
    result = tfuq("score", tmp_path / "out", "--reference", tmp_path / "reference", "--no-figures")
    assert result.exit_code == 0, result.output


BOMB = "a: &a [x, x]\n" + "\n".join(
    f"k{i + 1}: &k{i + 1} [{', '.join(['*' + (f'k{i}' if i else 'a')] * 9)}]" for i in range(12)
)
MERGES = "a: &a {k: v}\n" + "\n".join(
    f"k{i + 1}: &k{i + 1} {{<<: [{', '.join(['*' + (f'k{i}' if i else 'a')] * 9)}]}}"
    for i in range(12)
)
CONFIGURATIONS = {
    "list": ("- a", "holds a list"),
    "nothing": ("", "holds a NoneType"),
    "not text": (b"name: \xe9", "cannot be read as text"),
    "zero byte": (b"name: \0", "not valid YAML"),
    "bomb of aliases": (BOMB, "its aliases stand for more than"),
    "bomb of merges": (MERGES, "its aliases stand for more than"),
    "alias of itself": ("a: &a [*a]", "refers to itself"),
    "deep": ("[" * 5000, "exceeded maximum nesting depth"),
    "long": ("a: " + "x" * 2**20, "is longer than"),
    "object": ("!!python/object/apply:os.system ['true']", "not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CONFIGURATIONS)
@pytest.mark.parametrize("command", [["train"], ["data", "check"]])
def test_what_is_no_configuration_is_refused(tfuq, tmp_path, command, kind):
    content, words = CONFIGURATIONS[kind]
    path = tmp_path / "a name\nof two lines.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with time_limit(SECONDS_PER_FILE):
        result = tfuq(*command, path)
    assert_refused(result, "two lines.yaml", words)
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("=", "not of the form"),
        ("a..b=1", "unknown key 'a'"),
        (".=1", "unknown key ''"),
        ("a[0]=1", "unknown key 'a[0]'"),
        ("int=1", "unknown key 'int'"),
        ("training.epochs=" + "9" * 5000, "not valid YAML"),
        ("training.epochs=" + "9" * 30, "less than or equal to 1000000"),
        ("training.epochs=2020-13-45", "not valid YAML"),
        ("training.seed=-1", "greater than or equal to 0"),
        ("training.learning_rate=1e300", "less than or equal to 1000000"),
        ("network.widths=[99999999999, 8]", "less than or equal to 8192"),
        ("network.patch_size=[8192, 8192, 8192]", "of memory that are free"),
        ("preprocessing.spacing=[1e-9, 1e-9, 1e-9]", "of memory that are free"),
        ("preprocessing.window=[1000, 2000]", "constant after preprocessing.window"),
        ("data.root=" + "x" * 300, "File name too long"),
        ("data.root=/dev/null", "no such data folder"),
        ("data.classes=[a, a, b]", "must differ"),
        ("data.classes=[rest, all, b]", "'all' is the name"),
        ("data.split={train: [], validation: [], test: []}", "data.split.train is empty"),
        ("data.layout=nifti", "unknown data.layout 'nifti'"),
        ("method=dropout", "'mc-dropout'"),
    ],
)
def test_a_bad_override_is_refused_and_no_run_begun(balls, tfuq, tmp_path, override, words):
    (tmp_path / "config.yaml").write_text(settings(balls).dump())
    assert_refused(
        tfuq("train", tmp_path / "config.yaml", "-o", override, "--run", tmp_path / "run"), words
    )
    assert not (tmp_path / "run").exists()


def test_predictions_of_another_file_or_a_lost_map_are_not_taken_for_complete(
    trained, balls, tfuq, tmp_path
):
    run, out, scan = (
        trained("mc-dropout").path,
        tmp_path / "out",
        balls / "imagesTr" / "ball_000.nii.gz",
    )
    other = shutil.copy(balls / "imagesTr" / "ball_001.nii.gz", tmp_path / "ball_000.nii.gz")
    assert_refused(
        tfuq("predict", run, "--input", scan, "--input", other, "--out", out),
        "'ball_000' occurs twice",
    )
    assert tfuq("predict", run, "--input", scan, "--out", out).exit_code == 0
    before = files_of(out)
    assert_refused(
        tfuq("predict", run, "--input", other, "--out", out),
        "holds case 'ball_000' of",
        "--overwrite",
    )
    assert files_of(out) == before
    (out / "ball_000" / "variation_ratio.nii.gz").unlink()
    reference = ["--reference", balls / "labelsTr", "--no-figures"]
    assert_refused(tfuq("score", out, *reference), "variation_ratio.nii.gz: this map is not there")
    assert tfuq("predict", run, "--input", scan, "--out", out).exit_code == 0
    assert files_of(out) == before
    assert tfuq("score", out, *reference).exit_code == 0


@pytest.mark.parametrize(
    "name", ["...nii.gz", ".nii.gz", "manifest.json.nii.gz", "not-utf8-\udcff.nii.gz"]
)
def test_a_scan_whose_name_is_no_case_id_is_refused(trained, balls, tfuq, tmp_path, name):
    shutil.copy(balls / "imagesTr" / "ball_000.nii.gz", tmp_path / name)
    result = tfuq(
        "predict", trained("mc-dropout").path, "--input", tmp_path / name, "--out", tmp_path / "out"
    )
    assert_refused(result, "cannot be a case id", "rename")
    assert not (tmp_path / "out").exists()


def nifti_of(array: np.ndarray) -> bytes:
    """A file on the grid of the balls."""
    return gzip.compress(nibabel.Nifti1Image(array.astype(np.float32), BALLS_AFFINE).to_bytes())


PREDICTED = {
    "structures.csv": (b"", b"a,b\n", b"\xff", b"case,class,component\nx,liver,all\n", b"case,class,component,volume_mean\nx,ball,all,much\n",
                       b'case,class,component\n"x,ball,all\n', b"case,class,component\nx\n"),
    "label.nii.gz": (b"", nifti_of(np.full((18, 17, 15), 44)), nifti_of(np.zeros((3, 3, 3)))),
    "probability.nii.gz": (nifti_of(np.zeros((3, 3, 3, 3))), nifti_of(np.zeros((18, 17, 15, 2))), nifti_of(np.full((18, 17, 15, 3), 2.0))),
    "predictive_entropy.nii.gz": (b"x", nifti_of(np.zeros((3, 3, 3))), nifti_of(np.full((18, 17, 15), 9.0))),
}  # fmt: skip


def test_damaged_predictions_are_not_scored(trained, tfuq, tmp_path):
    out = predicted(trained, tfuq, tmp_path)
    case = next(path for path in out.iterdir() if path.is_dir())
    for name, contents in PREDICTED.items():
        intact = (case / name).read_bytes()
        for content in contents:
            (case / name).write_bytes(content)
            assert_refused(tfuq("score", out, "--no-figures"), f"{case.name}")
        (case / name).write_bytes(intact)
    assert not (out / "scores").exists()
    assert tfuq("score", out, "--no-figures").exit_code == 0


def test_damaged_scores_are_not_compared(tfuq, tmp_path):
    good = {"summary.json": b'{"method": "vi"}', "cases.csv": b"case,class,dice\nx,all,0.5\n"}
    bad = {
        "summary.json": (b"", b"[]", b'{"method": 5}', b'{"method": ["a"]}', b"[" * 20000, b"\xff"),
        "cases.csv": (b"", b"a,b\n", b"case,class,dice\nx,all,much\n", b"case,class,dice\nx,all,nan\n", b"case,class,dice\nx\n", b"\xff",
                      b'case,class,dice\n"x,all,1\n'),
    }  # fmt: skip
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name, content in good.items():
            (tmp_path / folder / name).write_bytes(content)
    assert_refused(tfuq("compare", tmp_path / "a", tmp_path / "a" / ".." / "a"), "is given twice")
    for name, contents in bad.items():
        for content in contents:
            (tmp_path / "b" / name).write_bytes(content)
            assert_refused(tfuq("compare", tmp_path / "a", tmp_path / "b"), str(tmp_path / "b"))
        (tmp_path / "b" / name).write_bytes(good[name])
    assert tfuq("compare", tmp_path / "a", tmp_path / "b").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("score", "x", "--lesion-iou", "nan"),
        ("view", "x", "--idle", "NaN"),
        ("predict", "x", "--skip-empty", "nan"),
    ],
)
def test_nan_lies_between_no_bounds(tfuq, words):
    result = tfuq(*words)
    assert result.exit_code == 2
    assert "is not a number" in result.output
