"""Probabilities that are combined of samples otherwise than by their mean: by each sample, and from run to files."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pytest

from tests.conftest import assert_refused, settings
from tests.support import references
from tests.support.made import make_network_run
from tfuq.calibration.reducers import PickedSamples
from tfuq.data.cases import read_case_image
from tfuq.data.writers import write_csv
from tfuq.errors import RunError
from tfuq.measures.staple import estimate
from tfuq.prediction import cases_of_test_split, make_predictor, request_of
from tfuq.runs.results import read_manifest

NLL = (0.1, 0.3)  # of the members
CASES = ["ball_004", "ball_005"]


@pytest.fixture(scope="module")
def run_of(balls, tmp_path_factory):
    """``run_of(rank, …)``: a hybrid of two members whose history says how good they are."""

    def make(rank=3, **changes):
        config = settings(balls, "hybrid", rank=rank, **changes)
        run = make_network_run(tmp_path_factory.mktemp("run") / "run", config, CASES)
        for member, nll in enumerate(NLL):
            row = {"epoch": 1, "loss": 1.0, "val_loss": 0.5, "val_nll": nll}
            write_csv(run.member(member) / "history.csv", [row])
        return run

    return make


@pytest.fixture(scope="module")
def run(run_of):
    return run_of()


def asked(run, combine: str, method: str = "hybrid", **more):
    return replace(request_of(run.config, method, 5, 3, combine=combine), **more)


def sampled(run, combine: str) -> tuple[np.ndarray, np.ndarray]:
    """Every sample ``[T, voxels, K]`` of a case, and what they are combined to ``[voxels, K]``."""
    reducer = PickedSamples()
    predictor = make_predictor(run, asked(run, combine), [reducer])
    image = read_case_image(cases_of_test_split(run)[0])
    prepared = predictor.preprocessed(cases_of_test_split(run)[0], image)
    slices = run.config.network.rank == 2
    examples = prepared.shape[2] if slices else 1
    voxels = int(np.prod(prepared.shape[:3])) // examples
    places = predictor.places_in_padding(prepared, np.arange(voxels))
    padded = int(np.prod(predictor.preprocess.padded_shape(prepared)[:3])) // examples
    reducer.pick(places, voxels=padded, examples=examples)
    with predictor.sample_channels(prepared) as channels:
        picked = channels.picked  # [n, T, m, K]
        k_last = [channels.channel("probability", k) for k in range(picked.shape[-1])]
    combined = np.stack(k_last, -1)
    if slices:
        combined = np.moveaxis(combined, 2, 0)
    samples = picked.swapaxes(0, 1).reshape(picked.shape[1], -1, picked.shape[-1])
    return samples, combined.reshape(-1, combined.shape[-1])


def expected_of(combine: str, samples: np.ndarray) -> np.ndarray:
    samples = samples.astype(float)
    if combine == "logits":
        return references.logit_mean(samples.clip(1e-7))
    if combine == "majority":
        return references.majority_share(samples)
    if combine == "weighted":  # three samples of the first member, two of the second
        means = [samples[:3].mean(0), samples[3:].mean(0)]
        weights = np.array([1 / NLL[0], 1 / NLL[1]])
        return np.tensordot(weights / weights.sum(), means, 1)
    if combine == "staple":  # each voxel by itself
        return estimate(samples.argmax(-1), np.ones(samples.shape[1]), samples.shape[-1])[0]
    return samples.mean(0)


@pytest.mark.parametrize(
    ("combine", "is_large"),
    [
        pytest.param("mean", False, marks=pytest.mark.slow),
        ("mean", True),
        pytest.param("majority", False, marks=pytest.mark.slow),
        ("majority", True),
        ("logits", True),
        ("weighted", True),
        pytest.param("logits", False, marks=pytest.mark.slow),
        pytest.param("weighted", False, marks=pytest.mark.slow),
    ],
)
def test_a_probability_is_the_combination_of_the_samples(run, combine, is_large, monkeypatch):
    if is_large:
        monkeypatch.setattr("tfuq.prediction.large.MOST_IN_GRAPH", 1)
    samples, combined = sampled(run, combine)
    assert len(samples) == 5
    np.testing.assert_allclose(combined, expected_of(combine, samples), atol=3e-6)


@pytest.mark.slow
@pytest.mark.parametrize("rank", [3, 2])
def test_staple_is_that_of_all_voxels_of_a_case(run_of, rank):
    run = run_of(rank)
    samples, combined = sampled(run, "staple")
    labels = samples.argmax(-1)
    assert 0 < np.mean(labels > 0) < 1
    np.testing.assert_allclose(combined, expected_of("staple", samples), atol=1e-5)


@pytest.mark.slow
def test_a_large_volume_has_the_same_staple(run, monkeypatch):
    _, whole = sampled(run, "staple")
    monkeypatch.setattr("tfuq.prediction.large.MOST_IN_GRAPH", 1)
    _, in_parts = sampled(run, "staple")
    np.testing.assert_array_equal(whole, in_parts)


@pytest.mark.slow
def test_a_command_writes_each_combination_beside_the_others_and_says_so(run, tfuq):
    for combine in ("majority", "staple", "weighted"):
        result = tfuq("predict", run.path, "--samples", 4, "--combine", combine)
        assert result.exit_code == 0, result.output
        folder = run.path / "predictions" / f"hybrid-{combine}"
        manifest = read_manifest(folder)
        assert manifest.combine == combine
        assert (manifest.member_weights is not None) == (combine == "weighted")
        label = nibabel.load(folder / CASES[0] / "label.nii.gz").get_fdata()
        p = nibabel.load(folder / CASES[0] / "probability.nii.gz").get_fdata()
        np.testing.assert_array_equal(label, p.argmax(-1))
    np.testing.assert_allclose(manifest.member_weights, [0.75, 0.25])
    tfuq("predict", run.path, "--samples", 4)
    folders = []
    for name in ("hybrid", "hybrid-majority", "hybrid-staple", "hybrid-weighted"):
        tfuq("score", run.path / "predictions" / name)
        folders.append(run.path / "scores" / name)
    compared = tfuq("compare", *folders).stdout
    for name in ("hybrid, majority", "hybrid, staple", "hybrid, weighted"):
        assert name in compared


@pytest.mark.slow
def test_maps_are_those_of_the_samples_however_they_are_combined(run_of, tfuq):
    run = run_of(preprocessing={"spacing": [2.0, 2.0, 2.0]})
    maps = {}
    for combine in ("mean", "logits", "staple"):
        options = ["--samples", 4, "--combine", combine, "--maps", "all,epistemic_variance"]
        result = tfuq("predict", run.path, *options, "--out", run.path / combine)
        assert result.exit_code == 0, result.output
        folder = run.path / combine / CASES[0]
        for name in ("predictive_entropy", "mutual_information", "epistemic_variance"):
            values = nibabel.load(folder / f"{name}.nii.gz").get_fdata()
            np.testing.assert_allclose(values, maps.setdefault(name, values), atol=1e-5)


@pytest.mark.parametrize(
    ("combine", "more", "words"),
    [
        ("majority", {"method": "deterministic"}, "deterministic draws one"),
        ("staple", {"method": "deterministic"}, "deterministic draws one"),
        ("weighted", {"method": "mc-dropout"}, "mc-dropout draws from one here"),
        ("weighted", {"member": 1}, "hybrid draws from one here"),
        ("logits", {"is_calibrated": True}, "a calibration is of their mean"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_pass(run, combine, more, words):
    request = asked(run, combine, **({"method": "hybrid"} | more))
    with pytest.raises(RunError, match=rf"--combine {combine}: .*{words}; pass --combine mean"):
        make_predictor(run, request)


@pytest.mark.parametrize("command", [["calibrate", "--cases", "test:0.5"], ["export"]])
def test_calibrations_and_exports_are_of_the_mean(run, tfuq, command):
    result = tfuq(*command, run.path, "--combine", "logits")
    assert_refused(result, "--combine logits: ", "pass --combine mean")


def test_members_that_do_not_say_their_nll_are_not_weighted(run_of):
    run = run_of()
    write_csv(run.member(1) / "history.csv", [{"epoch": 1, "loss": 1.0, "val_loss": 0.5}])
    with pytest.raises(
        RunError, match=r"1/history.csv: does not say val_nll.* pass --combine mean"
    ):
        make_predictor(run, asked(run, "weighted"))
