"""Bad input ends in one line and changes nothing; what is stopped, killed or out of room goes on to the same end."""

import json
import os
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import assert_refused, files_of, predicted, settings, task_settings
from tests.support import killing
from tfuq import runs
from tfuq.data import locks
from tfuq.data.host import this_host
from tfuq.data.ledger import add_entries, unfinished_entry
from tfuq.data.removal import remove_leftovers
from tfuq.data.writers import whole_folder, write_text

# Digits that are trained without the validator's graph, which takes a third of the time.
UNVALIDATED = {"split": {"train": 40, "validation": 0, "test": 11}}


@contextmanager
def little_room(most: int):
    """Every file that this process writes ends at ``most`` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.slow
def test_a_full_disk_keeps_the_last_good_state_of_training(digits, tfuq, tmp_path):
    config = task_settings("classification", digits, training={"epochs": 2}, data=UNVALIDATED)
    (tmp_path / "config.yaml").write_text(config.dump())
    train = ("train", tmp_path / "config.yaml", "--run")
    assert tfuq(*train, tmp_path / "whole").exit_code == 0
    sizes = [len(content) for content in files_of(tmp_path / "whole").values()]
    with little_room(max(sizes) - 1):
        assert_refused(tfuq(*train, tmp_path / "run"), "state.npz: cannot be written", "free space")
    assert runs.is_run(tmp_path / "run")
    assert not list((tmp_path / "run").rglob("*.part"))
    assert tfuq(*train, tmp_path / "run", "--resume").exit_code == 0
    same_run(tmp_path / "run", tmp_path / "whole")
    with little_room(100):
        assert_refused(tfuq(*train, tmp_path / "none"), "cannot be written", "free space")
    assert tfuq(*train, tmp_path / "none", "--resume").exit_code == 0  # a run that has not begun
    same_run(tmp_path / "none", tmp_path / "whole")


def same_run(one: Path, other: Path) -> None:
    """Equal to the bit, but for the folder's name and the seconds of epochs."""
    found, expected = files_of(one), files_of(other)
    assert list(found) == list(expected)
    assert [name for name in found if found[name] != expected[name]] == []


def test_a_full_disk_keeps_what_is_predicted(trained, tfuq, tmp_path):
    run = trained("mc-dropout").path
    whole = predicted(trained, tfuq, tmp_path)
    largest = {
        case.name: max(p.stat().st_size for p in case.iterdir())
        for case in whole.iterdir()
        if case.is_dir()
    }
    first, second = sorted(largest)
    room = largest[first] if largest[first] < largest[second] else largest[second] - 1
    with little_room(room):
        assert_refused(
            tfuq("predict", run, "--out", tmp_path / "out"), "cannot be written", "free space"
        )
    kept = {first} if largest[first] < largest[second] else set()
    assert set(json.loads((tmp_path / "out" / "manifest.json").read_text())["cases"]) == kept
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        ".lock",
        ".tfuq",
        "manifest.json",
    } | kept
    with little_room(10):
        assert_refused(
            tfuq("predict", run, "--out", tmp_path / "none"), "cannot be written", "free space"
        )
    assert tfuq("predict", run, "--out", tmp_path / "out").exit_code == 0
    assert files_of(tmp_path / "out") == files_of(whole)


_HOLD = """
import sys
from pathlib import Path
from tfuq.data.locks import exclusive
with exclusive(Path(sys.argv[1]), "holding"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(folder: Path):
    command = [sys.executable, "-c", _HOLD, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        yield
        holder.stdin.close()


@pytest.mark.slow
def test_what_another_process_writes_is_left_to_it(trained, tfuq, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_MOST_WAIT", 0.2)
    run, out = shutil.copytree(trained("mc-dropout", 2).path, tmp_path / "run"), tmp_path / "out"
    (tmp_path / "config.yaml").write_text((run / "config.yaml").read_text())
    member = run / "members" / "0"
    (member / "done").unlink()
    left_unfinished(member / ".state.npz.99999.part").write_text(
        "what the other process is writing"
    )
    before = files_of(tmp_path)
    with held_by_another_process(member):
        (member / ".state.npz.99999.part").write_text("what the other process is writing")
        for choice in ("--resume", "--overwrite", "--member=0"):
            refused = tfuq("train", tmp_path / "config.yaml", "--run", run, choice)
            assert_refused(refused, str(member), "another process is training it", "wait")
        assert files_of(tmp_path) == before
    assert tfuq("train", tmp_path / "config.yaml", "--run", run, "--resume").exit_code == 0
    assert not list(run.rglob("*.part"))
    with held_by_another_process(out):
        assert_refused(
            tfuq("predict", run, "--out", out), str(out), "another process is predicting into it"
        )
        assert files_of(out) == {}
    assert tfuq("predict", run, "--out", out).exit_code == 0


def left_unfinished(
    path: Path, pid: int | None = None, host: str | None = None, *, aside: bool = False
) -> Path:
    """List a name as that of something which a process left; by default a process of this host that has ended."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    whose = {"host": host or this_host(), "pid": pid or ended.pid}
    add_entries(path.parent, [unfinished_entry(path.name, aside=aside) | whose])
    return path


def test_only_own_leftovers_of_dead_processes_are_removed(tmp_path):
    others = [".notes.part", "a.12.part", ".x.part.12", ".part", ".state.npz.4711.part"]
    for name in others:
        (tmp_path / name).write_text("mine")
    left_unfinished(tmp_path / ".weights.npz.1.part").write_text("half")
    left_unfinished(tmp_path / ".case.1.part").mkdir()
    (tmp_path / ".case.1.part" / "label.nii.gz").write_text("half")
    left_unfinished(tmp_path / ".elsewhere.1.part", host="another").write_text("of another host")
    left_unfinished(tmp_path / ".living.1.part", pid=os.getppid()).write_text("being written")
    aside = left_unfinished(tmp_path / ".case.old.1.part", aside=True)
    write_text(aside / "label.csv", "ours")
    write_text(aside / "corrected.csv", "ours")
    (aside / "corrected.csv").write_text("mine")
    remove_leftovers(tmp_path)
    kept = {*others, ".elsewhere.1.part", ".living.1.part", ".case.old.1.part", ".tfuq"}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert {path.name for path in aside.iterdir()} == {"corrected.csv", ".tfuq"}


def test_a_folder_is_replaced_only_by_a_whole_one(tmp_path):
    with whole_folder(tmp_path / "case", "case") as part:
        (part / "old").write_text("")
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "case", "case") as part:
        (part / "new").write_text(str(1 / 0))
    assert files_of(tmp_path) == {"case/old": b""}
    with whole_folder(tmp_path / "case", "case") as part:
        (part / "new").write_text("")
    assert files_of(tmp_path) == {"case/new": b""}


@pytest.fixture(scope="module")
def uninterrupted(balls, tmp_path_factory):
    """A three-member run that a process trained which nothing stopped, and the seconds that it took."""
    config = settings(
        balls, "ensemble", training={"epochs": 4, "steps_per_epoch": 2}, ensemble={"members": 3}
    )
    return train_whole(config, tmp_path_factory.mktemp("uninterrupted"))


@pytest.fixture(scope="module")
def uninterrupted_digits(digits, tmp_path_factory):
    """The same of a network that is built soon."""
    config = task_settings(
        "classification",
        digits,
        "ensemble",
        training={"epochs": 4},
        ensemble={"members": 3},
        data=UNVALIDATED,
    )
    return train_whole(config, tmp_path_factory.mktemp("digits"))


def train_whole(config, folder: Path) -> tuple[Path, float]:
    """Train a run in the folder; where, and the seconds that it took."""
    (folder / "config.yaml").write_text(config.dump())
    killing.finish("--help", log=folder / "log")  # TensorFlow imported
    training = killing.finish(
        "train", folder / "config.yaml", "--run", folder / "run", log=folder / "log"
    )
    return folder, training


@pytest.fixture(scope="module")
def uninterrupted_prediction(uninterrupted, balls):
    """The folder of that run and of predictions of all cases that nothing stopped, and their seconds."""
    folder, _ = uninterrupted
    predicting = killing.finish(
        "predict", folder / "run", "--input", balls, "--out", folder / "out", log=folder / "log"
    )
    return folder, predicting


def train_through_kills(uninterrupted, folder: Path, moments: int, seed: int) -> None:
    """Kill training at random moments of the seconds it takes, resume each time, begin anew where it came to its end."""
    whole, seconds = uninterrupted
    command = ("train", whole / "config.yaml", "--run", folder / "run", "--resume")
    killed = 0
    for moment in (
        np.random.default_rng(seed).permutation((np.arange(moments) + 0.5) / moments) * seconds
    ):
        killed += killing.kill_after(moment, *command, log=folder / "log")
        assert_members_are_whole(folder / "run", whole / "run")
        if (folder / "run" / "members" / "2" / "done").exists():
            killing.finish(*command, log=folder / "log")
            same_run(folder / "run", whole / "run")
            shutil.rmtree(folder / "run")
    killing.finish(*command, log=folder / "log")
    same_run(folder / "run", whole / "run")
    assert killed >= moments // 3  # the others came to their end before


def assert_members_are_whole(run: Path, whole: Path) -> None:
    """Whatever bears its final name is what the uninterrupted run has under it."""
    for path in run.rglob("*"):
        if path.name in ("weights.npz", "done", "config.yaml", "splits.json", "environment.json"):
            assert path.read_bytes() == (whole / path.relative_to(run)).read_bytes(), path


def test_training_killed_at_three_moments_ends_as_an_uninterrupted_one(
    uninterrupted_digits, tmp_path
):
    train_through_kills(uninterrupted_digits, tmp_path, 3, seed=0)


@pytest.mark.slow
def test_training_killed_at_twenty_moments_ends_as_an_uninterrupted_one(uninterrupted, tmp_path):
    train_through_kills(uninterrupted, tmp_path, 20, seed=1)


@pytest.mark.slow
def test_training_killed_before_each_of_its_files_is_whole_ends_as_an_uninterrupted_one(
    uninterrupted, tmp_path
):
    whole, *_ = uninterrupted
    command = ("train", whole / "config.yaml", "--run", tmp_path / "run", "--resume")
    kills = 0
    while killing.kill_at_rename(1 + kills % 4, *command, log=tmp_path / "log"):
        kills += 1
        assert_members_are_whole(tmp_path / "run", whole / "run")
    same_run(tmp_path / "run", whole / "run")
    assert kills > 15


def test_a_phantom_killed_while_it_is_made_is_made_again(tfuq, tmp_path):
    command = ("data", "synth", "brain-decathlon", tmp_path / "phantom", "--cases", 1)
    assert killing.kill_at_rename(1, *command, log=tmp_path / "log")
    assert not (tmp_path / "phantom").exists()
    assert tfuq(*command).exit_code == 0
    assert (tmp_path / "phantom" / "dataset.json").is_file()


def predict_through_kills(
    uninterrupted_prediction, balls, folder: Path, moments: int, seed: int
) -> None:
    """Kill prediction at random moments of the seconds it takes, run it again each time, begin anew where it ended."""
    whole, seconds = uninterrupted_prediction
    command = ("predict", whole / "run", "--input", balls, "--out", folder / "out")
    for moment in (
        np.random.default_rng(seed).permutation((np.arange(moments) + 0.5) / moments) * seconds
    ):
        ended = not killing.kill_after(moment, *command, log=folder / "log")
        assert_predictions_are_whole(folder / "out", whole / "out")
        if ended:
            assert files_of(folder / "out") == files_of(whole / "out")
            shutil.rmtree(folder / "out")
    killing.finish(*command, log=folder / "log")
    assert files_of(folder / "out") == files_of(whole / "out")


def assert_predictions_are_whole(out: Path, whole: Path) -> None:
    """Every case under its final name is complete, whether the manifest names it yet or not; the manifest names no other."""
    if (out / "manifest.json").is_file():
        for case in json.loads((out / "manifest.json").read_text())["cases"]:
            assert (out / case).is_dir()
    for case in out.glob("*/"):
        if not case.name.startswith("."):
            assert files_of(case) == files_of(whole / case.name), case


@pytest.mark.slow
def test_prediction_killed_at_three_moments_ends_as_an_uninterrupted_one(
    uninterrupted_prediction, balls, tmp_path
):
    predict_through_kills(uninterrupted_prediction, balls, tmp_path, 3, seed=0)


@pytest.mark.slow
def test_prediction_killed_at_twenty_moments_ends_as_an_uninterrupted_one(
    uninterrupted_prediction, balls, tmp_path
):
    predict_through_kills(uninterrupted_prediction, balls, tmp_path, 20, seed=1)


# More than one prediction has of a folder where all is finished: its request, and the five folders
# of `.sharing` on their way out.
_RENAMES = 9


@pytest.mark.slow
def test_prediction_killed_before_each_of_its_files_is_whole_ends_as_an_uninterrupted_one(
    uninterrupted_prediction, balls, tmp_path
):
    whole, _ = uninterrupted_prediction
    command = ("predict", whole / "run", "--input", balls, "--out", tmp_path / "out")
    kills = 0
    while killing.kill_at_rename(1 + kills % _RENAMES, *command, log=tmp_path / "log"):
        kills += 1
        assert_predictions_are_whole(tmp_path / "out", whole / "out")
    assert files_of(tmp_path / "out") == files_of(whole / "out")
    assert kills > 6


def test_resuming_is_refused_where_it_would_not_be_the_same_run(trained, own_balls, tfuq, tmp_path):
    config = tmp_path / "config.yaml"
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    config.write_text(
        (run / "config.yaml")
        .read_text()
        .replace(str(runs.open_run(run).config.data.root), str(own_balls))
    )
    (run / "config.yaml").write_text(config.read_text())
    before = files_of(run)
    resume = ("train", config, "--run", run, "--resume")
    assert_refused(tfuq(*resume, "-o", "training.epochs=9"), "another configuration")
    assert_refused(tfuq(*resume, "--method", "ensemble"), "another configuration")
    assert_refused(
        tfuq("train", config, "--run", run), "holds a run already", "--resume", "another --run"
    )
    shutil.copy(
        own_balls / "imagesTr" / "ball_000.nii.gz", own_balls / "imagesTr" / "ball_999.nii.gz"
    )
    index = json.loads((own_balls / "dataset.json").read_text())
    index["training"].append(index["training"][0] | {"image": "imagesTr/ball_999.nii.gz"})
    (own_balls / "dataset.json").write_text(json.dumps(index))
    assert_refused(tfuq(*resume), "has other cases than when this run began")
    (run / "config.yaml").unlink()
    assert_refused(tfuq(*resume), "without its config.yaml", "--run")
    assert files_of(run) == {
        name: content for name, content in before.items() if name != "config.yaml"
    }


def test_a_run_that_counted_padding_is_not_gone_on_with(trained, tfuq, tmp_path):
    """Its loss was a mean over other voxels; once it has finished, nothing is left to train and it stays as it is."""
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    facts = json.loads((run / "environment.json").read_text())
    assert facts["likelihood_terms"] == 3 * 18 * 17 * 15
    facts["likelihood_terms"] = 3 * 18 * 17 * 16
    (run / "environment.json").write_text(json.dumps(facts))
    resume = ("train", run / "config.yaml", "--run", run, "--resume")
    assert tfuq(*resume).exit_code == 0
    (run / "members" / "0" / "done").unlink()
    assert_refused(tfuq(*resume), "began with 14,688 voxels", "now has 13,770", "--overwrite")


@pytest.mark.parametrize(
    ("method", "rank", "name", "scale"),
    [
        ("vi", 3, "kl_scale", {"member 0": 0.5}),
        ("latent-vi", 2, "code_kl_scale", 0.5),
    ],
)
@pytest.mark.slow
def test_a_run_of_another_kl_scale_is_not_gone_on_with(
    trained, tfuq, tmp_path, method, rank, name, scale
):
    """The loss would change on the way."""
    run = shutil.copytree(trained(method, rank).path, tmp_path / "run")
    facts = json.loads((run / "environment.json").read_text())
    assert facts[name] != scale
    facts[name] = scale
    (run / "environment.json").write_text(json.dumps(facts))
    resume = ("train", run / "config.yaml", "--run", run, "--resume")
    (run / "members" / "0" / "done").unlink()
    assert_refused(tfuq(*resume), f"began with a {name} of", "another share", "--overwrite")


def test_a_run_that_held_its_widths_otherwise_is_not_gone_on_with(trained, tfuq, tmp_path):
    """As one of an earlier version, which inferred them from the first epoch on."""
    run = shutil.copytree(trained("vi").path, tmp_path / "run")
    facts = json.loads((run / "environment.json").read_text())
    assert facts.pop("width_warmup_epochs") == 0
    (run / "environment.json").write_text(json.dumps(facts))
    config = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(config.replace("  epochs: 1\n", "  epochs: 6\n", 1))
    (run / "members" / "0" / "done").unlink()
    resume = ("train", run / "config.yaml", "--run", run, "--resume")
    refusal = "began with a variational.width_warmup_epochs of 0 and now has 1"
    assert_refused(tfuq(*resume), refusal, "--overwrite")


def test_overwriting_replaces_a_run_and_nothing_else(trained, tfuq, tmp_path):
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    shutil.copytree(run / "members" / "0", run / "members" / "7")
    (run / "notes.txt").write_text("mine")
    assert tfuq("train", run / "config.yaml", "--run", run, "--overwrite").exit_code == 0
    assert (run / "notes.txt").read_text() == "mine"
    assert runs.open_run(run).finished_members == [0]
