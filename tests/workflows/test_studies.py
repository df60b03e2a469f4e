"""Studies: grids of runs in processes of their own, which go on where they were stopped, and one table of them all."""

import functools
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import psutil
import pytest

from tests.conftest import LISTED_SPLIT, assert_refused, files_of
from tests.support import killing
from tests.support.fuzzing import damaged, outcome
from tfuq import config as configuration
from tfuq import runs
from tfuq.config.text import read_yaml, write_yaml
from tfuq.data.json_csv import read_table
from tfuq.data.locks import exclusive
from tfuq.errors import ConfigError
from tfuq.measures.catalogue import OF_STRUCTURES, names_of
from tfuq.workflows.study import Table
from tfuq.workflows.study.cells import cells_of
from tfuq.workflows.study.columns import check_columns
from tfuq.workflows.study.execution import run_command
from tfuq_cli import attended
from tfuq_cli.completion import complete_study

STUDY = """
name: sizes
config: config.yaml
set: {training.steps_per_epoch: 1}
axes:
  training cases: {data.split.use: [1, 3]}
structure: ball
table: [dice, iou, correlation.pairwise_dice, measure.volume_mean_mm3, measure.volume_std_mm3]
"""


@pytest.fixture
def study(own_balls, tmp_path):
    """A study of the balls on disk, its data set one to damage."""
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path / "study.yaml"


@pytest.fixture
def forked(monkeypatch):
    """Cells run as processes that start quickly; the list holds the commands, and may be told to kill one."""
    ran, fatal = [], {}

    def execute(words, log):
        arguments = words[2:]  # after Python and its script
        ran.append((arguments[0], arguments[1]))
        if arguments[0] in fatal:
            killed = killing.kill_at_rename(fatal[arguments[0]].pop(), *arguments, log=log)
            return -9 if killed else 0
        process = killing.start(*arguments, log=log)
        process.join(300)
        return process.exitcode

    monkeypatch.setattr("tfuq.workflows.study.execution.run_command", execute)
    return ran, fatal


@pytest.mark.slow
def test_a_study_goes_on_past_what_fails_and_where_it_was_stopped(
    study, own_balls, forked, tfuq, tmp_path
):
    ran, fatal = forked
    run = ("study", study, "--out", tmp_path / "out")
    intact = (own_balls / "imagesTr" / "ball_002.nii.gz").read_bytes()
    (own_balls / "imagesTr" / "ball_002.nii.gz").write_bytes(intact[:500])
    assert_refused(
        tfuq(*run),
        "1 of 2 cells failed",
        "table.md",
        "first 3: ",
        "ball_002.nii.gz: not a readable NIfTI",
    )
    markdown = (tmp_path / "out" / "table.md").read_text()
    assert re.search(r"\| 3 +\| – +\| – +\| – ", markdown), markdown
    assert "- 3: " in markdown
    assert re.search(r"\| 1 +\| 4 +\| 0\.\d+ ", markdown), markdown
    finished = files_of(tmp_path / "out" / "cells" / "1")

    (own_balls / "imagesTr" / "ball_002.nii.gz").write_bytes(intact)
    fatal["train"] = [3, 3, 3]  # it is tried three times
    ran.clear()
    assert_refused(
        tfuq(*run),
        "1 of 2 cells failed",
        "3: failed 3 times, at last as tfuq train ended with exit code -9",
        "logs/3.txt",
    )
    assert [command for command, _ in ran] == ["train"] * 3  # of the cell that was not finished
    del fatal["train"]
    assert not runs.open_run(tmp_path / "out" / "cells" / "3").finished_members

    result = tfuq(*run)
    assert result.exit_code == 0, result.output
    assert "2 cells in" in result.stdout
    assert files_of(tmp_path / "out" / "cells" / "1") == finished
    check_table(tmp_path / "out")
    ran.clear()
    assert tfuq(*run).exit_code == 0
    assert not ran
    assert "2 cells of" in tfuq("study", study, "--out", tmp_path / "out", "--dry-run").stdout
    refuse_other_studies(study, tfuq, tmp_path)


def check_table(out):
    """Figures are those of the cells' own summaries, splits are nested, and the cells' results those of plain commands."""
    rows = read_table(
        out / "table.csv",
        ("training cases", "dice", "dice_std", "correlation.pairwise_dice_p", "error"),
        "",
    )
    assert [row["training cases"] for row in rows] == ["1", "3"]
    for row in rows:
        cell = out / "cells" / row["training cases"]
        summary = json.loads((cell / "scores" / "mc-dropout" / "summary.json").read_text())
        assert float(row["dice"]) == pytest.approx(
            summary["scores"]["ball"]["dice"]["mean"], rel=1e-4
        )
        assert float(row["iou"]) == pytest.approx(
            summary["scores"]["ball"]["iou"]["mean"], rel=1e-4
        )
        volume = summary["structure_measures"]["ball"]["volume_mean_mm3"]
        assert float(row["measure.volume_mean_mm3"]) == pytest.approx(volume, rel=1e-4)
        std = summary["structure_measures"]["ball"]["volume_std_mm3"]
        assert float(row["measure.volume_std_mm3"]) == pytest.approx(
            std * (4 / 3) ** 0.5, rel=1e-4
        )  # of T = 4 samples
        assert row["samples (T)"] == "4"
        assert row["correlation.pairwise_dice"] == ""  # two test cases have no correlation
        assert json.loads((cell / "splits.json").read_text())["test"] == LISTED_SPLIT["test"]
    assert (out / "figure.png").stat().st_size > 5000


def refuse_other_studies(study, tfuq, tmp_path):
    """What lies in a study's folder is neither mixed with another's nor lost."""
    before = files_of(tmp_path)
    changed = tmp_path / "changed.yaml"
    changed.write_text(STUDY.replace("name: sizes", "name: other"))
    assert_refused(
        tfuq("study", changed, "--out", tmp_path / "out"),
        "belongs to another study (name: sizes)",
        "--out",
    )
    changed.write_text(STUDY.replace("steps_per_epoch: 1", "steps_per_epoch: 2"))
    assert_refused(
        tfuq("study", changed, "--out", tmp_path / "out"),
        "cells/1",
        "another configuration",
        "--overwrite",
    )
    changed.unlink()
    assert files_of(tmp_path) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    assert_refused(
        tfuq("study", study, "--out", tmp_path / "mine", "--overwrite"), "holds no study"
    )
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


@pytest.mark.slow
def test_a_study_in_real_processes(study, tfuq, tmp_path):
    result = tfuq("study", study, "--out", tmp_path / "out", "--execute", "processes:2")
    assert result.exit_code == 0, result.output
    check_table(tmp_path / "out")
    plain = tmp_path / "plain"
    assert tfuq("train", tmp_path / "out" / "cells" / "3.yaml", "--run", plain).exit_code == 0
    assert (plain / "members/0/weights.npz").read_bytes() == (
        tmp_path / "out/cells/3/members/0/weights.npz"
    ).read_bytes()
    assert tfuq("study", study, "--out", tmp_path / "out", "--overwrite").exit_code == 0


def wait_for_end(processes: list[psutil.Process]) -> None:
    """Until each has ended, though nobody may have asked for its exit code; an error of the test if one runs on."""
    deadline = time.monotonic() + 60
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def processes_with(word: str) -> list[psutil.Process]:
    """Processes whose command line holds a word."""
    return [
        p for p in psutil.process_iter(["cmdline"]) if word in " ".join(p.info["cmdline"] or ())
    ]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_study_that_is_stopped_leaves_no_process_and_goes_on(study, tfuq, tmp_path, how):
    text = STUDY.replace(
        "{training.steps_per_epoch: 1}", "{training.steps_per_epoch: 1, training.epochs: 100}"
    )
    study.write_text(text.replace("[1, 3]", "[1]"))
    command = [
        sys.executable,
        "-m",
        "tfuq_cli",
        "study",
        str(study),
        "--out",
        str(tmp_path / "out"),
    ]
    # A shell's background jobs inherit deafness to SIGINT.
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    history = tmp_path / "out/cells/1/members/0/history.csv"
    while not history.exists():
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(how)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == (-9 if how == signal.SIGKILL else 130)
    assert ("tfuq: stopped" in said) == (how != signal.SIGKILL)
    wait_for_end(processes_with(str(tmp_path / "out")))
    with exclusive(
        tmp_path / "out/cells/1/members/0", "training", wait=True
    ):  # until the system has freed the files
        epochs = len(history.read_text().splitlines())
    assert 1 < epochs < 100
    process = subprocess.run(command, check=False)
    assert process.returncode == 0
    assert len(history.read_text().splitlines()) == 101
    assert (tmp_path / "out" / "table.md").is_file()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("table:", "tabel: [dice]\ntable:"), ["unknown key 'tabel'", "did you mean 'table'"]),
        (("[1, 3]", "[]"), ["axes.training cases.data.split.use", "at least 1 item"]),
        (("{data.split.use: [1, 3]}", "{}"), ["axes.training cases", "at least 1 item"]),
        (("data.split.use: [1, 3]", "data.split.us: [1, 3]"), ["cell training cases 1", "data.split.us", "did you mean 'use'"]),
        (("data.split.use: [1, 3]", "method: [mc-dropout, dropout]"), ["cell training cases dropout", "method", "'deterministic'"]),
        (("[1, 3]", "[1, 1]"), ["axes.training cases", "must differ"]),
        (("[1, 3]", "[1, 9]"), ["use 9 is more than the 3"]),
        (("[1, 3]", "[one, 3]"), ["data.split.use", "integer"]),
        (("data.split.use: [1, 3]", "data.source: [a b, a/b]"), ["two cells would be named 'a-b'"]),
        (("use: [1, 3]", "use: [1, 3], training.epochs: [1]"), ["one length"]),
        (("axes:", "axes:\n  again: {training.steps_per_epoch: [1, 2]}"), ["'training.steps_per_epoch' is given twice"]),
        (("[dice,", "[dise,"), ["no column 'dise'", "did you mean 'dice'"]),
        (("[dice,", "[accuracy,"), ["no column 'accuracy' for a cell of segmentation"]),
        (("[dice,", "[mean.dice,"), ["no column 'mean.dice'"]),
        (("correlation.pairwise_dice", "correlation.pairwise"), ["no column 'correlation.pairwise'", "'pairwise_dice'"]),
        (("structure: ball", "structure: all"), ["correlation.pairwise_dice is of one structure"]),
        (("structure: ball", "structure: bal"), ["no structure 'bal'", "did you mean 'ball'"]),
        (("config: config.yaml", "config: hipocampus"), ["hipocampus", "did you mean 'hippocampus'"]),
        (("config: config.yaml\n", ""), ["'config' is missing"]),
        (("[1, 3]", str(list(range(1, 1500)))), ["1499 cells, more than 1000"]),
        (("name: sizes", "name: ../sizes"), ["name", "pattern"]),
        ((STUDY, "[1, 2"), ["not valid YAML"]),
        ((STUDY, "- 1"), ["holds a list", "configs/studies/"]),
    ],
)  # fmt: skip
def test_bad_studies_are_refused_before_anything_runs(study, forked, tfuq, tmp_path, change, words):
    study.write_text(STUDY.replace(*change))
    assert_refused(tfuq("study", study, "--out", tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()
    assert not forked[0]


def test_bad_usage_of_studies(study, own_balls, tfuq, tmp_path):
    assert_refused(tfuq("study", tmp_path / "none.yaml"), "neither a file nor shipped")
    assert_refused(
        tfuq("study", "hippocampus_trainingsize"), "did you mean 'hippocampus_training_size'"
    )
    assert_refused(tfuq("study", study, "--jobs", 2), "write that", "--execute processes:2")
    (tmp_path / "study-file").write_text("")
    assert_refused(tfuq("study", study, "--out", tmp_path / "study-file"), "cannot be made")
    (own_balls / "dataset.json").unlink()
    assert_refused(tfuq("study", study, "--out", tmp_path / "out"), "cell 1", "dataset.json")
    assert not list(tmp_path.glob("out/cells/*"))


@pytest.mark.parametrize("name", sorted(configuration.shipped_studies()))
def test_shipped_studies_are_sound(name, tmp_path):
    study = configuration.load_study(name)
    assert study.name == name
    cells = cells_of(study, tmp_path)
    check_columns(study, cells)
    assert len({cell.config.dump() for cell in cells}) == len(cells) == study.cells
    assert read_yaml(write_yaml(study.model_dump()), "")["axes"] == study.axes


def test_more_training_cases_than_there_are_cannot_be_used():
    with pytest.raises(ConfigError, match="use 151 is more than the 150"):
        configuration.load("hippocampus", ("data.split.use=151",))


def test_measures_of_structures_have_the_names_that_columns_may_use(trained, tfuq, tmp_path):
    assert tfuq("predict", trained("mc-dropout").path, "--out", tmp_path / "out").exit_code == 0
    rows = read_table(next(tmp_path.glob("out/*/structures.csv")), ("case",), "")
    assert set(rows[0]) - {"case", "class", "component", "reason"} <= set(names_of(OF_STRUCTURES))
    assert {"pairwise_dice", "volume_dispersion"} < set(rows[0])


def test_an_empty_cell_is_a_dash():
    row = {"n": "5", "dice": None, "error": "why"}
    assert "–" in Table(axes=["n"], columns=["dice"], rows=[row]).markdown()


def test_the_command_line_starts_as_a_module(tmp_path):
    program = [sys.executable, attended.__file__]
    assert run_command([*program, "study", str(tmp_path / "none.yaml")], tmp_path / "log") == 2
    assert "neither a file nor shipped" in (tmp_path / "log").read_text()
    assert run_command([*program, "--version"], tmp_path / "log") == 0


# A process that says its number once it is up and then works on, until it or its parent ends.
_CHILD = """
import os, time
from tfuq_cli.attended import end_with_parent
end_with_parent()
print(os.getpid(), flush=True)
time.sleep(300)
"""
_PARENT = """
import subprocess, sys
with subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE) as child:
    child.wait()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_an_attended_process_ends_with_its_parent(how):
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, _CHILD], stdout=subprocess.PIPE, text=True
    ) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(how)
        parent.wait(30)
        wait_for_end([child])


@pytest.mark.slow
def test_damaged_studies_are_read_or_refused(tmp_path):
    found, path = Counter(), tmp_path / "study.yaml"
    for name, source in configuration.shipped_studies().items():
        for content in damaged(".yaml", source.read_bytes(), 40, seed=len(name)):
            path.write_bytes(content)
            found[outcome(lambda: cells_and_columns(str(path), tmp_path))] += 1
    assert set(found) == {"read", "refused"}
    assert found.total() == 40 * len(configuration.shipped_studies())


def cells_and_columns(source, folder):
    study = configuration.load_study(source)
    check_columns(study, cells_of(study, folder))


def test_names_of_studies_are_completed():
    names = [item.value for item in complete_study(None, None, "hippo")]
    assert names == [
        "hippo",
        "hippocampus_dropout",
        "hippocampus_latent_pretraining",
        "hippocampus_latent_training_size",
        "hippocampus_loss_patch",
        "hippocampus_pretraining",
        "hippocampus_recipe",
        "hippocampus_training_size",
    ]
