"""A folder of the user's own files through every command with every flag that has to do with writing: none of them is lost."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import settings, task_settings
from tests.robustness.worlds import assert_answered, invoke
from tests.support.made import make_run, make_scores
from tests.support.theirs import Theirs, assert_kept, everything
from tfuq.data.ledger import LEDGER
from tfuq.data.ownership import LOCK, is_ours
from tfuq.errors import TfuqError
from tfuq.workflows import demo
from tfuq_cli.main import COMMANDS

NAMES = ("notes.txt", "done", "label.nii.gz", "summary.json", "scores", ".hidden")
WRITING = ("--overwrite", "--resume", "--out", "--run", "--to")
_READ_BY_ALL = (
    "config.yaml",
    "environment.json",
    "splits.json",
)  # without which nothing would be tried
# Flags that only change what is written, or where; each command is run without and with them.
FLAGS = {
    "train": (
        ["--overwrite"],
        ["--resume"],
        ["--member", 0],
        ["--tensorboard", "--overwrite"],
        ["--dry-run"],
    ),
    "calibrate": (["--overwrite"],),
    "predict": (
        ["--overwrite"],
        ["--dry-run"],
        ["--save-samples"],
        ["--save-members", "--overwrite"],
    ),
    "query": (["--overwrite"],),
    "score": (["--no-figures"],),
    "dose": (["--no-figures"],),
    "shift": (["--overwrite"], ["--no-figures"], ["--save-predictions", "--overwrite"]),
    "study": (["--overwrite"], ["--dry-run"]),
    "demo": (["--overwrite"],),
}


def without_network(own: Path) -> list[list]:
    """Commands that read a run's results, and those that make data."""
    run, scores = own / "run", own / "run" / "scores"
    return [
        ["score", run / "predictions" / "hybrid"],
        ["dose", run / "predictions" / "hybrid", "--dose", own / "labels"],
        ["review", run / "predictions" / "hybrid"],
        ["review", run / "predictions" / "hybrid", "--out", own / "review"],
        ["view", run / "predictions" / "hybrid", "--no-browser", "--idle", 0],
        ["plot", run, "--method", "hybrid", "--case", "ball_000"],
        ["plot", run, "--method", "hybrid", "--case", "ball_000", "--out", own / "plots"],
        ["report", scores / "hybrid"],
        ["report", scores / "hybrid", scores / "deterministic"],
        ["report", scores / "hybrid", "--out", own / "report.html"],
        ["compare", scores / "hybrid", scores / "deterministic", "--out", own / "compared"],
        ["compare", scores / "hybrid", scores / "deterministic", "--out", scores],
        ["data", "synth", "brain-decathlon", own / "phantom", "--cases", 1],
        ["data", "synth", "brain-decathlon", own / "empty", "--cases", 1],
        ["data", "check", own / "config.yaml"],
        ["init", own / "images", "--out", own / "found.yaml"],
        ["models", "list"],
        ["slurm", "train", own / "config.yaml", "--run", run],
    ]


def with_network(own: Path) -> list[list]:
    """Commands that train, and that draw samples."""
    run, out, images = own / "run", own / "out", own / "images"
    shift = ["shift", run, "--perturbation", "noise", "--severity", "1", "--samples", 2]
    query = ["query", run, "--samples", 2, "--cases", 1, "--pool", images]
    return [
        ["train", own / "config.yaml", "--run", run],
        ["calibrate", run, "--cases", "test:0.5", "--alpha", "0.5", "--samples", 2],
        ["predict", run, "--samples", 2],
        ["predict", run, "--samples", 2, "--method", "deterministic"],
        ["predict", run, "--samples", 2, "--calibrated"],
        ["predict", run, "--samples", 2, "--input", images, "--out", out],
        ["predict", run, "--samples", 2, "--input", images, "--out", images],
        ["predict", run, "--samples", 2, "--input", images, "--out", run],
        [*query, "--out", own / "query"],
        [*query, "--out", own / "query", "--export-labels", own / "exported"],
        [*query, "--out", images],
        ["score", out, "--reference", own / "labels"],
        ["score", run / "predictions" / "deterministic", "--no-figures"],
        shift,
        ["export", run, "--to", own / "models" / "balls"],
        ["doctor", run],
        ["serve-check", own / "models" / "balls", "--inspect"],
    ]


def of_several_runs(own: Path) -> list[list]:
    return [
        ["study", own / "study.yaml", "--out", own / "study"],
        ["plan", own / "config.yaml", "--time", "20s", "--out", own / "planned.yaml"],
        ["demo", "--out", own / "demo", "--task", "classification"],
    ]


def with_flags(commands: Sequence[list]) -> list[list]:
    return [
        [*command, *flags] for command in commands for flags in ([], *FLAGS.get(command[0], ()))
    ]


def test_every_command_and_every_flag_that_writes_is_run(tmp_path):
    """A command or a flag to come has to be entered here."""
    from tfuq_cli.main import main

    commands = with_flags(
        [*without_network(tmp_path), *with_network(tmp_path), *of_several_runs(tmp_path)]
    )
    assert {command[0] for command in commands} == {*COMMANDS}
    for name in COMMANDS:
        known = {
            option for parameter in main.get_command(None, name).params for option in parameter.opts
        }
        used = {str(word) for command in commands if command[0] == name for word in command}
        assert {flag for flag in known if flag in WRITING} <= used, name


def write(path: Path, elsewhere: Path, rng: random.Random) -> None:
    path.write_text(f"theirs {rng.random()}")


def link(path: Path, elsewhere: Path, rng: random.Random) -> None:
    path.symlink_to(rng.choice((elsewhere / "file", elsewhere, elsewhere / "nowhere", path)))


def make_folder(path: Path, elsewhere: Path, rng: random.Random) -> None:
    path.mkdir()
    write(path / "inner.txt", elsewhere, rng)


def change(path: Path, elsewhere: Path, rng: random.Random) -> None:
    """As by hand: what is in it reads as before."""
    path.write_bytes(path.read_bytes() + b"\n")


def spoil(path: Path, elsewhere: Path, rng: random.Random) -> None:
    path.write_bytes(rng.randbytes(20))


def move_away(path: Path, elsewhere: Path, rng: random.Random) -> None:
    """To another disk, say, with a link in its place."""
    target = elsewhere / f"{rng.random()}-{path.name}"
    shutil.move(path, target)
    path.symlink_to(target)


def remove(path: Path, elsewhere: Path, rng: random.Random) -> None:
    path.unlink()


def sow(rng: random.Random, own: Path, elsewhere: Path) -> Theirs:
    """Put files and links of theirs beside tfuq's, change, move and remove some of tfuq's; what there is of theirs."""
    elsewhere.mkdir()
    (elsewhere / "file").write_text("theirs, and named by links")
    for folder in sorted(
        path for path in own.rglob("*") if path.is_dir() and not path.name.startswith(".")
    ):
        for path in [folder / name for name in NAMES if rng.random() < 0.1]:
            if not os.path.lexists(path):
                rng.choice((write, write, link, make_folder))(path, elsewhere, rng)
    ours = [path for path in everything(own) if is_ours(path)]
    for path in rng.sample(ours, len(ours) // 8):
        is_needed = path.name in _READ_BY_ALL or path.parent.parent.name == "members"
        rng.choice((move_away,) if is_needed else (change, change, spoil, move_away, remove))(
            path, elsewhere, rng
        )
    return theirs_in(own) | everything(elsewhere)


def theirs_in(folder: Path) -> Theirs:
    """Everything that tfuq did not write, or that was changed since."""
    found = {
        path: content
        for path, content in everything(folder).items()
        if path.name not in (LEDGER, LOCK)
    }
    return {
        path: content for path, content in found.items() if path.is_symlink() or not is_ours(path)
    }


def keep_theirs(
    workplace: Path,
    commands: Callable[[Path], Sequence[list]],
    folder: Path,
    seed: int,
    run: Callable,
) -> int:
    """Run commands, in another order for each seed, over a copy of a workplace with files of theirs.

    Returns:
        How many commands were carried out, and not refused.
    """
    rng, done = random.Random(seed), 0
    own = shutil.copytree(workplace, folder / "own", symlinks=True)
    theirs = sow(rng, own, folder / "elsewhere")
    chosen = with_flags(commands(own))
    for arguments in rng.sample(chosen, len(chosen)):
        result = run(arguments)
        assert_kept(theirs)
        assert_answered(result, arguments)
        done += result.exit_code == 0
    return done


def put_together(own: Path, balls: Path) -> None:
    """What is the user's to begin with: a configuration, and scans."""
    own.mkdir()
    (own / "config.yaml").write_text(settings(balls, "hybrid").dump())
    shutil.copytree(balls / "labelsTr", own / "labels")
    (own / "images").mkdir()
    shutil.copy(balls / "imagesTr" / "ball_004.nii.gz", own / "images")
    (own / "empty").mkdir()


def carry_out(commands: Sequence[list]) -> None:
    for arguments in commands:
        result = invoke(*arguments)
        assert result.exit_code == 0, (arguments, result.output)


@pytest.fixture(scope="module")
def results(balls, tmp_path_factory) -> Path:
    """A workplace of commands that need no network."""
    own = tmp_path_factory.mktemp("results") / "own"
    put_together(own, balls)
    run = make_run(own / "run", "segmentation", balls)
    for method, samples in (("hybrid", 4), ("deterministic", 1)):
        make_scores(run, method, samples=samples, most=2)
    carry_out(without_network(own)[:8])
    return own


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_nothing_of_theirs_is_lost_by_commands_without_a_network(seed, results, tmp_path):
    keep_theirs(results, without_network, tmp_path, seed, lambda arguments: invoke(*arguments))


@pytest.mark.slow
def test_nothing_of_theirs_is_lost_by_commands_without_a_network_in_many_folders(results, tmp_path):
    done = [
        keep_theirs(results, without_network, tmp_path / str(seed), seed, lambda c: invoke(*c))
        for seed in range(2, 60)
    ]
    assert sum(done) > len(done)  # not all is refused


@pytest.fixture(scope="module")
def workplace(balls, tmp_path_factory) -> Path:
    """What every command with a network leaves, on one tiny run."""
    own = tmp_path_factory.mktemp("workplace") / "own"
    put_together(own, balls)
    served = [
        c
        for c in with_network(own)
        if c[-1] not in (own / "images", own / "run") or c[0] != "predict" or "--out" not in c
    ]
    carry_out(served)
    return own


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_theirs_is_lost_by_any_command(seed, workplace, tmp_path):
    assert (
        keep_theirs(workplace, with_network, tmp_path, seed, lambda arguments: invoke(*arguments))
        > 3
    )


@contextmanager
def in_this_process():
    """Commands of a study without the start of a process for each."""

    class Runner:
        def run(self, arguments: Sequence[str], log: Path) -> int:
            result = invoke(*arguments)
            with log.open("a") as file:
                file.write(result.output)
            return result.exit_code

    yield Runner()


@pytest.fixture
def tiny(digits, tmp_path, monkeypatch):
    """Tours and studies of one method, on a set that trains in seconds."""
    config = task_settings("classification", digits, "hybrid", prediction={"samples": 2})
    (tmp_path / "tiny.yaml").write_text(config.dump())
    monkeypatch.setattr(demo, "TOURS", {"classification": str(tmp_path / "tiny.yaml")})
    monkeypatch.setattr(demo, "SERVED_BY", {"deterministic": "hybrid", "ensemble": "hybrid"})
    monkeypatch.setattr("tfuq_cli.study._processes", in_this_process)
    return tmp_path / "tiny.yaml"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_theirs_is_lost_by_tours_and_studies(seed, tiny, digits, tmp_path):
    own = tmp_path / "workplace"
    own.mkdir()
    (own / "study.yaml").write_text(
        f"name: rates\nconfig: {tiny}\naxes:\n  rate: {{training.learning_rate: [0.1, 0.01]}}\ntable: [accuracy, nll]\n"
    )
    text = tiny.read_text().replace("layout: idx", "layout: digits-phantom")
    tiny.write_text(text.replace(str(digits), str(tmp_path / "data")))
    carry_out(of_several_runs(own))
    keep_theirs(own, of_several_runs, tmp_path / "copy", seed, lambda arguments: invoke(*arguments))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_nothing_of_theirs_is_lost_by_a_client(seed, workplace, tmp_path):
    from tests.support.serving import served
    from tfuq.serving import Client

    image, out = workplace / "images" / "ball_004.nii.gz", tmp_path / "out"
    (version,) = [
        path for path in (workplace / "models" / "balls").iterdir() if path.name.isdigit()
    ]
    with served(version, "balls") as (address, _, _):
        client = Client(version, address)
        client.predict([image], out)
        theirs = sow(random.Random(seed), tmp_path / "out", tmp_path / "elsewhere")
        for again in ({}, {"samples": 3}, {"overwrite": True}, {"samples": 3, "overwrite": True}):
            with suppress(TfuqError):
                client.predict([image], out, **again)
            assert_kept(theirs)
