"""The tables of landmarks, computed again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.audit import calibrated, landmarks
from tests.audit.comparing import assert_rows, assert_thresholds
from tests.audit.conftest import sources_of
from tests.audit.stored import StoredRun, points_of, read_picture, read_rows

ASKED = 4
HETEROSCEDASTIC = {"heteroscedastic": True}
CROSS_ENTROPY = {"loss": {"name": "heatmap-cross-entropy", "heatmap_sigma": 1.5}}


def audit(run: StoredRun, method: str, folder: Path) -> None:
    """Compare both tables of a predictions folder."""
    manifest = json.loads((folder / "manifest.json").read_text())
    calibration = run.calibration(method) if manifest["calibration"] else None
    found, samples = [], []
    for case in sorted(manifest["cases"]):
        (path,) = sources_of(folder, case)
        image = read_picture(path)
        drawn = landmarks.draw(run, method, ASKED, image)
        assert manifest["samples"] == len(drawn.points)
        found += landmarks.rows(run, drawn, case, image.shape, calibration)
        samples += landmarks.sample_rows(run, drawn, case)
    assert {path.name for path in folder.glob("*.csv")} == {"landmarks.csv", "samples.csv"}
    for name, rows in (("landmarks.csv", found), ("samples.csv", samples)):
        assert_rows(folder / name, read_rows(folder / name), rows)


METHODS = {
    "hybrid": ("deterministic", "mc-dropout", "ensemble", "hybrid"),
    "vi": ("deterministic", "vi"),
    "latent-vi": ("latent-vi", "latent-code", "latent-weights"),
}


def test_mc_dropout(make_run, command):
    run = make_run("landmarks", "mc-dropout", training=CROSS_ENTROPY)
    audit(run, "mc-dropout", command.predict(run, "--samples", ASKED))


@pytest.mark.slow
@pytest.mark.parametrize("trained_as", METHODS)
def test_methods(trained_as, make_run, command):
    run = make_run("landmarks", trained_as, cases=2, variational={"members": 2})
    for method in METHODS[trained_as]:
        folder = command.predict(run, "--method", method, "--samples", ASKED)
        audit(run, method, folder)


@pytest.mark.slow
@pytest.mark.parametrize("trained_as", ["deterministic", "hybrid", "vi"])
def test_heteroscedastic(trained_as, make_run, command):
    run = make_run("landmarks", trained_as, cases=2, network=HETEROSCEDASTIC)
    audit(run, trained_as, command.predict(run, "--samples", ASKED))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["mc-dropout", "deterministic"])
def test_calibrated(method, make_run, command):
    run = make_run("landmarks", "mc-dropout", cases=4)
    options = ("--method", method, "--samples", ASKED)
    command("calibrate", run.path, *options, "--cases", "test:0.5", "--alpha", 0.4)
    audit(run, method, command.predict(run, *options, "--calibrated"))
    audit_radii(run, method)


def audit_radii(run: StoredRun, method: str) -> None:
    """The quantiles of radii, from the radial errors of the calibration cases."""
    stored = run.calibration(method)
    names = run.config["data"]["landmarks"]
    scores: dict[str, list[float]] = {name: [] for name in names}
    for case, (name,) in stored["cases"].items():
        image = read_picture(Path(name))
        written = points_of(Path(name), len(names))
        width, height = run.config["data"]["annotations"]["image_size"]
        stretch = np.array([image.shape[1] / width, image.shape[0] / height])
        truth = (written + 0.5) * stretch - 0.5
        mm = landmarks.pixel_mm(run.config, image.shape)
        drawn = landmarks.draw(run, method, ASKED, image)
        rows = landmarks.rows(run, drawn, case, image.shape, None)
        for row, point in zip(rows, truth, strict=True):
            error = np.hypot(*((np.array([row["x"], row["y"]]) - point) * mm))
            scores[row["landmark"]].append(error / landmarks.scale_of(row))
    alpha = stored["conformal"]["alpha"]
    expected = {name: calibrated.conformal_quantile(found, alpha) for name, found in scores.items()}
    assert_thresholds(stored["conformal"]["radii"], expected)
