"""Referred cases as files to correct."""

import json
import shlex
import shutil

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.support.made import make_predictions, make_run
from tfuq.config import DataConfig, load
from tfuq.config.data import AdditionalConfig
from tfuq.data.cases import Case
from tfuq.data.layouts import list_cases
from tfuq.errors import DataError, RunError
from tfuq.workflows.review.export import (
    CORRECTED,
    PREDICTED,
    Exported,
    _as_png,
    _write_image,
    export_labels,
    written_label,
)


@pytest.fixture(scope="module")
def made(balls, tmp_path_factory):
    """Predictions of three balls by no network."""
    run = make_run(tmp_path_factory.mktemp("made") / "run", "segmentation", balls)
    return make_predictions(run, "hybrid", most=3)


def cases_and_rows(predictions):
    manifest = json.loads((predictions / "manifest.json").read_text())
    return {case: [{"case": case, "reason": "spread"}] for case in list(manifest["cases"])[:2]}


def test_files_are_named_for_viewers_and_read_back_by_the_layout_folder(made, tmp_path):
    rows = cases_and_rows(made)
    exported = export_labels(made, rows, tmp_path / "out")
    assert exported.cases == list(rows)
    manifest = json.loads((made / "manifest.json").read_text())
    for case in rows:
        source = nibabel.load(manifest["cases"][case]["images"][0])
        image = nibabel.load(tmp_path / "out" / "image" / f"{case}.nii.gz")
        label = nibabel.load(tmp_path / "out" / PREDICTED / f"{case}.nii.gz")
        uncertainty = nibabel.load(tmp_path / "out" / "maps" / f"{case}_uncertainty.nii.gz")
        assert np.array_equal(image.get_fdata(), source.get_fdata())
        for volume in (label, uncertainty):
            assert np.allclose(volume.affine, image.affine)
            assert volume.shape == image.shape[:3]
        predicted = nibabel.load(made / case / "label.nii.gz")
        assert np.array_equal(label.get_fdata(), predicted.get_fdata())
        map_ = nibabel.load(made / case / "mutual_information.nii.gz")
        assert np.array_equal(uncertainty.get_fdata(), map_.get_fdata())
    assert (tmp_path / "out" / CORRECTED).is_dir()
    assert "spread" in (tmp_path / "out" / "cases.csv").read_text()
    first = min(rows)
    name = f"{first}.nii.gz"
    shutil.copy(tmp_path / "out" / PREDICTED / name, tmp_path / "out" / CORRECTED / name)
    cases = list_cases("folder", tmp_path / "out", label_folder=CORRECTED)
    assert [case.id for case in cases] == sorted(rows)
    assert [case.id for case in cases if case.has_reference] == [first]
    with pytest.raises(RunError, match="left alone"):
        export_labels(made, rows, tmp_path / "out")  # a label that was corrected stays
    assert (tmp_path / "out" / CORRECTED / name).is_file()


def test_an_image_that_is_gone_leaves_nothing_behind(made, tmp_path):
    own = shutil.copytree(made, tmp_path / "own")
    manifest = json.loads((own / "manifest.json").read_text())
    case = next(iter(manifest["cases"]))
    manifest["cases"][case]["images"] = [str(tmp_path / "gone.nii.gz")]
    (own / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"gone.nii.gz"):
        export_labels(own, {case: [{"case": case}]}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_several_files_become_one_with_their_channels(tmp_path):
    channels = np.random.default_rng(0).random((2, 4, 5, 6), np.float32)
    paths = []
    for number, channel in enumerate(channels):
        paths.append(tmp_path / f"a_{number:04}.nii.gz")
        nibabel.save(nibabel.Nifti1Image(channel, np.diag([2, 3, 4, 1])), paths[-1])
    _write_image(tmp_path / "out", Case("a", tuple(paths)))
    written = nibabel.load(tmp_path / "out" / "a.nii.gz")
    assert np.array_equal(written.get_fdata(dtype=np.float32), np.moveaxis(channels, 0, -1))
    assert np.allclose(written.affine, np.diag([2, 3, 4, 1]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (None, [0, 1, 2]),
        ({0: 0, 255: 1, 128: 2}, [0, 255, 128]),
        ({"0-9": 0, "1000-2999": 1, 7000: 2, 6000: 2}, [0, 1000, 6000]),
        ({2: 0, 0: 1, 1: 2}, [2, 0, 1]),
    ],
)
def test_labels_have_the_values_of_the_data_set(values, expected):
    data = DataConfig(
        layout="folder",
        root="x",
        source="made",
        licence="none",
        classes=["rest", "one", "two"],
        label_values=values,
    )
    classes = np.array([[0, 1], [2, 1]], np.uint8)
    assert written_label(classes, data).tolist() == np.array(expected)[classes].tolist()


def test_a_picture_has_its_label_as_a_picture(tmp_path):
    values = np.array([[0, 255], [255, 0]], np.uint8)
    (tmp_path / "a.png").write_bytes(_as_png(Case("a", ()), values))
    assert np.array_equal(np.array(Image.open(tmp_path / "a.png")), values)
    with pytest.raises(DataError, match=r"smaller values in data.label_values"):
        _as_png(Case("a", ()), np.array([[1000]], np.uint16))


def test_the_option_of_a_training_adds_to_what_was_added_before(tmp_path):
    earlier = AdditionalConfig(root="/first", label_folder="label")
    exported = Exported(folder=tmp_path / "it's, [new]", cases=[], earlier=[earlier])
    dash, override = shlex.split(exported.training_option)
    assert dash == "-o"
    config = load("quickstart", (override,))
    second = AdditionalConfig(root=str(tmp_path / "it's, [new]"), label_folder=CORRECTED)
    assert config.data.additional == [earlier, second]


def test_other_tasks_have_no_labels_to_correct(digits, tmp_path):
    run = make_run(tmp_path / "run", "classification", digits)
    predictions = make_predictions(run, "hybrid")
    with pytest.raises(RunError, match="--export-labels serves segmentation; leave it out"):
        export_labels(predictions, {}, tmp_path / "out")
