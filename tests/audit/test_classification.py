"""The tables of classification, computed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.audit import calibrated, classification
from tests.audit.comparing import assert_rows, assert_thresholds
from tests.audit.stored import StoredRun, class_of, read_idx, read_rows

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


@pytest.mark.slow
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


RESNET = {
    "name": "resnet",
    "widths": [2, 4],
    "blocks": 1,
    "dense_widths": [],
    "level_dropout": {2: 0.25},
    "normalization": "group",
}
QUICK = {"mc-dropout"}


@pytest.mark.parametrize(
    "trained_as",
    [
        pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow)
        for name in ("mc-dropout", "ensemble", "hybrid", "vi", "latent-vi")
    ],
)
def test_residual_network(trained_as, make_run, command):
    run = make_run("classification", trained_as, cases=4, network=RESNET)
    audit(run, trained_as, command.predict(run, "--samples", ASKED))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["temperature", "vector"])
@pytest.mark.parametrize("method", ["mc-dropout", "deterministic"])
def test_calibrated(kind, method, make_run, command):
    run = make_run("classification", "mc-dropout", cases=10)
    options = ("--method", method, "--samples", ASKED)
    of = ("--cases", "test:0.5", "--alpha", 0.3, "--scaling", kind)
    command("calibrate", run.path, *options, *of)
    audit(run, method, command.predict(run, *options, "--calibrated"))
    audit_thresholds(run, method)


def audit_thresholds(run: StoredRun, method: str) -> None:
    """The quantiles of sets, from the true classes of the calibration cases."""
    stored = run.calibration(method)
    files = [name for (name,) in stored["cases"].values()]
    places = [(Path(name.split("#")[0]), int(name.split("#")[1])) for name in files]
    drawn = classification.draw(run, method, ASKED, [read_idx(path)[row] for path, row in places])
    truth = [class_of(path, row) for path, row in places]
    mean = drawn.p.mean(0)
    alpha = stored["conformal"]["alpha"]
    expected = {}
    for rule in ("lac", "aps", "raps"):
        scores = [calibrated.set_scores(p, rule)[k] for p, k in zip(mean, truth, strict=True)]
        expected[rule] = calibrated.conformal_quantile(scores, alpha)
    assert_thresholds(stored["conformal"]["sets"], expected)
