"""Conveniences of the command line: environment variables, completion, verbosity, TensorBoard, dry runs."""

import logging
import os
import subprocess
import sys

import click
import pytest
import tensorflow as tf
from click.testing import CliRunner

from tests.conftest import assert_refused, task_settings
from tests.support.histories import history
from tfuq import runs
from tfuq.networks.weights import load_arrays
from tfuq.training import prepare, summary, train
from tfuq.training.tensorboard import SCALARS
from tfuq_cli.main import main


def every_option():
    """Every (context, option) of the tfuq command and those below it."""
    contexts = [click.Context(main, info_name="tfuq", **main.context_settings)]
    while contexts:
        context = contexts.pop()
        yield from ((context, p) for p in context.command.params if isinstance(p, click.Option))
        if isinstance(context.command, click.Group):
            commands = {
                name: context.command.get_command(context, name)
                for name in context.command.list_commands(context)
            }
            contexts += [
                click.Context(command, context, name) for name, command in commands.items()
            ]


def test_every_option_has_its_environment_variable(monkeypatch):
    seen = set()
    for context, option in every_option():
        name = max(option.opts, key=len).removeprefix("--").replace("-", "_").upper()
        variable = f"{context.auto_envvar_prefix}_{name}"
        seen.add(variable)
        monkeypatch.setenv(variable, "7")
        assert (option.resolve_envvar_value(context) == "7") == (name != "VERSION"), variable
        monkeypatch.delenv(variable)
    assert {
        "TFUQ_QUIET",
        "TFUQ_TRAIN_DEVICES",
        "TFUQ_PREDICT_SAMPLES",
        "TFUQ_DATA_SYNTH_CASES",
        "TFUQ_COMPARE_CLASS",
    } < seen
    assert "TFUQ_DATA" not in seen


def test_environment_variables_set_options(trained, balls, tfuq, tmp_path, monkeypatch):
    monkeypatch.setenv("TFUQ_TRAIN_DEVICES", "gpu:99")
    monkeypatch.setenv(
        "TFUQ_TRAIN_OVERRIDE",
        f"data.root={balls} data.split.train=3 data.split.validation=1 data.split.test=2",
    )
    monkeypatch.setenv("TFUQ_TRAIN_RUN", str(tmp_path / "run"))
    assert_refused(tfuq("train", "hippocampus"), "--devices gpu:99")
    assert not (tmp_path / "run").exists()
    monkeypatch.setenv("TFUQ_PREDICT_SAMPLES", "1")
    assert_refused(
        tfuq("predict", trained("mc-dropout").path, "--out", tmp_path / "out"), "--samples 1"
    )
    monkeypatch.setenv("TFUQ_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TFUQ_DATA_SYNTH_CASES", "0")
    listed = tfuq("data", "list")
    assert f"not here in {tmp_path}/elsewhere" in listed.output
    assert_refused(tfuq("data", "synth", "brain-decathlon", tmp_path / "x"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("train quick", "plain,quickstart"),
        ("train --method v", "plain,vi"),
        ("predict --method en", "plain,ensemble"),
        ("data check hip", "plain,hippocampus"),
        ("data synth brain-i", "plain,brain-iseg2017"),
        ("predict --dry", "plain,--dry-run"),
        ("sc", "plain,score"),
    ],
)
def test_completion(words, expected):
    environment = {
        "_TFUQ_COMPLETE": "bash_complete",
        "COMP_WORDS": f"tfuq {words}",
        "COMP_CWORD": str(len(words.split())),
    }
    result = CliRunner().invoke(main, [], prog_name="tfuq", env=environment)
    assert [line for line in result.output.splitlines() if line.startswith("plain")] == [expected]
    assert ("file," in result.output) == (words in ("train quick", "data check hip"))


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_installed_command_speaks_the_completion_protocol(shell):
    tfuq = os.path.join(os.path.dirname(sys.executable), "tfuq")
    script = subprocess.run(
        [tfuq],
        env=os.environ | {"_TFUQ_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
    )
    assert f"_TFUQ_COMPLETE={shell}_complete" in script.stdout
    asked = {
        "_TFUQ_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "tfuq pre",
        "COMP_CWORD": "pre" if shell == "fish" else "1",
    }
    answer = subprocess.run([tfuq], env=os.environ | asked, capture_output=True, text=True)
    assert "predict" in answer.stdout
    assert "train" not in answer.stdout


def test_quiet_shows_results_and_errors_only(trained, tfuq, tmp_path):
    result = tfuq("-q", "predict", trained("mc-dropout").path, "--out", tmp_path / "a")
    assert (result.stderr, result.stdout.count("\n")) == ("", 1)
    assert_refused(tfuq("-q", "predict", tmp_path / "absent"), "not a run")
    assert_refused(tfuq("-q", "-v", "data", "list"), "exclude each other")


def test_verbose_shows_times_warnings_and_tracebacks(trained, tfuq, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    plain, verbose = (
        tfuq(
            *flag, "predict", trained("mc-dropout").path, "--out", tmp_path / "".join(["v", *flag])
        )
        for flag in ([], ["-v"])
    )
    assert "network" not in plain.stderr
    assert verbose.stderr.count("network") == 2
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    refused = tfuq("-v", "predict", tmp_path / "absent")
    assert refused.exit_code == 2
    assert "Traceback" in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("tfuq: ")


def test_unexpected_errors_are_one_line_too(tfuq, monkeypatch):
    monkeypatch.setattr("tfuq.config.shipped", lambda: 1 / 0)
    result = tfuq("data", "list")
    assert result.exit_code == 1
    assert "ZeroDivisionError: division by zero" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in tfuq("-v", "data", "list").stderr


@pytest.fixture
def resumed(trained, tmp_path):
    """Arguments that go on with a run that is trained already: what they say is one line."""
    run = trained("mc-dropout")
    (tmp_path / "mine.yaml").write_text(run.config.dump())
    return ["train", tmp_path / "mine.yaml", "--run", run.path, "--resume"]


def test_lines_of_the_library_come_once_in_each_of_several_invocations(tfuq, trained, resumed):
    config = trained("mc-dropout").config
    line = summary(config, prepare(config, None)) + "\n"
    assert [tfuq(*resumed).stderr for _ in range(3)] == [line] * 3


def test_lines_of_the_library_are_silenced_by_quiet_and_none_more_by_verbose(tfuq, resumed):
    plain = tfuq(*resumed).stderr
    assert tfuq("-q", *resumed).stderr == ""
    assert plain in tfuq("-v", *resumed).stderr


def test_lines_of_the_library_hold_no_control_character(tfuq, monkeypatch):
    monkeypatch.setattr(
        "tfuq.config.shipped", lambda: logging.getLogger("tfuq.x").info("a\x1b[2Jb\nc") or []
    )
    assert tfuq("data", "list").stderr == "a\\x1b[2Jb\\nc\n"


@pytest.mark.parametrize("arguments", [("data", "list"), ("predict", "absent"), ("-q", "--bad")])
def test_a_command_leaves_the_loggers_as_they_were(tfuq, arguments):
    logger = logging.getLogger("tfuq")
    before = (list(logger.handlers), logger.level, logger.propagate)
    tfuq(*arguments)
    assert (list(logger.handlers), logger.level, logger.propagate) == before


def test_the_embedded_library_writes_nothing(digits, tmp_path, capfd, monkeypatch):
    """As in a program that knows nothing of logging, where Python itself shows warnings."""
    monkeypatch.setattr(logging.root, "handlers", [])
    train(task_settings("classification", digits), tmp_path / "run")
    logging.getLogger("tfuq.training").warning("unseen")
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_handler_receives_what_the_library_says(digits, tmp_path):
    records = []
    logger = logging.getLogger("tfuq.training")
    handler = logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    config = task_settings("classification", digits)
    try:
        train(config, tmp_path / "run")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    (record,) = records
    assert record.levelno == logging.INFO
    assert record.getMessage() == summary(config, prepare(config, None))


def small_training(config, folder):
    """Arguments that train a configuration for two epochs into a folder."""
    (folder / "mine.yaml").write_text(config.dump())
    return [
        "train",
        folder / "mine.yaml",
        "--method",
        "ensemble",
        "--run",
        folder / "run",
        "-o",
        "training.epochs=2",
    ]


@pytest.mark.slow
def test_tensorboard_holds_the_history(digits, tfuq, tmp_path):
    config = task_settings("classification", digits)
    result = tfuq(*small_training(config, tmp_path), "--tensorboard")
    assert result.exit_code == 0, result.output
    for member in (0, 1):
        (path,) = (tmp_path / "run" / "tensorboard" / str(member)).glob("events.*")
        found = {}
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                found[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
        rows = history(runs.open_run(tmp_path / "run"), member)
        expected = {
            (name, row["epoch"]): row[name] for row in rows for name in SCALARS if name in row
        }
        assert found == pytest.approx(expected, rel=1e-4)


def lines_of(result) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in result.stdout.splitlines())


@pytest.mark.slow
def test_training_rehearsed_leaves_nothing(trained, tfuq, tmp_path):
    arguments = small_training(trained("mc-dropout").config, tmp_path)
    result = tfuq(*arguments, "--dry-run")
    assert result.exit_code == 0, result.output
    assert [p.name for p in tmp_path.iterdir()] == ["mine.yaml"]
    told = lines_of(result)
    assert told["would train"] == f"members [0, 1] of 2 by ensemble, into {tmp_path / 'run'}"
    assert "3 / 1 / 2 cases" in told["cases"]
    assert told["steps"] == "2 an epoch of batch 2, at most 2 epochs a member"
    weights = sum(
        a.size for a in load_arrays(trained("mc-dropout").member(0) / "weights.npz").values()
    )
    assert f"{weights:,} weights" in told["network"]
    assert "GiB" in told["estimate"]
    run = trained("mc-dropout").path
    assert_refused(tfuq(*arguments[:-4], "--run", run, "--dry-run"), "holds a run already")


@pytest.mark.slow
def test_quickstart_is_rehearsed_without_its_data(tfuq, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = tfuq(
        "train", "--dry-run", "-o", "network.widths=[4,4]", "-o", "network.patch_size=[8,8,8]"
    )
    assert result.exit_code == 0, result.output
    assert "16 / 2 / 6 cases" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "method", [pytest.param("deterministic", marks=pytest.mark.slow), "mc-dropout"]
)
def test_prediction_rehearsed_leaves_nothing(trained, tfuq, tmp_path, method):
    run, out = trained("mc-dropout").path, tmp_path / "out"
    result = tfuq("predict", run, "--method", method, "--out", out, "--dry-run")
    assert result.exit_code == 0, result.output
    assert not out.exists()
    told = lines_of(result)
    assert (
        told["would predict"]
        == f"2 of 2 case(s) by {method}, T = {1 if method == 'deterministic' else 4}, into {out}"
    )
    assert ("mutual_information" in told["files"]) == (method != "deterministic")
    assert told["estimate"].endswith("GiB of memory")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    assert_refused(tfuq("predict", run, "--out", tmp_path / "full", "--dry-run"), "is not empty")
