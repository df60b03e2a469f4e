"""Predictions in bfloat16, where the processor is said to compute in it."""

import json
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import assert_refused
from tfuq.sampling import processors
from tfuq.serving.description import read_export


@pytest.fixture
def digit_run(trained_task):
    return trained_task("classification", "mc-dropout")


@pytest.fixture
def computes(monkeypatch):
    """The processor is said to compute in bfloat16; TensorFlow imitates it where it does not."""
    monkeypatch.setattr(processors, "_cpu_flags", lambda: {"avx512_bf16"})


def probabilities_in(folder):
    rows = (folder / "predictions.csv").read_text().splitlines()
    columns = [
        index for index, name in enumerate(rows[0].split(",")) if name.startswith("probability")
    ]
    return np.array([[float(row.split(",")[index]) for index in columns] for row in rows[1:]])


@pytest.mark.slow
def test_a_folder_has_one_precision_and_its_manifest_names_it(digit_run, tmp_path, tfuq, computes):
    folder = tmp_path / "out"
    command = ("predict", digit_run.path, "--method", "mc-dropout", "--samples", 3, "--out", folder)
    assert tfuq(*command).exit_code == 0
    assert json.loads((folder / "manifest.json").read_text())["precision"] == "float32"
    exact = probabilities_in(folder)
    rounding = (*command, "--precision", "bfloat16")
    assert_refused(tfuq(*rounding), "holds predictions of mc-dropout", "in float32", "--overwrite")
    assert tfuq(*rounding, "--overwrite").exit_code == 0
    assert json.loads((folder / "manifest.json").read_text())["precision"] == "bfloat16"
    rounded = probabilities_in(folder)
    assert 0 < np.abs(rounded - exact).max() < 0.05
    assert_refused(tfuq(*command), "in bfloat16")


@pytest.mark.slow
def test_advice_on_calibration_draws_alike(digit_run, tmp_path, tfuq, computes):
    run = shutil.copytree(digit_run.path, tmp_path / "run")
    drawn = ("--method mc-dropout --samples 3 --seed 5", "--precision bfloat16")
    options = " ".join(drawn).split()
    assert tfuq("predict", run, *options, "--out", tmp_path / "out").exit_code == 0
    reviewed = tfuq("review", tmp_path / "out")
    assert f"tfuq calibrate {run} {' '.join(drawn)}" in reviewed.output
    calibrated = tfuq("calibrate", run, *options, "--cases", "validation", "--alpha", 0.5)
    (command,) = re.findall(r"next: tfuq (predict .*)", calibrated.output)
    predicted = tfuq(*command.split())
    assert predicted.exit_code == 0, predicted.output


@pytest.mark.slow
def test_an_export_carries_the_precision(digit_run, tmp_path, tfuq, computes):
    folder = tmp_path / "digits"
    exported = tfuq(
        "export",
        digit_run.path,
        "--method",
        "mc-dropout",
        "--precision",
        "bfloat16",
        "--to",
        folder,
    )
    assert exported.exit_code == 0, exported.output
    assert read_export(folder / "1").precision == "bfloat16"
    graph = tf.saved_model.load(str(folder / "1")).signatures["prepared"].graph.as_graph_def()
    types = set()
    for function in graph.library.function:
        types |= {node.attr["T"].type for node in function.node_def if node.op == "Conv2D"}
    assert types == {tf.bfloat16.as_datatype_enum}
    assert tfuq("serve-check", folder).exit_code == 0


def test_a_processor_without_it_is_refused(digit_run, tmp_path, tfuq, monkeypatch):
    monkeypatch.setattr(processors, "_cpu_flags", lambda: {"avx2"})
    refused = tfuq("predict", digit_run.path, "--precision", "bfloat16", "--out", tmp_path / "out")
    assert_refused(refused, "this processor has none of avx512_bf16", "--precision float32")
    assert not (tmp_path / "out").exists()
