"""Benchmarks that print results compute what they say."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti


def load_benchmark(name: str):
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def save(path, array):
    write_nifti(path, Volume(array.astype(np.float32), np.eye(4)))


def test_phantom_entropy_correlates_estimates_with_the_truth(tmp_path, capsys):
    benchmark = load_benchmark("phantom_entropy")
    assert benchmark.entropy(np.array([[0.5, 0.5], [0.9, 0.1], [1, 0]])) == pytest.approx(
        [0.6931, 0.3251, 0], abs=1e-4
    )
    rng = np.random.default_rng(0)
    truths, estimates = [], {"ensemble": [], "deterministic": []}
    for case in ("brain_001", "brain_002"):
        p = rng.dirichlet([0.1, 0.1], (6, 5, 4))
        truth = benchmark.entropy(p)
        save(tmp_path / "data" / "probabilities" / f"{case}.nii.gz", p)
        truths.append(truth)
        for method, name in (
            ("ensemble", "expected_entropy"),
            ("deterministic", "predictive_entropy"),
        ):
            folder = tmp_path / "runs" / "quickstart" / "hybrid" / "predictions" / method / case
            estimate = truth**2 if method == "ensemble" else rng.random(truth.shape)
            save(folder / "label.nii.gz", p.argmax(-1))
            save(folder / "predictive_entropy.nii.gz", rng.random(truth.shape))
            save(folder / f"{name}.nii.gz", estimate)
            estimates[method].append(estimate)
    truth = np.concatenate([t.ravel() for t in truths])
    kept = truth >= 0.01
    assert 0.2 < kept.mean() < 0.9
    benchmark.main(tmp_path)
    deterministic, ensemble = capsys.readouterr().out.splitlines()
    assert ensemble.startswith("hybrid, ensemble: ")
    assert "ρ ambiguous 1.000" in ensemble
    x = np.concatenate([e.ravel() for e in estimates["ensemble"]])
    assert f"r ambiguous {stats.pearsonr(x[kept], truth[kept])[0]:.3f}" in ensemble
    assert f"r all {stats.pearsonr(x, truth)[0]:.3f}" in ensemble
    x = np.concatenate([e.ravel() for e in estimates["deterministic"]])
    assert f"ρ all {stats.spearmanr(x, truth)[0]:.3f}" in deterministic
    assert f"240 voxels, {kept.mean():.1%} ambiguous" in deterministic


def test_boundary_information_tells_boundaries_from_interiors(tmp_path, capsys):
    benchmark = load_benchmark("boundary_information")
    label = np.zeros((9, 9, 9))
    label[2:7, 2:7, 2:7] = 1
    masks = benchmark.regions(label)
    assert masks["interior"].sum() == 27
    assert (
        masks["boundary"].sum() == 125 - 27 + 6 * 25
    )  # the cube's shell, and the faces of what is about it
    assert sum(mask.sum() for mask in masks.values()) == label.size
    information = sum(
        value * masks[name]
        for name, value in (("boundary", 0.3), ("interior", 0.1), ("background", 0.02))
    )
    save(tmp_path / "a" / "label.nii.gz", label)
    save(tmp_path / "a" / "mutual_information.nii.gz", information)
    benchmark.main([str(tmp_path)])
    assert "(boundary 3.0 × interior, 15.0 × background)" in capsys.readouterr().out


def test_the_gain_of_a_query_is_told_with_its_error(tmp_path):
    from benchmarks import query_gain as benchmark

    sizes = benchmark.Sizes(start=3, add=2, pool=10, test=4)
    ids = [f"case-{number:02}" for number in range(20)]
    parts = benchmark.parts_of(ids, sizes, seed=0)
    assert [len(part) for part in parts] == [3, 10, 4]
    assert len(set().union(*map(set, parts))) == 17
    assert parts != benchmark.parts_of(ids, sizes, seed=1)
    rows = [
        {"case": "a", "class": "ball", "dice": 0.1},
        {"case": "a", "class": "all", "dice": 0.5},
        {"case": "b", "class": "all", "dice": 0.7},
    ]
    assert benchmark.quality_of(rows) == pytest.approx(0.6)
    assert benchmark.quality_of([{"case": "a", "accuracy": 1}, {"case": "b", "accuracy": 0}]) == 0.5
    rows = [
        {"seed": 0.0, "start": 0.5, "queried": 0.8, "random": 0.7},
        {"seed": 1.0, "start": 0.5, "queried": 0.6, "random": 0.7},
        {"seed": 2.0, "start": 0.5, "queried": 0.9, "random": 0.7},
    ]
    benchmark.write_rows(tmp_path / "gain.csv", rows)
    assert benchmark.read_rows(tmp_path / "gain.csv") == rows
    error = np.std([0.1, -0.1, 0.2], ddof=1) / np.sqrt(3)
    told = benchmark.summarized(rows)
    assert f"queried - random +0.0667 (standard error {error:.4f}), more in 2 of 3 seeds" in told
