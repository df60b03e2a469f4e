"""Every file of a segmented case, computed again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.audit import segmentation
from tests.audit.calibrated import bounds, conformal_quantile, volume_score
from tests.audit.comparing import (
    TOLERANCE,
    assert_choice,
    assert_map,
    assert_rows,
    assert_thresholds,
)
from tests.audit.conftest import CASES, sources_of
from tests.audit.stored import (
    StoredRun,
    read_masks,
    read_nifti,
    read_picture,
    read_rows,
    voxel_sizes,
    voxel_volume,
)

ASKED = 4  # samples
NETWORKS = {
    "vnet": {"name": "vnet", "kernel_size": 3, "normalization": "group", "activation": "prelu"},
    "fcn": {"name": "fcn", "activation": "elu"},
    "residual-unet": {"name": "residual-unet", "blocks": [1, 2], "upsample_dropout": 0.2},
    "everywhere": {"dropout_after_each": 0.2, "spatial_dropout": True, "upsample_dropout": 0.3},
    "head": {"head_filters": 3, "activation": "swish", "head_activation": "linear"},
}
HETEROSCEDASTIC = {"heteroscedastic": True, "noise_draws": 5}
REGIONS = {"regions": {"both": ["ball", "core"]}}


def unit_of(run: StoredRun, path: Path) -> str:
    """What the sizes of an image's structures are named by."""
    if path.suffix != ".png":
        return "scan"
    return "picture of known size" if run.config["data"]["pixel_mm"] else "picture"


def scan_of(run: StoredRun, path: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """An image ``[X, Y, Z, 1]``, the size of its voxels in mm, and their volume."""
    if path.suffix == ".png":
        width = run.config["data"]["pixel_mm"] or 1.0
        return read_picture(path)[:, :, None, None], np.array([width, width, 1]), width**2
    return read_nifti(path)[..., None], voxel_sizes(path), voxel_volume(path)


def audit(
    run: StoredRun,
    method: str,
    folder: Path,
    case: str,
    keeps_members: bool = False,
) -> None:
    """Compare every file of a case."""
    place = folder / case
    (source,) = sources_of(folder, case)
    image, spacing, voxel = scan_of(run, source)
    drawn = segmentation.draw(run, method, ASKED, image, spacing)
    drawn = before = segmentation.with_stored_masks(drawn, read_masks(place / "samples.npz"))
    manifest = json.loads((folder / "manifest.json").read_text())
    calibration = run.calibration(method) if manifest["calibration"] else None
    if calibration:
        drawn = segmentation.with_calibration(drawn, calibration)
    assert manifest["samples"] == len(drawn.p)
    maps = segmentation.maps_on_scan(run, drawn, keeps_members=keeps_members)
    written = {path.name for path in place.iterdir()}
    expected = {f"{name}.nii.gz" for name in (*maps, "label")} | {
        "structures.csv",
        "samples.npz",
        ".tfuq",
    }
    if calibration:
        expected |= audit_bounds(run, before, calibration, place)
    assert written == expected
    for name, values in maps.items():
        assert_map(place / f"{name}.nii.gz", values)
    assert_choice(place / "label.nii.gz", maps["probability"])
    rows = segmentation.structure_rows(run, drawn, voxel)
    if calibration:
        on_network = voxel * float(np.prod(drawn.grid.stretch))
        rows = segmentation.with_intervals(rows, calibration, on_network)
    rows = [{"case": case} | row for row in segmentation.named_by_unit(rows, unit_of(run, source))]
    assert_rows(place / "structures.csv", read_rows(place / "structures.csv"), rows)


def audit_bounds(run, before, calibration, place: Path) -> set[str]:
    """Compare the maps that a calibration adds; their names."""
    maps = segmentation.bounds_on_scan(run, before, calibration)
    assert_map(place / "uncalibrated.nii.gz", maps["uncalibrated"])
    for side in ("lower", "upper"):
        above = maps[f"label_{side}"]
        found = read_nifti(place / f"label_{side}.nii.gz").reshape(above.shape)
        certain = np.abs(above) > TOLERANCE
        assert ((above >= 0) == (found > 0))[certain].all()
        assert certain.mean() > 0.99
    return {f"{name}.nii.gz" for name in maps}


METHODS = {
    "hybrid": ("deterministic", "mc-dropout", "ensemble", "hybrid"),
    "vi": ("deterministic", "vi"),
    "latent-vi": ("latent-vi", "latent-code", "latent-weights"),
    "probabilistic-unet": ("probabilistic-unet", "deterministic"),
    "stochastic-segmentation": ("stochastic-segmentation", "deterministic"),
}
KINDS = ("pictures", "slices", "volumes")
OF_LABELS = ("probabilistic-unet", "stochastic-segmentation")
VARIATIONAL_BACKBONE = {"backbone": "variational"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trained_as", METHODS)
def test_methods(kind, trained_as, make_run, command):
    run = make_run(kind, trained_as, variational={"members": 2})
    for method in METHODS[trained_as]:
        folder = command.predict(run, "--method", method, "--samples", ASKED, "--save-samples")
        audit(run, method, folder, CASES[kind][0])


@pytest.mark.parametrize(
    ("kind", "trained_as"),
    [
        ("volumes", "mc-dropout"),
        pytest.param("pictures", "vi", marks=pytest.mark.slow),
    ],
)
def test_one_case(kind, trained_as, make_run, command):
    run = make_run(kind, trained_as, data=REGIONS if kind == "volumes" else {})
    folder = command.predict(run, "--samples", ASKED, "--save-samples")
    audit(run, trained_as, folder, CASES[kind][0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["slices", "volumes"])
def test_variational_backbone(kind, make_run, command):
    run = make_run(kind, "latent-vi", latent=VARIATIONAL_BACKBONE)
    for method in METHODS["latent-vi"]:
        folder = command.predict(run, "--method", method, "--samples", ASKED, "--save-samples")
        audit(run, method, folder, CASES[kind][0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trained_as", ["deterministic", "hybrid", "vi"])
def test_heteroscedastic(kind, trained_as, make_run, command):
    run = make_run(kind, trained_as, network=HETEROSCEDASTIC)
    folder = command.predict(run, "--samples", ASKED, "--save-samples")
    audit(run, trained_as, folder, CASES[kind][0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["slices", "volumes"])
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("trained_as", ["hybrid", "vi", "latent-vi", *OF_LABELS])
def test_networks(kind, network, trained_as, make_run, command):
    run = make_run(kind, trained_as, network=NETWORKS[network])
    folder = command.predict(run, "--samples", ASKED, "--save-samples")
    audit(run, trained_as, folder, CASES[kind][0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("volumes", {"spacing": [2.0, 2.0, 2.0]}),
        ("volumes", {"size": [19, 17, 17], "window": [-30, 150]}),
        ("slices", {"size": [13, 21, 15], "slice_axis": 2}),
        ("slices", {"slice_axis": 0}),
        ("pictures", {"size": None, "anti_aliasing": False}),
        ("pictures", {"size": [13, 29, 1]}),
    ],
)
def test_preprocessing(kind, steps, make_run, command):
    regions = REGIONS if kind == "volumes" else {}
    run = make_run(kind, "mc-dropout", preprocessing=steps, data=regions)
    folder = command.predict(run, "--samples", ASKED, "--save-samples")
    audit(run, "mc-dropout", folder, CASES[kind][0])


@pytest.mark.slow
def test_pictures_of_known_size(make_run, command):
    data = {"layout": "folder", "pixel_mm": 0.4}
    steps = {"size": None, "spacing": [0.5, 0.6, 1.0], "slice_axis": 2}
    run = make_run("pictures", "mc-dropout", data=data, preprocessing=steps)
    folder = command.predict(run, "--samples", ASKED, "--save-samples")
    audit(run, "mc-dropout", folder, CASES["pictures"][0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_members(kind, make_run, command):
    run = make_run(kind, "hybrid", ensemble={"members": 3})
    options = ("--samples", ASKED, "--save-samples", "--save-members")
    for method in ("ensemble", "hybrid"):
        folder = command.predict(run, "--method", method, *options)
        audit(run, method, folder, CASES[kind][0], keeps_members=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["mc-dropout", "deterministic"])
def test_calibrated(kind, method, make_run, command):
    run = make_run(kind, "mc-dropout", cases=6)
    options = ("--method", method, "--samples", ASKED)
    plain = command.predict(run, *options, "--save-samples")
    command("calibrate", run.path, *options, "--cases", "test:0.5", "--alpha", 0.4)
    folder = command.predict(run, *options, "--calibrated", "--save-samples")
    manifest = json.loads((folder / "manifest.json").read_text())
    for case in manifest["cases"]:
        audit(run, method, folder, case)
    audit_thresholds(run, method, plain)


def audit_thresholds(run: StoredRun, method: str, plain: Path) -> None:
    """Bounds and volume quantiles, from the references of the calibration cases, whose samples the
    predictions ``plain`` hold."""
    stored = run.calibration(method)
    names = run.config["data"]["classes"][1:]
    scores: dict[str, list[float]] = {name: [] for name in names}
    pairs: dict[str, list[tuple]] = {name: [] for name in names}
    for case, (file,) in stored["cases"].items():
        image, spacing, voxel = scan_of(run, Path(file))
        truth = run.truth_of(Path(file))
        drawn = segmentation.draw(run, method, ASKED, image, spacing)
        masks = read_masks(plain / case / "samples.npz")
        drawn = segmentation.with_stored_masks(drawn, masks)
        on_network = voxel * float(np.prod(drawn.grid.stretch))
        mean = segmentation.maps_on_scan(run, drawn, keeps_members=False)["probability"]
        rows = segmentation.structure_rows(run, drawn, voxel)
        whole = {row["class"]: row for row in rows if row["component"] == "all"}
        for k, name in enumerate(names, start=1):
            low, high = segmentation.interval_of(whole[name])
            volume = (truth == k).sum() * voxel
            scores[name].append(volume_score(volume, low, high, on_network))
            pairs[name].append((mean[..., k].astype(np.float32), truth == k))
    alpha = stored["conformal"]["alpha"]
    expected = {name: conformal_quantile(found, alpha) for name, found in scores.items()}
    assert_thresholds(stored["conformal"]["volumes"], expected)
    for name in names:
        assert_thresholds(stored["conformal"]["bounds"][name], bounds(pairs[name], alpha))
