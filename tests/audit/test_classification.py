"""The tables of classification, computed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.audit import classification
from tests.audit.comparing import assert_rows
from tests.audit.stored import StoredRun, read_idx, read_rows

ASKED = 5
HETEROSCEDASTIC = {"heteroscedastic": True, "noise_draws": 5}


def audit(run: StoredRun, method: str, folder: Path, keeps_members: bool = False) -> None:
    """Compare every table of a predictions folder."""
    manifest = json.loads((folder / "manifest.json").read_text())
    cases = sorted(manifest["cases"])
    sources = {case: Path(manifest["cases"][case]["images"][0]) for case in cases}
    images = [read_idx(sources[case])[int(case.split("-")[-1])] for case in cases]
    drawn = classification.draw(run, method, ASKED, images)
    assert manifest["samples"] == len(drawn.p)
    calibration = run.calibration(method) if manifest["calibration"] else None
    options = {"calibration": calibration, "keeps_members": keeps_members}
    expected = {"predictions.csv": classification.rows(run, drawn, cases, **options)}
    if keeps_members:
        expected["members.csv"] = classification.member_rows(run, drawn, cases, calibration)
    tables = {path.name for path in folder.iterdir() if path.suffix == ".csv"}
    assert tables == set(expected)
    for name, rows in expected.items():
        assert_rows(folder / name, read_rows(folder / name), rows)


METHODS = {
    "hybrid": ("deterministic", "mc-dropout", "ensemble", "hybrid"),
    "vi": ("deterministic", "vi"),
    "latent-vi": ("latent-vi", "latent-code", "latent-weights"),
}


def test_hybrid(make_run, command):
    run = make_run("classification", "hybrid", cases=4)
    folder = command.predict(run, "--samples", ASKED, "--save-members")
    audit(run, "hybrid", folder, keeps_members=True)


@pytest.mark.slow
@pytest.mark.parametrize("trained_as", METHODS)
def test_methods(trained_as, make_run, command):
    run = make_run("classification", trained_as, cases=6, variational={"members": 2})
    for method in METHODS[trained_as]:
        folder = command.predict(run, "--method", method, "--samples", ASKED)
        audit(run, method, folder)


@pytest.mark.slow
@pytest.mark.parametrize("trained_as", ["deterministic", "hybrid", "vi"])
def test_heteroscedastic(trained_as, make_run, command):
    run = make_run("classification", trained_as, cases=6, network=HETEROSCEDASTIC)
    audit(run, trained_as, command.predict(run, "--samples", ASKED))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["temperature", "vector"])
@pytest.mark.parametrize("method", ["mc-dropout", "deterministic"])
def test_calibrated(kind, method, make_run, command):
    run = make_run("classification", "mc-dropout", cases=10)
    options = ("--method", method, "--samples", ASKED)
    command("calibrate", run.path, *options, "--cases", "test:0.5", "--alpha", 0.3, "--scaling", kind)
    audit(run, method, command.predict(run, *options, "--calibrated"))
