"""The dose of predicted structures on the command line, and the samples that it is told from."""

import nibabel
import numpy as np
import pytest

from tests.conftest import BALLS_AFFINE, assert_refused, files_of
from tests.support import references
from tests.support.made import make_run, make_scores
from tfuq.data.json_csv import read_table
from tfuq.data.volume import Volume
from tfuq.errors import RunError
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples


@pytest.fixture
def made(balls, tmp_path):
    """A run with predictions of one case, and its folder of predictions."""
    run = make_run(tmp_path / "run", "segmentation", balls)
    make_scores(run, "hybrid", most=1)
    return run, run.predictions("hybrid")


def write_dose(path, affine, shape=(40, 40, 40)):
    """A dose that grows along the scanner's x, from 0 Gy at −40 mm by one for each millimetre."""
    places = np.einsum(
        "ij,xyzj->xyzi",
        affine[:3, :3],
        np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1),
    )
    dose = np.maximum(places[..., 0] + affine[0, 3] + 40, 0).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(dose, affine), path)
    return path


def test_dose_on_another_grid(made, balls, tfuq, tmp_path):
    run, predictions = made
    grid = np.array([[2.0, 0, 0, -35], [0, 1.7, 0, -25], [0, 0, 2.2, 10], [0, 0, 0, 1]])
    result = tfuq(
        "score", predictions, "--dose", write_dose(tmp_path / "dose.nii.gz", grid), "--no-figures"
    )
    assert result.exit_code == 0, result.output
    samples = read_samples(predictions / "ball_000", 3)
    index = np.stack(np.meshgrid(*map(np.arange, samples.grid.shape), indexing="ij"), -1)
    x = index @ BALLS_AFFINE[0, :3] + BALLS_AFFINE[0, 3] + 40
    rows = read_table(run.scores("hybrid") / "dose.csv", (), "")
    assert [row["class"] for row in rows] == ["ball", "core"]
    for k, row in enumerate(rows, start=1):
        masks = list(samples.of_classes([k]).unpacked())
        expected = [references.dose_at_volume(x[mask], 0.95) for mask in masks]
        assert float(row["d95_gy"]) == pytest.approx(np.mean(expected), abs=1e-3)
        assert float(row["d95_gy_lower"]) == pytest.approx(np.percentile(expected, 2.5), abs=1e-3)
        v20 = [references.volume_at_dose(x[mask], 20.0) for mask in masks]
        assert float(row["v20_percent"]) == pytest.approx(np.mean(v20), abs=1e-3)
        truth = np.asarray(nibabel.load(balls / "labelsTr" / "ball_000.nii.gz").dataobj) == k
        assert float(row["d50_gy_reference"]) == pytest.approx(
            references.dose_at_volume(x[truth], 0.5), abs=1e-3
        )
        assert float(row["beyond_dose_percent"]) == 0
    curves = read_table(run.scores("hybrid") / "dose_volume.csv", (), "")
    assert len(curves) == 2 * 101


def test_a_fourth_axis_of_one_is_one_channel(made, tfuq, tmp_path):
    run, predictions = made
    path = write_dose(tmp_path / "dose.nii.gz", BALLS_AFFINE)
    told = tfuq("dose", predictions, "--dose", path, "--no-figures")
    assert told.exit_code == 0, told.output
    before = (run.path / "doses" / "hybrid" / "dose.csv").read_bytes()
    dose = nibabel.load(path).get_fdata(dtype=np.float32)
    nibabel.save(nibabel.Nifti1Image(dose[..., None], BALLS_AFFINE), path)
    assert tfuq("dose", predictions, "--dose", path, "--no-figures").exit_code == 0
    assert (run.path / "doses" / "hybrid" / "dose.csv").read_bytes() == before


def test_doses_of_a_folder_are_drawn(made, tfuq, tmp_path):
    run, predictions = made
    (tmp_path / "doses").mkdir()
    write_dose(
        tmp_path / "doses" / "ball_000.nii.gz", BALLS_AFFINE, (18, 17, 8)
    )  # reaches half of the case
    assert tfuq("score", predictions, "--dose", tmp_path / "doses", "--figures").exit_code == 0
    assert (run.scores("hybrid") / "figures" / "dose-ball-000.png").is_file()
    rows = read_table(run.scores("hybrid") / "dose.csv", (), "")
    assert 0 < float(rows[0]["beyond_dose_percent"]) < 100


def test_refusals(made, tfuq, tmp_path, balls):
    run, predictions = made
    before = files_of(run.scores("hybrid"))
    dose = write_dose(tmp_path / "dose.nii.gz", BALLS_AFFINE)
    far = BALLS_AFFINE.copy()
    far[:3, 3] += 5000
    assert_refused(
        tfuq("score", predictions, "--dose", write_dose(tmp_path / "far.nii.gz", far)),
        "far.nii.gz",
        "does not overlap",
    )
    assert_refused(
        tfuq("score", predictions, "--dose", tmp_path / "none.nii.gz"), "no such file or folder"
    )
    assert_refused(
        tfuq("score", predictions, "--dose", tmp_path / "run"),
        "no file for case 'ball_000'",
        "ball_000.nii.gz",
    )
    nibabel.save(
        nibabel.Nifti1Image(np.full((4, 4, 4), -1, np.float32), BALLS_AFFINE),
        tmp_path / "negative.nii.gz",
    )
    assert_refused(
        tfuq("score", predictions, "--dose", tmp_path / "negative.nii.gz"),
        "is no dose volume",
        "Gy",
    )
    nibabel.save(
        nibabel.Nifti1Image(np.ones((4, 4, 4, 2), np.float32), BALLS_AFFINE),
        tmp_path / "two.nii.gz",
    )
    assert_refused(
        tfuq("score", predictions, "--dose", tmp_path / "two.nii.gz"),
        "is no dose volume",
        "one channel",
    )
    (predictions / "ball_000" / STORED).rename(tmp_path / "kept.npz")
    assert_refused(
        tfuq("score", predictions, "--dose", dose), "samples were not kept", "--save-samples"
    )
    make_scores(run, "ensemble", most=2)
    assert_refused(
        tfuq("score", run.predictions("ensemble"), "--dose", dose),
        "one file for 2 cases",
        "<case>.nii.gz",
    )
    assert files_of(run.scores("hybrid")) == before


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", None])
def test_damaged_samples_are_refused(damage, made):
    path = made[1] / "ball_000" / STORED
    path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
    with pytest.raises(RunError, match="cannot be read"):
        read_samples(path.parent, 3)


def test_samples_of_another_run_are_refused(made):
    with pytest.raises(RunError, match="does not hold masks of 5 classes"):
        read_samples(made[1] / "ball_000", 5)


def test_samples_of_slices_come_back(tmp_path):
    rng = np.random.default_rng(2)
    masks = rng.random((4, 3, 2, 5, 7)) < 0.5  # slices, samples, classes, and a slice
    grid = Volume(np.zeros((5, 4, 7)), BALLS_AFFINE)
    packed = np.packbits(masks.reshape(4, 3, 2, -1), axis=-1, bitorder="little")
    StoredSamples(packed, 1, grid).write(tmp_path)
    found = read_samples(tmp_path, 3)
    np.testing.assert_array_equal(found.grid.affine, BALLS_AFFINE)
    np.testing.assert_array_equal(
        np.stack(list(found.of_classes([2]).unpacked())), np.moveaxis(masks[:, :, 1], 0, 2)
    )


@pytest.mark.parametrize("rank", [pytest.param(2, marks=pytest.mark.slow), 3])
def test_samples_that_predict_keeps(rank, trained, tfuq, tmp_path):
    run, out = trained("mc-dropout", rank), tmp_path / "predicted"
    assert tfuq("predict", run.path, "--out", out).exit_code == 0
    without = files_of(out)
    assert not list(out.glob(f"*/{STORED}"))
    assert tfuq("predict", run.path, "--out", out, "--save-samples").exit_code == 0
    stored = {name: content for name, content in files_of(out).items() if not name.endswith(STORED)}
    assert stored == without  # beside the rest, which is the same
    for folder in (path.parent for path in out.glob(f"*/{STORED}")):
        samples = read_samples(folder, len(run.config.data.classes))
        rows = [
            row
            for row in read_table(folder / "structures.csv", (), "")
            if row["component"] == "all"
        ]
        for k, row in enumerate(rows, start=1):
            volumes = [
                mask.sum() * samples.grid.voxel_volume
                for mask in samples.of_classes([k]).unpacked()
            ]
            assert len(volumes) == 4
            assert np.mean(volumes) == pytest.approx(float(row["volume_mean_mm3"]), rel=1e-5)


def test_samples_of_other_tasks_are_refused(trained_task, tfuq):
    run = trained_task("classification", "mc-dropout")
    assert_refused(tfuq("predict", run.path, "--save-samples"), "serves segmentation")
