"""Data sets that are made on use, and the commands that may make them."""

import pytest

from tests.conftest import assert_refused, settings, task_settings, write_decathlon
from tests.support.made import make_network_run, make_scores
from tfuq.config import load
from tfuq.data.layouts import cases_of, made_cases
from tfuq.errors import DataError
from tfuq_cli.main import COMMANDS


def test_data_commands(tmp_path, tfuq, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tfuq("data", "synth", "brain-iseg2017", "iseg", "--cases", 3).exit_code == 0
    assert "quickstart: made when first used" in tfuq("data", "list").output
    root = [
        "-o",
        f"data.root={tmp_path}/iseg",
        "-o",
        "data.split={train: 2, validation: 0, test: 1}",
    ]
    result = tfuq("data", "check", "iseg2017", *root)
    assert result.exit_code == 0, result.output
    assert "3 cases in" in result.output
    head, first = result.stdout.splitlines()[:2]
    assert head.split()[:6] == ["case", "part", "voxels", "spacing", "(mm)", "axes"]
    assert first.split()[:5] == ["subject-01", first.split()[1], "32×32×32", "2×2×2", "LAS"]
    for channel in ("T1", "T2"):
        for suffix in ("img", "hdr"):
            (tmp_path / "iseg" / f"subject-3-{channel}.{suffix}").write_bytes(
                (tmp_path / "iseg" / f"subject-1-{channel}.{suffix}").read_bytes()
            )
    assert_refused(
        tfuq("data", "check", "iseg2017", *root),
        "1 problem(s) among 3 cases",
        "subject-03",
        "same as that of 'subject-01'",
    )
    (tmp_path / "iseg" / "subject-2-T2.img").write_bytes(b"short")
    assert_refused(
        tfuq("data", "check", "iseg2017", *root), "2 problem(s) among 3 cases", "subject-2-T2.img"
    )
    assert_refused(
        tfuq("data", "check", "iseg2017", *root, "-o", "data.split.train=9"),
        "more cases than the 3 with a reference",
    )


def test_quickstart_makes_its_data_where_it_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load("quickstart")
    assert config.data.root == str(tmp_path / "runs" / "quickstart" / "data")
    with pytest.raises(DataError, match=r"brain-decathlon .*/data --cases 24, which makes it"):
        cases_of(config.data)
    assert not (tmp_path / "runs").exists()
    first = made_cases(config.data)
    assert len(first) == 24
    assert made_cases(config.data) == cases_of(config.data) == first


READING = (
    "predict",
    "calibrate",
    "query",
    "review",
    "view",
    "score",
    "plot",
    "dose",
    "compare",
    "doctor",
    "report",
    "shift",
    "export",
    "serve-check",
)


MAKING = ("demo", "data", "train", "study")


@pytest.fixture
def strangers(digits, tmp_path):
    """A folder with a run and its scores; `entitle` puts a phantom in the place of the data."""
    config = task_settings("classification", digits, "deterministic")
    run = make_network_run(
        tmp_path / "run", config, [case.id for case in cases_of(config.data)][:12]
    )
    for method, samples in (("deterministic", 1), ("hybrid", 4)):
        make_scores(run, method, samples=samples)
    return tmp_path


def entitle(folder, digits):
    """Give every configuration a phantom at a place of the stranger's choice."""
    for path in folder.rglob("config.yaml"):
        text = path.read_text().replace("layout: idx", "layout: digits-phantom")
        path.write_text(text.replace(str(digits), str(folder / "their choice" / "data")))
    (folder / "elsewhere.yaml").write_text((folder / "run" / "config.yaml").read_text())


def commands_that_need_data(folder):
    run = folder / "run"
    predictions = run / "predictions" / "deterministic"
    return [
        ["predict", run],
        ["predict", run, "--dry-run"],
        ["calibrate", run, "--cases", "test:0.5"],
        ["review", run],
        ["score", predictions, "--figures"],
        ["score", predictions, "--ood", folder / "elsewhere.yaml"],
        ["shift", run, "--perturbation", "noise", "--severity", "1"],
        ["report", run / "scores" / "deterministic", run / "scores" / "hybrid"],
    ]


def commands_that_do_without(folder):
    run, scores = folder / "run", folder / "run" / "scores"
    return [
        ["compare", scores / "deterministic", scores / "hybrid"],
        ["compare", scores / "deterministic", scores / "hybrid", "--out", folder / "out"],
        ["doctor", run],
        ["view", run / "predictions" / "hybrid", "--no-browser", "--idle", 0],
    ]


def test_a_run_of_anothers_makes_no_data_set(strangers, digits, tfuq):
    """Whoever sends a run does not say where data appear; to make them is for commands that are given a configuration."""
    entitle(strangers, digits)
    for arguments in commands_that_need_data(strangers):
        assert_refused(tfuq(*arguments), "run tfuq data synth digits", "--cases 1797")
    for arguments in commands_that_do_without(strangers):
        result = tfuq(*arguments)
        assert result.exit_code == 0, result.output
    assert not (strangers / "their choice").exists()


@pytest.mark.slow
def test_no_command_but_those_that_may_makes_a_data_set(strangers, digits, tfuq):
    run, model = strangers / "run", strangers / "model"
    assert tfuq("export", run, "--to", model).exit_code == 0
    entitle(strangers, digits)
    commands = [
        *commands_that_need_data(strangers),
        *commands_that_do_without(strangers),
        ["export", run, "--to", model],
        ["dose", run / "predictions" / "deterministic", "--dose", strangers],
        ["plot", run, "--method", "deterministic", "--case", "0"],
        ["query", run, "--pool", strangers],
        ["serve-check", model],
        ["serve-check", model, "--inspect"],
        ["data", "list"],
        ["train", run / "config.yaml", "--run", strangers / "new", "--dry-run"],
    ]
    assert {*READING, *MAKING} == {*COMMANDS}
    assert {arguments[0] for arguments in commands} >= {*READING}
    for arguments in commands:
        assert tfuq(*arguments).exit_code in (0, 2), arguments
    assert not (strangers / "their choice").exists()
    assert tfuq("data", "check", strangers / "elsewhere.yaml").exit_code == 0
    assert (strangers / "their choice" / "data").is_dir()
    for arguments in commands_that_need_data(strangers)[:2]:
        assert tfuq(*arguments).exit_code == 2  # cases of these names are not in the phantom


def test_problems_beyond_the_first_are_counted(tmp_path, tfuq, monkeypatch):
    write_decathlon(tmp_path / "balls")
    (tmp_path / "mine.yaml").write_text(settings(tmp_path / "balls").dump())
    monkeypatch.setattr("tfuq_cli.data_check._MOST_LINES", 2)
    result = tfuq("data", "check", tmp_path / "mine.yaml", "-o", "data.classes=[background, ball]")
    assert_refused(result, "6 problem(s) among 6 cases")
    assert result.stdout.count("PROBLEM: ball_") == 2
    assert "… and 4 more" in result.stdout


def test_data_check_names_a_class_that_no_training_case_has(tmp_path, tfuq):
    write_decathlon(tmp_path / "balls")
    (tmp_path / "mine.yaml").write_text(
        settings(tmp_path / "balls")
        .model_copy(update={"name": "mine"})
        .dump()
        .replace("- core", "- core\n  - cyst")
    )
    result = tfuq("data", "check", tmp_path / "mine.yaml")
    assert_refused(result, "1 problem(s) among 6 cases", "class 'cyst' has no voxel")
    assert "PROBLEM: class 'cyst'" in result.stdout


def test_places_that_serve_no_phantom_are_refused(tmp_path, tfuq):
    assert_refused(tfuq("data", "synth", "brain-iseg", tmp_path / "x"), "brain-iseg2017")
    (tmp_path / "file").write_text("not a folder")
    for command in (["data", "synth", "brain-decathlon"], ["demo", "--out"]):
        assert_refused(
            tfuq(*command, tmp_path / "file" / "below"), "folder cannot be made", "choose a place"
        )
