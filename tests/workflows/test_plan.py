"""From data to a planned configuration, and to a trained run, by the command line."""

import re
import time
from pathlib import Path

import pytest

from tests.conftest import assert_refused, settings
from tests.support.data_files import write_picture
from tests.support.plans import made_trial
from tfuq import config as configuration
from tfuq.runs import open_run
from tfuq.workflows.plan import planning


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """Trials that are made up: a step takes five seconds; in a folder of its own."""

    def attempt(config, training, validation):
        return made_trial(memory=2**29, start=1.0, reading=0.0, step=5.0, validation=0.0)

    monkeypatch.setattr(planning, "attempt", attempt)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def own(balls, tmp_path):
    """The configuration of the balls in a file."""
    path = tmp_path / "own.yaml"
    path.write_text(settings(balls).dump())
    return path


def test_a_plan_is_written_beside_the_configuration(tried, own, tfuq):
    before = own.read_text()
    result = tfuq("plan", own, "--time", "10min")
    assert result.exit_code == 0, result.output
    assert "foretold" in result.output
    assert re.search(r"^trying 8 filters, patches of \d+×\d+×\d+, 2 a step$", result.stderr, re.M)
    assert "tfuq train own-planned.yaml" in result.output
    assert configuration.load("own-planned.yaml").network.name == "residual-unet"
    assert own.read_text() == before


def test_what_is_there_is_not_replaced(tried, own, tfuq):
    Path("own-planned.yaml").write_text("mine")
    assert_refused(
        tfuq("plan", own), "own-planned.yaml: is there already; give another place by --out"
    )
    assert Path("own-planned.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--time", "soon"), "write one such as 30min, 2h or 1h30m"),
        (("--memory", "much"), "write one such as 4GB or 512MB"),
        (("--memory", "100MB"), "the smallest network takes 0.5 GiB"),
        (("--time", "3s"), "one epoch ends after"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(tried, own, tfuq, options, words):
    assert_refused(tfuq("plan", own, *options), words)
    assert not Path("own-planned.yaml").exists()


def test_a_plan_for_another_method_says_so(tried, own, tfuq):
    assert tfuq("plan", own, "--method", "ensemble", "--time", "10min").exit_code == 0
    assert configuration.load("own-planned.yaml").method == "ensemble"


def test_time_serves_a_folder_alone(own, tfuq):
    result = tfuq("train", own, "--time", "1h")
    assert result.exit_code == 2
    assert "tfuq plan --time" in result.output


def test_a_fold_that_is_not_there_is_named_as_such(own, tfuq):
    result = tfuq("train", own, "--folds", "2", "--fold", "2")
    assert result.exit_code == 2
    assert "--fold 2: --folds 2 has folds 0 to 1" in result.output


def classes(root: Path) -> None:
    """Folders of two classes with ten pictures each."""
    for number in range(20):
        path = root / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_picture(path, seed=number, size=(20, 20))


def test_commands_that_are_printed_quote_paths(tmp_path, monkeypatch, tfuq):
    monkeypatch.chdir(tmp_path)
    classes(tmp_path / "pets")
    result = tfuq("init", "pets", "--out", "my pets.yaml")
    assert (
        "tfuq plan 'my pets.yaml' --time 1h, or at once: tfuq train 'my pets.yaml'" in result.output
    )


@pytest.mark.slow
def test_a_folder_is_trained_by_one_command(tried, tmp_path, tfuq):
    classes(tmp_path / "pets")
    result = tfuq("train", "pets", "--time", "10s", "-o", "network.widths=[4, 8, 8]")
    assert result.exit_code == 0, result.output
    run = open_run(Path("runs/pets/mc-dropout"))
    assert run.finished_members == [0]
    assert run.config.data.classes == ["cat", "dog"]
    assert Path("pets.yaml").is_file()
    again = tfuq("train", "pets")
    assert_refused(again, "pets-planned.yaml: is there already; train by it")
    Path("pets-planned.yaml").unlink()
    assert_refused(tfuq("train", "pets"), "go on with it, tfuq plan pets.yaml --time 1h")


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--time", "soon"), "time 'soon'"), (("--dry-run",), "write one by tfuq init")],
)
def test_a_refused_training_of_a_folder_writes_nothing(tried, tmp_path, tfuq, options, words):
    classes(tmp_path / "pets")
    result = tfuq("train", "pets", *options)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert not list(tmp_path.glob("*.yaml"))


def test_a_plan_of_folds_names_the_option_to_train_by(tried, own, tfuq):
    result = tfuq("plan", own, "--time", "10min", "--folds", "3")
    assert "3 member(s)" in result.output
    assert "tfuq train own-planned.yaml --folds 3" in result.output


@pytest.mark.slow
def test_a_planned_training_takes_the_time_that_it_was_allowed(tmp_path, monkeypatch, tfuq):
    """Within a fifth, on a machine that does nothing else; the command's start is not counted."""
    monkeypatch.chdir(tmp_path)
    assert tfuq("plan", "quickstart", "--time", "100s").exit_code == 0
    started = time.monotonic()
    assert tfuq("train", "quickstart-planned.yaml").exit_code == 0
    assert 80 <= time.monotonic() - started <= 120
