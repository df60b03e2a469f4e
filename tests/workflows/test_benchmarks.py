"""Benchmarks that print results compute what they say."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti


def load_benchmark(name: str):
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    specification = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(specification)
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


_FAKE = """
import sys
sys.path.insert(0, {folder!r})
from suite_worker import serve
serve({{"plain pass: mine": lambda: print("more"), "vi: broken": lambda: 1 / 0}}, {{"vi: gone": "no wheel"}}, {{"lib": "1"}})
"""


def test_a_peer_that_fails_is_left_out_with_its_reason(tmp_path, monkeypatch):
    suite = load_benchmark("suite")
    folder = Path(suite.__file__).parent
    (tmp_path / "fake.py").write_text(_FAKE.format(folder=str(folder)))
    monkeypatch.setattr(suite, "HERE", tmp_path)
    with suite.Worker(Path(sys.executable), "fake.py", {}) as worker:
        seconds = suite.timed([worker], rounds=2, samples=4)
        assert set(seconds) == {"plain pass: mine"}
        assert worker.absent == {
            "vi: gone": "no wheel",
            "vi: broken": "ZeroDivisionError: division by zero",
        }
    (tmp_path / "dead.py").write_text("import no_such_library")
    with suite.Worker(Path(sys.executable), "dead.py", {}) as worker:
        assert worker.peers == []
        assert "its process ended" in worker.absent["all of dead.py"]


def test_the_table_has_ratios_to_a_pass_and_to_tfuq(tmp_path):
    suite = load_benchmark("suite")
    seconds = {
        "vi: TFP": 0.6,
        "plain pass: Keras": 0.1,
        "plain pass: PyTorch": 0.2,
        "vi: tfuq": 0.3,
        "mc-dropout: Keras": 0.5,
    }
    rows = suite.rows_of(seconds)
    assert [(row.method, row.peer, row.of_tfuq) for row in rows] == [
        ("plain pass", "Keras", None),
        ("plain pass", "PyTorch", None),
        ("mc-dropout", "Keras", None),
        ("vi", "tfuq", 1.0),
        ("vi", "TFP", pytest.approx(2)),
    ]
    assert [row.of_pass for row in rows] == pytest.approx([1, 2, 5, 3, 6])
    facts = {"time": "2026-01-02 03:04", "commit": "abc", "machine": "a box"}
    lines = list(suite.table(rows, facts, {"PyTorch": "no wheel"}))
    assert "| vi | TFP | 0.6000 | 6.00 | 2.00 |" in lines
    assert lines[-1] == "* left out: PyTorch (no wheel)"
    for _ in range(2):
        suite.keep(rows, facts, {"slices": 1, "size": 16, "samples": 2}, tmp_path)
    kept = (tmp_path / "suite.csv").read_text().splitlines()
    assert len(kept) == 1 + 2 * len(rows)
    assert kept[5] == "2026-01-02 03:04,abc,a box,1,16,2,vi,TFP,0.60000,6.000,2.000"


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


@pytest.mark.slow
def test_the_rows_of_a_gpu_come_from_a_cpu_too(monkeypatch, capsys):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    tiny = "--slices 2 --size 16 --samples 2 --rounds 1 --patch 16 16 16 --steps 2"
    importlib.import_module("gpu_rows").main([*tiny.split(), "--torch", sys.executable])
    first, _, _, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("on a CPU: the times say nothing")
    rows = [line.strip("| ").split(" | ") for line in lines]
    figures = {what: figure for what, figure, *_ in rows}
    for method in ("mc-dropout", "vi"):
        assert float(figures[f"{method} sample / pass"]) > 0
        assert figures[f"{method}: same seed twice"].startswith("same bytes, ")
        assert float(figures[f"{method}: from the CPU's maps"]) < 1e-4
        assert figures[f"training step, {method}, batch 2"].endswith(" ms")
    assert figures["mc-dropout / PyTorch compiled"].startswith("left out: no PyTorch")


COSTS = {"seconds": 20.0, "requests": 10, "megabytes": 1.0, "messages": 2}
COSTS |= {"task": 1e-3, "message": 1e-4}
THERE = {"workers": 20, "requests": 1e4, "megabytes": 1e4}


def cluster_load(costs=COSTS, there=THERE, per_task=1):
    """A simulation of 400 scans."""
    benchmark = load_benchmark("cluster_load")
    return benchmark.simulate(400, per_task, benchmark.Costs(**costs), benchmark.Cluster(**there))


def test_a_cluster_is_limited_by_its_workers():
    load = cluster_load()
    assert load.limit() == "workers"
    assert load.seconds == pytest.approx(400 * 20 / 20, rel=0.1)  # the last scans end unevenly
    assert load.shares()["workers"] > 0.9


@pytest.mark.parametrize(
    ("costs", "there", "limit", "seconds"),
    [
        ({}, {"requests": 5}, "file requests", 400 * 10 / 5),
        ({}, {"megabytes": 0.5}, "bytes", 400 * 1.0 / 0.5),
        ({"message": 2.0}, {}, "scheduler", 400 * 2 * 2.0),
        ({"task": 3.0}, {}, "scheduler", 400 * 3.0),
    ],
)
def test_a_cluster_is_limited_by_what_all_workers_share(costs, there, limit, seconds):
    """The whole takes as long as the shared resource needs for all scans."""
    load = cluster_load(COSTS | costs, THERE | there)
    assert load.limit() == limit
    assert load.seconds == pytest.approx(seconds, rel=0.1)


def test_tasks_of_many_scans_ask_the_scheduler_less():
    assert cluster_load(COSTS | {"task": 3.0}, per_task=20).limit() == "workers"


@pytest.mark.slow
def test_the_cost_of_a_sample_is_a_ratio_to_a_pass_in_float32(monkeypatch, capsys):
    benchmark = load_benchmark("sample_cost")
    options = ["--slices", "1", "--size", "32", "--samples", "2", "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", ["sample_cost.py", *options])
    benchmark.main()
    parameters, one_pass, *methods = capsys.readouterr().out.splitlines()
    assert parameters == "485,885 parameters"
    seconds = float(one_pass.removeprefix("pass in float32: ").removesuffix(" s"))
    assert [line.split(",")[0] for line in methods] == ["mc-dropout", "vi"]
    for line in methods:
        own, ratio = re.match(r".*, float32: (\S+) s, (\S+) of a pass by the clock", line).groups()
        assert float(ratio) == pytest.approx(float(own) / seconds, abs=0.01, rel=0.01)
