"""Maps of resampled predictions: each file is the function of the others that its name promises."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

import tfuq as package
from tests.conftest import files_of, settings
from tests.support.pointwise import pointwise_run
from tests.support.serving import served
from tfuq import prediction
from tfuq.data.cases import read_case_image
from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.errors import RunError
from tfuq.measures.reducers import LastSample
from tfuq.prediction.on_input import HeldMaps
from tfuq.serving import Client
from tfuq.serving.client import ServedSampler
from tfuq.tasks.records import ExampleStatistics
from tfuq.training import train

SAMPLES = 5
STEPS = {
    "finer": {"spacing": [0.9, 0.8, 1.3]},
    "coarser": {"spacing": [2.6, 2.3, 3.1]},
    "size": {"size": [11, 25, 9]},
}
IN_PLANE = {"size": [11, 25, 15]}


@dataclass(frozen=True, kw_only=True)
class LastSampleStatistics(ExampleStatistics):
    """The last sample ``[n, *S, K]``."""

    sample: np.ndarray

    def cropped(self, shape, box):
        return replace(self, sample=self.sample[(slice(None), *box)])

    @property
    def spread(self):
        return self.sample


@pytest.fixture
def run_of(balls, tmp_path, monkeypatch):
    """``run_of(steps, rank, …)``: a run of pointwise networks that resamples."""
    numbers = itertools.count()

    def make(steps, rank=3, **changes):
        folder = tmp_path / f"run-{next(numbers)}"
        return pointwise_run(folder, balls, monkeypatch, rank=rank, preprocessing=steps, **changes)

    return make


def maps_of(folder) -> dict[str, np.ndarray]:
    return {
        path.name.removesuffix(".nii.gz"): read(path).array
        for path in sorted(folder.glob("*.nii.gz"))
    }


def assert_maps_fit(maps: dict[str, np.ndarray], samples: int) -> None:
    """What holds between the maps of one case by their definitions alone."""
    p = maps["probability"].astype(float)
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-6)
    np.testing.assert_array_equal(maps["label"], maps["probability"].argmax(-1))
    total = -(p * np.log(np.maximum(p, 1e-30))).sum(-1)
    np.testing.assert_allclose(maps["predictive_entropy"], total, atol=2e-6)
    mutual, expected = maps["mutual_information"], maps["expected_entropy"]
    np.testing.assert_allclose(mutual, maps["predictive_entropy"] - expected, atol=1e-6)
    assert mutual.min() >= 0
    assert expected.min() >= 0
    votes = (1 - maps["variation_ratio"]) * samples
    np.testing.assert_allclose(votes, np.rint(votes), atol=1e-5)
    assert votes.min() >= samples / p.shape[-1] - 1e-5
    assert maps["standard_deviation"].max() <= 0.5


# One is quick; the slow rows have the rest.
WRITTEN = [
    pytest.param(STEPS[name], rank, id=f"{name}-{rank}", marks=marks)
    for name, rank, marks in (
        ("coarser", 2, []),
        ("finer", 3, pytest.mark.slow),
        ("size", 3, pytest.mark.slow),
        ("finer", 2, pytest.mark.slow),
        ("coarser", 3, pytest.mark.slow),
        ("size", 2, pytest.mark.slow),
    )
]


@pytest.mark.parametrize(("steps", "rank"), WRITTEN)
def test_written_maps_fit(steps, rank, run_of, tfuq):
    run = run_of(steps, rank)
    result = tfuq("predict", run.path, "--samples", SAMPLES, "--save-members")
    assert result.exit_code == 0, result.output
    for folder in run.predictions("hybrid").glob("ball_*"):
        maps = maps_of(folder)
        assert_maps_fit(maps, SAMPLES)
        members, weights = (
            np.stack([maps["member-0"], maps["member-1"]]),
            np.array([3, 2]) / SAMPLES,
        )
        centre = np.tensordot(weights, members, 1)
        np.testing.assert_allclose(maps["probability"], centre, atol=1e-6)
        between = np.tensordot(weights, (members - centre) ** 2, 1).mean(-1)
        np.testing.assert_allclose(maps["between_member_variance"], between, atol=1e-6)
        assert maps["within_member_variance"].max() > 0


@pytest.mark.parametrize("method", ["ensemble", "mc-dropout"])
@pytest.mark.slow
def test_calibrated_maps_fit(method, run_of, tfuq):
    run = run_of(STEPS["size"])
    options = ["--method", method, "--samples", SAMPLES]
    calibrated = tfuq("calibrate", run.path, *options, "--cases", "validation", "--alpha", 0.5)
    assert calibrated.exit_code == 0, calibrated.output
    result = tfuq("predict", run.path, *options, "--calibrated")
    assert result.exit_code == 0, result.output
    for folder in run.predictions(f"{method}-calibrated").glob("ball_*"):
        assert_maps_fit(maps_of(folder), 2 if method == "ensemble" else SAMPLES)


@pytest.mark.slow
def test_predictions_of_some_maps_are_not_sent_to_scores(run_of, tfuq, tmp_path):
    run = run_of(STEPS["size"])
    some = tfuq("predict", run.path, "--samples", 2, "--maps", "label", "--out", tmp_path / "p")
    assert f"next: tfuq view {tmp_path / 'p'}" in some.output, some.output
    every = tfuq("predict", run.path, "--samples", 2, "--out", tmp_path / "p")
    assert f"next: tfuq score {tmp_path / 'p'}" in every.output, every.output


def test_one_sample_has_the_entropy_of_its_probability(run_of, tfuq):
    run = run_of(STEPS["finer"])
    assert tfuq("predict", run.path, "--method", "deterministic").exit_code == 0
    maps = maps_of(run.predictions("deterministic") / "ball_000")
    assert set(maps) == {"label", "probability", "predictive_entropy"}
    np.testing.assert_allclose(
        maps["predictive_entropy"], entropy_of(maps["probability"]), atol=2e-6
    )


def entropy_of(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(np.maximum(p, 1e-30))).sum(-1)


@pytest.mark.slow
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_equal_samples_do_not_disagree_on_any_grid(steps, run_of, tfuq):
    run = run_of(steps, spread=0.0)
    assert tfuq("predict", run.path, "--samples", SAMPLES).exit_code == 0
    maps = maps_of(run.predictions("hybrid") / "ball_000")
    for name in ("mutual_information", "variation_ratio", "standard_deviation"):
        np.testing.assert_allclose(maps[name], 0, atol=1e-6)
    assert maps["predictive_entropy"].max() > 0.5
    np.testing.assert_allclose(maps["expected_entropy"], maps["predictive_entropy"], atol=1e-6)


def interpolated(
    array: np.ndarray, grid: Volume, target: Volume, method: str = "linear"
) -> np.ndarray:
    """By another library, in millimetres along each axis; the outermost voxels' values hold to their edge."""
    matrix = np.linalg.solve(grid.affine, target.affine)
    places = np.stack(np.indices(target.shape), -1) @ matrix[:3, :3].T + matrix[:3, 3]
    places = np.clip(places, 0, np.array(grid.shape) - 1)
    return RegularGridInterpolator([np.arange(n) for n in grid.shape], array, method)(places)


@pytest.mark.slow
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_maps_are_bounded_by_those_of_interpolated_samples(steps, run_of):
    """Each sample is brought onto the input's grid by itself, and the maps are those of the samples there."""
    run = run_of(steps)
    request = prediction.Request(method="mc-dropout", samples=SAMPLES, seed=0, batch=8)
    case = prediction.cases_of_test_split(run)[0]
    image = read_case_image(case)
    predictor = prediction.make_predictor(run, request)
    prepared = predictor.preprocessed(case, image)
    drawn = predictor.sample(prepared)
    on_input = predictor.maps_on_input(image, prepared, predictor.channels_of(drawn))
    held = HeldMaps.of(on_input, image)
    maps = {name: volume.array for name, volume in held.volumes.items()}
    samples = own_samples(run, prepared)
    np.testing.assert_allclose(samples.mean(0), drawn.probability[0], atol=1e-6)
    here = np.stack([interpolated(p, prepared, image) for p in samples])
    mean = here.mean(0)
    np.testing.assert_allclose(maps["probability"], mean, atol=1e-5)
    np.testing.assert_allclose(maps["predictive_entropy"], entropy_of(mean), atol=1e-5)
    assert (maps["expected_entropy"] <= entropy_of(here).mean(0) + 1e-5).all()
    assert (maps["mutual_information"] >= entropy_of(mean) - entropy_of(here).mean(0) - 1e-5).all()
    spread = np.take_along_axis(here.std(0), maps["label"][..., None].astype(int), -1)[..., 0]
    assert (maps["standard_deviation"] >= spread - 1e-5).all()
    variance = interpolated(samples.var(0), prepared, image)
    variance = np.take_along_axis(variance, maps["label"][..., None].astype(int), -1)[..., 0]
    np.testing.assert_allclose(maps["standard_deviation"], np.sqrt(variance), atol=2e-5)
    information = entropy_of(samples.mean(0)) - entropy_of(samples).mean(0)
    np.testing.assert_allclose(
        maps["mutual_information"], interpolated(information, prepared, image), atol=1e-5
    )


def own_samples(run, prepared) -> np.ndarray:
    """The samples ``[T, X, Y, Z, K]`` that a prediction is made of, one by one."""
    found = []
    for count in range(1, SAMPLES + 1):
        request = prediction.Request(method="mc-dropout", samples=SAMPLES, seed=0, batch=8)
        predictor = prediction.make_predictor(run, request, [LastSample()])
        statistics = predictor.sampler
        statistics._finish = lambda every: {"sample": every["sample"]}
        predictor.record = LastSampleStatistics
        found.append(predictor.sample(prepared, count).sample[0])
    return np.stack(found)


@pytest.mark.slow
def test_python_and_command_line_write_the_same(run_of, tfuq, balls, tmp_path):
    run, scan = run_of(STEPS["size"]), balls / "imagesTr" / "ball_001.nii.gz"
    options = ["--input", scan, "--samples", SAMPLES, "--seed", 3]
    assert tfuq("predict", run.path, *options, "--out", tmp_path / "told").exit_code == 0
    predicted = package.load(run.path).predict(scan, samples=SAMPLES, seed=3)
    assert_maps_fit(predicted.maps, SAMPLES)
    predicted.save(tmp_path / "asked")
    assert files_of(tmp_path / "asked") == files_of(tmp_path / "told" / "ball_001")


@pytest.mark.slow
@pytest.mark.parametrize("rank", [3, 2])
def test_a_server_draws_what_maps_are_made_of(rank, run_of, tfuq, tmp_path, monkeypatch):
    """The signature ``prepared`` answers what the sampler of the run does."""
    # The reply is the sampler's own: there is no export whose description it could be held against.
    monkeypatch.setattr("tfuq.serving.client.expected_outputs", lambda *_: {})
    run = run_of(IN_PLANE, rank)
    request = prediction.Request(method="hybrid", samples=SAMPLES, seed=0, batch=8)

    class Endpoint:
        def call(self, signature, inputs, expected):
            assert signature == "prepared"
            own = prediction.make_predictor(run, request).sampler
            return own.sample(inputs["image"], inputs["seed"], inputs["num_samples"])

    predictor = prediction.make_predictor(
        run, request, sampler=ServedSampler(Endpoint(), None, run.config)
    )
    cases = prediction.cases_of_test_split(run)[:1]
    prediction.predict(predictor, cases, tmp_path / "served")
    scan = cases[0].images[0]
    assert (
        tfuq(
            "predict", run.path, "--input", scan, "--samples", SAMPLES, "--out", tmp_path / "told"
        ).exit_code
        == 0
    )
    assert_maps_fit(maps_of(tmp_path / "served" / cases[0].id), SAMPLES)
    assert files_of(tmp_path / "served" / cases[0].id) == files_of(tmp_path / "told" / cases[0].id)


@pytest.mark.slow
@pytest.mark.parametrize("rank", [3, 2])
def test_the_client_writes_what_predict_writes(rank, balls, tfuq, tmp_path):
    run = train(settings(balls, rank=rank, preprocessing=IN_PLANE), tmp_path / "run")
    assert tfuq("export", run.path, "--to", tmp_path / "model").exit_code == 0
    checked = tfuq("serve-check", tmp_path / "model")
    assert "bit for bit" in checked.stdout, checked.output
    scan = balls / "imagesTr" / "ball_005.nii.gz"
    with served(tmp_path / "model" / "1", "model") as (address, _, _):
        Client(tmp_path / "model", address).predict([scan], tmp_path / "found", samples=4)
    assert (
        tfuq(
            "predict", run.path, "--input", scan, "--out", tmp_path / "told", "--samples", 4
        ).exit_code
        == 0
    )
    assert_maps_fit(maps_of(tmp_path / "found" / "ball_005"), 4)
    assert files_of(tmp_path / "found" / "ball_005") == files_of(tmp_path / "told" / "ball_005")
    description = tmp_path / "model" / "1" / "tfuq_export.json"
    description.write_text(description.read_text().replace('"variance"', '"earlier"'))
    with pytest.raises(RunError, match=r"answers without variance.*export again"):
        Client(tmp_path / "model", "localhost:1").predictor()
