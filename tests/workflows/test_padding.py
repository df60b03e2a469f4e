"""Measures, fits and files are of the scan's own voxels, whatever the network's patch adds around them."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import BALLS_AFFINE, assert_refused
from tests.support.pointwise import pointwise_run
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read
from tfuq.data.regridding import reaches_beyond
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples

CROP = {"crop_to_labels": [1, 2], "crop_margin": 1}
VOXEL = abs(np.linalg.det(BALLS_AFFINE[:3, :3]))
PATCHES = {3: ([8, 8, 8], [24, 24, 24]), 2: ([8, 8], [24, 32])}  # within the scans, and beyond them
# One code pads both ranks. The fast rows have each rank and each kind of steps; the slow ones have all.
SLICES = pytest.mark.parametrize("rank", [pytest.param(3, marks=pytest.mark.slow), 2])
VOLUMES = pytest.mark.parametrize("rank", [3, pytest.param(2, marks=pytest.mark.slow)])


@pytest.fixture
def runs(balls, tmp_path, monkeypatch):
    """``runs(rank, steps)``: the same run by a patch within the scans, and by one beyond them."""
    return lambda rank, steps: two_runs(tmp_path, balls, monkeypatch, rank, steps)


def two_runs(folder, balls, monkeypatch, rank, steps):
    paths = []
    for patch in PATCHES[rank]:
        own = {"rank": rank, "preprocessing": steps, "network": {"patch_size": patch}}
        paths.append(pointwise_run(folder / f"patch-{patch[0]}", balls, monkeypatch, **own).path)
    return paths


@pytest.fixture(scope="module")
def predicted(balls, tmp_path_factory):
    """``predicted(rank, steps)``: predictions of two such runs, made once; not to be written to."""
    made = {}

    def take(rank, steps):
        key = (rank, str(steps))
        if key not in made:
            folders = []
            with pytest.MonkeyPatch.context() as patch:
                for run in two_runs(tmp_path_factory.mktemp("padded"), balls, patch, rank, steps):
                    done(command("predict", run, "--save-samples", "--save-members"))
                    folders.append(run / "predictions" / "hybrid")
            made[key] = folders
        return made[key]

    return take


def command(*arguments):
    from tfuq_cli.main import main

    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def done(result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rank", "steps"),
    [
        (3, {}),
        (2, CROP),
        (3, CROP),
        (2, {}),
    ],
)
def test_no_file_depends_on_the_padding(rank, steps, predicted):
    one, other = predicted(rank, steps)
    names = sorted(path.relative_to(one) for path in one.glob("*/[!.]*"))
    assert sorted(path.relative_to(other) for path in other.glob("*/[!.]*")) == names
    assert {STORED, "member-1.nii.gz", "structures.csv"} < {name.name for name in names}
    for name in names:
        assert_alike(one / name, other / name)


def assert_alike(one: Path, other: Path) -> None:
    """The same but for the last bit, which depends on a voxel's place in an array."""
    if one.suffix == ".npz":
        assert one.read_bytes() == other.read_bytes()
    elif one.suffix == ".gz":
        np.testing.assert_allclose(read(one).array, read(other).array, atol=2e-6)
    else:
        assert table_of(one) == [pytest.approx(row, rel=2e-5, abs=1e-7) for row in table_of(other)]


def table_of(path: Path) -> list[dict]:
    """Rows of the cells that are numbers."""
    return [
        {name: float(cell) for name, cell in row.items() if cell[:1].isdecimal()}
        for row in read_table(path, (), "")
    ]


@SLICES
def test_volumes_are_those_of_the_label_file(rank, predicted):
    _, predictions = predicted(rank, CROP)
    for folder in (path for path in predictions.iterdir() if path.is_dir()):
        label = read(folder / "label.nii.gz").array
        rows = [
            row
            for row in read_table(folder / "structures.csv", (), "")
            if row["component"] == "all"
        ]
        samples = read_samples(folder, 1 + len(rows))
        for k, row in enumerate(rows, start=1):
            assert float(row["volume_mm3"]) == pytest.approx((label == k).sum() * VOXEL, rel=1e-5)
            drawn = [mask.sum() * VOXEL for mask in samples.of_classes([k]).unpacked()]
            assert float(row["volume_mean_mm3"]) == pytest.approx(np.mean(drawn), rel=1e-5)
        assert not reaches_beyond(samples.grid, read(folder / "label.nii.gz"))


@VOLUMES
def test_means_of_the_image_are_those_of_its_maps(rank, predicted):
    _, predictions = predicted(rank, {})
    for folder in (path for path in predictions.iterdir() if path.is_dir()):
        entropy, information = (
            read(folder / f"{name}.nii.gz").array.mean(dtype=float)
            for name in ("predictive_entropy", "mutual_information")
        )
        for row in read_table(folder / "structures.csv", (), ""):
            assert float(row["image_entropy"]) == pytest.approx(entropy, rel=1e-5)
            assert float(row["image_mutual_information"]) == pytest.approx(information, rel=1e-5)


@SLICES
@pytest.mark.slow
def test_a_temperature_is_fitted_on_voxels_of_the_scan(rank, runs, tfuq, balls):
    found = []
    for run in runs(rank, {}):
        done(tfuq("calibrate", run, "--cases", "validation", "--alpha", 0.5))
        found.append(json.loads((run / "calibrations" / "hybrid.json").read_text()))
    one, other = found
    assert one["scaling"]["weights"] == pytest.approx(other["scaling"]["weights"], rel=1e-5)
    assert one["conformal"]["volumes"] == pytest.approx(other["conformal"]["volumes"], rel=1e-5)
    assert one["scaling"]["items"] == other["scaling"]["items"]
    (case,) = one["cases"]
    truth = np.asarray(nibabel.load(balls / "labelsTr" / f"{case}.nii.gz").dataobj)
    truth = (truth > 0).astype(int) if rank == 2 else truth.astype(int)
    assert one["scaling"]["items"] == truth.size  # fewer than are picked of larger scans
    done(
        tfuq("predict", run, "--input", balls / "imagesTr" / f"{case}.nii.gz", "--out", run / "own")
    )
    p = read(run / "own" / case / "probability.nii.gz").array
    nll = -np.log(np.take_along_axis(p, truth[..., None], -1)).mean()
    assert one["scaling"]["nll_before"] == pytest.approx(nll, rel=1e-4)


@SLICES
@pytest.mark.slow
def test_shift_measures_what_predict_measures(rank, runs, tfuq):
    _, run = runs(rank, {})
    done(tfuq("predict", run))
    done(
        tfuq(
            "shift",
            run,
            "--perturbation",
            "noise",
            "--severity",
            0.5,
            "--save-predictions",
            "--no-figures",
        )
    )
    for folder in (path for path in (run / "predictions" / "hybrid").iterdir() if path.is_dir()):
        unperturbed = run / "shift" / "noise" / "hybrid" / "0" / "predictions" / folder.name
        assert (unperturbed / "structures.csv").read_bytes() == (
            folder / "structures.csv"
        ).read_bytes()


@pytest.mark.slow
def test_samples_with_padding_receive_no_dose(runs, tfuq, tmp_path):
    """They are those of an earlier version."""
    run, _ = runs(3, {})
    done(tfuq("predict", run, "--save-samples"))
    predictions = run / "predictions" / "hybrid"
    folder = min(path for path in predictions.iterdir() if path.is_dir())
    grid = Volume(np.zeros((18, 17, 16)), BALLS_AFFINE)
    StoredSamples(np.zeros((1, 4, 2, 18 * 17 * 2), np.uint8), None, grid).write(folder)
    dose = nibabel.Nifti1Image(np.ones((18, 17, 15), np.float32), BALLS_AFFINE)
    for path in predictions.glob("ball_*"):
        (tmp_path / "doses").mkdir(exist_ok=True)
        nibabel.save(dose, tmp_path / "doses" / f"{path.name}.nii.gz")
    result = tfuq("score", predictions, "--dose", tmp_path / "doses", "--no-figures")
    assert_refused(result, STORED, "padding", "--save-samples --overwrite")
