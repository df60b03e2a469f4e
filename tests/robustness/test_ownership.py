"""What tfuq did not write, or what was changed since, is never replaced, removed or cut short."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import assert_refused, files_of, settings, task_settings
from tests.support import killing
from tests.support.made import make_run, make_scores
from tests.support.theirs import Theirs, assert_kept, everything
from tfuq.data import ledger
from tfuq.data.ledger import LEDGER, add_entries, file_entry, read_ledger
from tfuq.data.locks import exclusive
from tfuq.data.ownership import digest_of, is_ours
from tfuq.data.phantoms import synthesize
from tfuq.data.removal import plan_removal, remove_file, remove_leftovers
from tfuq.data.writers import (
    FolderTakenError,
    new_folder,
    remove_whole,
    whole_file,
    whole_folder,
    whole_set,
    write_text,
)
from tfuq.errors import RunError, TfuqError


def test_a_file_is_ours_as_long_as_nobody_changes_it(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "one")
    assert is_ours(path)
    path.write_text("changed by hand")
    assert not is_ours(path)
    with pytest.raises(RunError, match=r"table.csv: was changed since tfuq wrote it.*move it away"):
        write_text(path, "two")
    remove_file(path)
    assert path.read_text() == "changed by hand"
    path.write_text("one")
    write_text(path, "two")
    assert path.read_text() == "two"


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "circle", "folder", "fifo"])
def test_what_is_not_ours_is_not_replaced(kind, tmp_path):
    path, target = tmp_path / "out.csv", tmp_path / "target"
    target.write_text("theirs")
    make = {
        "file": lambda: path.write_text("theirs"),
        "link": lambda: path.symlink_to(target),
        "dangling link": lambda: path.symlink_to(tmp_path / "nowhere"),
        "circle": lambda: path.symlink_to(path),
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
    }
    make[kind]()
    before = path.lstat()
    for write in (
        lambda: write_text(path, "ours"),
        lambda: write_set(tmp_path, {"out.csv": "ours", "a.csv": "ours"}),
    ):
        with pytest.raises(RunError, match=r"out.csv: (is|was) .*move it away"):
            write()
    assert path.lstat() == before
    assert target.read_text() == "theirs"
    assert not (tmp_path / "a.csv").exists()
    assert not list(tmp_path.glob("*.part"))


def test_links_that_lead_in_a_circle_are_refused(balls, tfuq, tmp_path):
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    run = make_run(tmp_path / "run", "segmentation", balls)
    run.require_output(circle)
    for command in (
        ["data", "synth", "brain-decathlon", circle, "--cases", 1],
        ["report", circle],
        ["compare", circle, circle],
    ):
        assert_refused(tfuq(*command), "circle")
    assert_refused(tfuq("data", "synth", "digits", circle / "data", "--cases", 1), "circle")
    assert os.readlink(circle) == str(circle)


def write_set(folder: Path, contents: dict[str, str]) -> None:
    with whole_set(folder) as part:
        for name, text in contents.items():
            write_text(part / name, text)


def test_a_file_that_holds_the_same_already_is_taken_over(tmp_path):
    (tmp_path / "same.csv").write_text("same")
    write_text(tmp_path / "same.csv", "same")
    assert is_ours(tmp_path / "same.csv")


def test_devices_are_refused_before_anything_is_written_beside_them(tmp_path):
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o666 | 0o020000, os.makedev(1, 3))
    except OSError:
        pytest.skip("devices can be made by root alone")
    with pytest.raises(RunError, match="no regular file"), whole_file(device):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["null"]


def test_a_file_is_listed_before_it_has_its_name(tmp_path, monkeypatch):
    rename = os.replace

    def replace(source, target):
        assert (
            digest_of(Path(source)) in read_ledger(Path(target).parent).digests[Path(target).name]
        )
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)
    write_text(tmp_path / "a.csv", "one")
    write_text(tmp_path / "a.csv", "two")
    write_set(tmp_path, {"b.csv": "one", "a.csv": "three"})


def test_whole_files_are_on_disk_before_they_have_their_names(tmp_path, monkeypatch):
    seen = []
    rename, name = (
        os.replace,
        lambda descriptor: Path(os.readlink(f"/proc/self/fd/{descriptor}")).name,
    )
    monkeypatch.setattr(
        "tfuq.data.disk.flush_open", lambda descriptor: seen.append(name(descriptor))
    )
    monkeypatch.setattr(
        os, "replace", lambda source, target: (seen.append("rename"), rename(source, target))
    )
    write_text(tmp_path / "a.csv", "one")
    beside = f".a.csv.{os.getpid()}.part"
    assert seen == [beside, LEDGER, "rename", tmp_path.name]
    seen.clear()
    with whole_folder(tmp_path / "case", "case") as part:
        (part / "inner").mkdir()
        (part / "inner" / "b.csv").write_text("one")
    assert {"b.csv", LEDGER, "inner", f".case.{os.getpid()}.part"} <= set(
        seen[: seen.index("rename")]
    )
    assert seen[-1] == tmp_path.name


def test_lines_that_were_cut_off_say_nothing(tmp_path):
    add_entries(tmp_path, [file_entry("a", "1" * 64)])
    whole = (tmp_path / LEDGER).read_bytes()
    for length in range(len(whole)):
        (tmp_path / LEDGER).write_bytes(whole[:length])
        assert read_ledger(tmp_path).digests == {}
        add_entries(tmp_path, [file_entry("b", "2" * 64)])
        assert read_ledger(tmp_path).digests.get("b") == ["2" * 64], length


def test_a_list_that_has_grown_is_made_shorter(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "_COMPACTED_EVERY", 4096)
    write_text(tmp_path / "other.csv", "other")
    for number in range(200):
        write_text(tmp_path / "a.csv", str(number))
    assert (tmp_path / LEDGER).stat().st_size < 3 * 4096
    assert is_ours(tmp_path / "a.csv")
    assert is_ours(tmp_path / "other.csv")


def test_a_list_of_somebody_elses_is_left_alone(tmp_path):
    (tmp_path / LEDGER).write_text("my own notes\n")
    with pytest.raises(RunError, match="something other than the list"):
        write_text(tmp_path / "a.csv", "one")
    (tmp_path / LEDGER).unlink()
    (tmp_path / LEDGER).symlink_to(tmp_path / "target")
    with pytest.raises(RunError, match="is a link"):
        write_text(tmp_path / "a.csv", "one")
    assert [path.name for path in tmp_path.iterdir()] == [LEDGER]


def test_a_lock_neither_cuts_short_nor_follows_links(tmp_path):
    (tmp_path / "target").write_text("theirs")
    (tmp_path / ".lock").symlink_to(tmp_path / "target")
    with pytest.raises(RunError, match="is a link"), exclusive(tmp_path, "writing"):
        pass
    (tmp_path / ".lock").unlink()
    (tmp_path / ".lock").write_text("theirs")
    with exclusive(tmp_path, "writing"):
        pass
    assert (tmp_path / ".lock").read_text() == (tmp_path / "target").read_text() == "theirs"


def test_a_folder_with_something_of_theirs_is_not_replaced(tmp_path):
    case = tmp_path / "case"
    with whole_folder(case, "case") as part:
        (part / "label.csv").write_text("ours")
    with (
        pytest.raises(RunError, match="something other than a version"),
        whole_folder(case, "version"),
    ):
        pass
    for name in ("notes.txt", "label.csv"):
        (case / name).write_text("theirs")
        with pytest.raises(RunError, match=name), whole_folder(case, "case"):
            pass
        with pytest.raises(RunError, match=name):
            remove_whole(case)
        (case / "notes.txt").unlink(missing_ok=True)
    assert (case / "label.csv").read_text() == "theirs"


def test_what_is_put_into_a_folder_while_it_is_replaced_stays(tmp_path):
    case = tmp_path / "case"
    with whole_folder(case, "case") as part:
        (part / "label.csv").write_text("ours")
    with pytest.raises(RunError, match=r"notes\.txt"), whole_folder(case, "case"):
        (case / "notes.txt").write_text("theirs")
    assert (case / "notes.txt").read_text() == "theirs"
    assert (case / "label.csv").read_text() == "ours"


def test_removal_follows_no_links_and_leaves_folders_that_hold_something_of_theirs(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    write_text(elsewhere / "ours.csv", "ours")
    write_text(tmp_path / "run" / "members" / "0" / "weights.csv", "ours")
    write_text(tmp_path / "run" / "predictions" / "label.csv", "ours")
    (tmp_path / "run" / "predictions" / "notes.txt").write_text("theirs")
    (tmp_path / "run" / "linked").symlink_to(elsewhere)
    (tmp_path / "run" / "empty").mkdir()
    plan_removal([tmp_path / "run"]).carry_out()
    assert files_of(tmp_path) == {
        "elsewhere/ours.csv": b"ours",
        "run/predictions/notes.txt": b"theirs",
    }
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "predictions",
        "linked",
        "empty",
    }


def test_files_that_named_the_owner_of_a_folder_go_with_it(tmp_path):
    for name, owner in (
        ("ended", '{"host": "h", "pid": 1, "started": 2.5}'),
        ("theirs", "my own notes"),
    ):
        write_text(tmp_path / name / "weights.csv", "ours")
        (tmp_path / name / ".lock.owner").write_text(owner)
        plan_removal([tmp_path / name]).carry_out()
    assert files_of(tmp_path) == {"theirs/.lock.owner": b"my own notes"}


NAMES = ("a", "b.csv", "case", "label.csv", ".case.1.part", ".lock", LEDGER)


def sow(rng: random.Random, folder: Path, depth: int = 2) -> Iterator[Path]:
    """Files and links of theirs at random places of a tree, also in the place of ours; ours stay beside them."""
    for name in rng.sample(NAMES, rng.randint(0, 3)):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            if depth:
                yield from sow(rng, path, depth - 1)
            continue
        choice = rng.choice(("text", "text", "link", "folder"))
        path.unlink(missing_ok=True)
        if choice == "text":
            path.write_text(f"theirs {rng.random()}")
        elif choice == "link":
            path.symlink_to(rng.choice((folder, folder / "nowhere", folder / "label.csv")))
        else:
            path.mkdir()
            yield from sow(rng, path, max(depth - 1, 0))
        if choice != "folder":
            yield path


def act(rng: random.Random, folder: Path) -> None:
    """One of the things that commands do to a folder."""
    name, text = rng.choice(("a", "b.csv", "case", "label.csv", ".lock")), f"ours {rng.random()}"
    path = rng.choice((folder, folder / "case", folder / "case" / "a")) / name
    match rng.randrange(8):
        case 0:
            write_text(path, text)
        case 1:
            write_set(path.parent, {name: text, f"case/{name}": text})
        case 2:
            with whole_folder(path, "case") as part:
                write_text(part / "inner" / name, text)
                write_text(part / "label.csv", text)
        case 3:
            with new_folder(path, "case") as part:
                write_text(part / name, text)
        case 4:
            remove_whole(path)
        case 5:
            plan_removal([folder / name, path]).carry_out()
        case 6:
            remove_file(path)
            remove_leftovers(path.parent)
        case 7:
            with exclusive(path.parent, "writing"):
                write_text(path, text)


def lose_nothing(seed: int, folder: Path) -> int:
    """Act at random on a tree with files of theirs; how many acts were carried out."""
    rng, done = random.Random(seed), 0
    folder.mkdir()
    theirs: Theirs = {}
    for _ in range(12):
        if rng.random() < 0.3:
            sown = list(sow(rng, folder))
            theirs = {
                path: content
                for path, content in everything(folder).items()
                if path in {*theirs, *sown}
            }
        try:
            act(rng, folder)
            done += 1
        except TfuqError:
            pass
        assert_kept(theirs)
    return done


def test_nothing_of_theirs_is_lost_by_any_way_to_write_or_remove(tmp_path):
    assert sum(lose_nothing(seed, tmp_path / str(seed)) for seed in range(60)) > 200


@pytest.mark.slow
def test_nothing_of_theirs_is_lost_in_thousands_of_trees(tmp_path):
    for seed in range(1000, 4000):
        lose_nothing(seed, tmp_path / str(seed))
        shutil.rmtree(tmp_path / str(seed))


def test_a_half_phantom_is_none_and_two_that_make_one_do_not_disturb_each_other(tmp_path):
    data = tmp_path / "data"

    def late():
        with new_folder(data, "data set") as part:
            (part / "late").write_text("")
            synthesize("brain-decathlon", data, cases=1, seed=0)  # by another, meanwhile

    with pytest.raises(FolderTakenError):
        late()
    assert (data / "dataset.json").is_file()
    assert not (data / "late").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name != LEDGER] == ["data"]


@pytest.fixture
def scored(digits, tmp_path) -> tuple[Path, Path]:
    """Predictions and scores of a run without a network."""
    run = make_run(tmp_path / "run", "classification", digits)
    return run.predictions("hybrid"), make_scores(run, "hybrid", most=30)


def test_scores_of_two_scorings_are_no_set(scored, tfuq, tmp_path):
    predictions, scores = scored
    assert tfuq("report", scores).exit_code == 0
    other = shutil.copytree(scores, tmp_path / "other")
    assert tfuq("compare", scores, other).exit_code == 0
    text = (scores / "cases.csv").read_text()
    (scores / "cases.csv").write_text(text.replace("0.", "0.0"))
    for command in (["report", scores], ["compare", scores, other], ["compare", other, scores]):
        assert_refused(
            tfuq(*command), "cases.csv", "summary.json was written with", "run tfuq score again"
        )
    assert_refused(
        tfuq("score", predictions, "--no-figures"), "cases.csv", "was changed since tfuq wrote it"
    )
    (scores / "cases.csv").unlink()
    assert tfuq("score", predictions, "--no-figures").exit_code == 0
    assert tfuq("report", scores).exit_code == 0


def test_scores_compare_and_report_replace_nothing_of_theirs(scored, tfuq, tmp_path):
    predictions, scores = scored
    before = files_of(scores)
    for name, flag in (
        ("failure.csv", "--no-figures"),
        ("summary.json", "--no-figures"),
        ("figures/confusion.png", "--figures"),
    ):
        shutil.rmtree(scores)
        (scores / name).parent.mkdir(parents=True)
        (scores / name).write_text("theirs")
        assert_refused(
            tfuq("score", predictions, flag), name, "was not written by tfuq", "move it away"
        )
        assert files_of(scores) == {name: b"theirs"}
    shutil.rmtree(scores)
    assert tfuq("score", predictions, "--no-figures").exit_code == 0
    assert {name for name in before if name.endswith(".csv")} <= set(files_of(scores))
    out = tmp_path / "out"
    out.mkdir()
    (out / "comparison.csv").write_text("theirs")
    other = shutil.copytree(scores, tmp_path / "other")
    assert_refused(
        tfuq("compare", scores, other, "--out", out), "comparison.csv", "was not written by tfuq"
    )
    assert files_of(out) == {"comparison.csv": b"theirs"}
    (out / "link.html").symlink_to(out / "comparison.csv")
    assert_refused(tfuq("report", scores, "--out", out / "link.html"), "is a link")
    assert_refused(tfuq("report", scores, "--out", "/dev/null"), "no regular file")
    assert files_of(out) == {"comparison.csv": b"theirs", "link.html": b"theirs"}


@pytest.mark.parametrize(
    "place",
    ["run/config.yaml", "run/scores/hybrid/cases.csv", "run/predictions/hybrid/manifest.json"],
)
def test_a_file_that_is_named_takes_no_other_output_s_place(place, scored, tfuq, tmp_path):
    config, table, page = tmp_path / "config.yaml", tmp_path / "table.csv", tmp_path / "page.html"
    shutil.copy(tmp_path / "run" / "config.yaml", config)
    check = ["data", "check", config, "--table"]
    report = ["report", scored[1], "--out"]
    before = everything(tmp_path / "run")
    for command in (check, report):
        assert_refused(tfuq(*command, tmp_path / place), "is another output of tfuq", "move it")
    assert everything(tmp_path / "run") == before
    for command, out in ((check, table), (report, page)):
        for _ in range(2):  # the command's own earlier output is replaced
            assert tfuq(*command, out).exit_code == 0
    assert_refused(tfuq(*check, page), "is another output")
    assert_refused(tfuq(*report, table), "is another output")


def test_a_table_s_place_is_looked_at_before_the_cases(tfuq, balls, tmp_path, monkeypatch):
    monkeypatch.setattr("tfuq.data.checks.check_data", lambda *_, **__: pytest.fail("checked"))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.csv").write_text("mine")
    (tmp_path / "config.yaml").write_text(settings(balls).dump())
    place = tmp_path / "own" / "mine.csv"
    refused = tfuq("data", "check", tmp_path / "config.yaml", "--table", place)
    assert_refused(refused, "mine.csv: was not written by tfuq")
    assert everything(tmp_path / "own") == {place: b"mine"}, "no list of files either"


def test_tables_of_another_prediction_are_no_set(scored, tfuq):
    predictions, _ = scored
    manifest = json.loads((predictions / "manifest.json").read_text())
    for files in (
        {},
        {"predictions.csv": "0" * 64},
        {"predictions.csv": "0" * 64, "members.csv": "0" * 64},
    ):
        (predictions / "manifest.json").write_text(json.dumps(manifest | {"files": files}))
        assert_refused(
            tfuq("score", predictions, "--no-figures"),
            "predictions.csv",
            "run the same tfuq predict again",
        )


def score_through_kills(predictions: Path, scores: Path, log: Path, renames: list[int]) -> None:
    """Kill scoring before some of its renames: what lies there is one set or refused, and nothing is left in the end."""
    from tfuq.scoring.evaluation.scores import require_one_scoring

    for number in renames:
        assert killing.kill_at_rename(
            number, "score", predictions, "--level", "case", "--figures", log=log
        )
        try:
            require_one_scoring(scores, ("*",))
        except RunError:
            assert number > 1
    killing.finish("score", predictions, "--figures", log=log)
    require_one_scoring(scores, ("*",))
    assert not list(scores.rglob("*.part"))


@pytest.mark.slow
def test_scoring_killed_leaves_one_set_or_none(scored, tmp_path):
    score_through_kills(*scored, tmp_path / "log", [2])


@pytest.mark.slow
def test_scoring_killed_before_each_of_its_renames_leaves_one_set_or_none(scored, tmp_path):
    score_through_kills(*scored, tmp_path / "log", [1, 2, 3, 4, 5])


def without_lists(folder: Path) -> None:
    """As an earlier version left it."""
    for path in folder.rglob(LEDGER):
        path.unlink()


def test_training_replaces_nothing_of_theirs(trained, tfuq, tmp_path):
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    train = ("train", run / "config.yaml", "--run", run, "--overwrite")
    elsewhere = shutil.copytree(run / "members" / "0", tmp_path / "elsewhere")
    (run / "members" / "1").symlink_to(elsewhere)
    before = everything(tmp_path)
    assert_refused(tfuq(*train), "members/1", "another --run")
    (run / "members" / "1").unlink()
    (run / "members" / "0" / "history.csv").write_text("theirs")
    assert_refused(tfuq(*train), "history.csv", "another --run")
    (run / "members" / "0" / "history.csv").write_bytes(
        before[run / "members" / "0" / "history.csv"]
    )
    (run / "config.yaml").write_bytes(before[run / "config.yaml"] + b"# theirs")
    assert_refused(tfuq(*train), "config.yaml", "another --run")
    (run / "config.yaml").write_bytes(before[run / "config.yaml"])
    assert {
        path: content for path, content in before.items() if path != run / "members" / "1"
    } == everything(tmp_path)
    mine = tmp_path / "mine"
    for name in (
        "config.yaml",
        "members/0/notes.txt",
        "predictions/scan/label.nii.gz",
        "scores/summary.json",
    ):
        (mine / name).parent.mkdir(parents=True)
        (mine / name).write_text((run / "config.yaml").read_text())
    before = everything(mine)
    for flag in ("--overwrite", "--resume"):
        tfuq("train", run / "config.yaml", "--run", mine, flag)
        assert_kept(before)


def test_a_run_of_an_earlier_version_is_taken_up_and_is_not_overwritten(trained, tfuq, tmp_path):
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    assert tfuq("predict", run).exit_code == 0
    predictions, config = run / "predictions" / "mc-dropout", run / "config.yaml"
    manifest = json.loads((predictions / "manifest.json").read_text())
    kept, gone = manifest["cases"]
    shutil.rmtree(predictions / gone)
    del manifest["cases"][gone]
    (predictions / "manifest.json").write_text(json.dumps(manifest))
    without_lists(run)
    assert_refused(
        tfuq("train", config, "--run", run, "--overwrite"),
        "config.yaml",
        "earlier version",
        "by hand",
    )
    assert tfuq("train", config, "--run", run, "--resume").exit_code == 0
    assert tfuq("predict", run).exit_code == 0
    assert set(json.loads((predictions / "manifest.json").read_text())["cases"]) == {kept, gone}
    assert_refused(tfuq("predict", run, "--overwrite"), kept, "move it away")
    assert tfuq("score", predictions, "--no-figures").exit_code == 0


@pytest.mark.slow
def test_a_half_trained_member_of_an_earlier_version_goes_on(digits, tfuq, tmp_path, monkeypatch):
    from tfuq.training.fit import MemberTraining

    config, run = tmp_path / "config.yaml", tmp_path / "run"
    two_epochs = task_settings("classification", digits, training={"epochs": 2})
    config.write_text(two_epochs.dump())
    with monkeypatch.context() as patch:
        patch.setattr(
            MemberTraining, "_is_patience_over", lambda member: member.progress.epoch == 1 and 1 / 0
        )
        assert tfuq("train", config, "--run", run).exit_code == 1
    without_lists(run)
    assert tfuq("train", config, "--run", run, "--resume").exit_code == 0
    assert len((run / "members" / "0" / "history.csv").read_text().splitlines()) == 3


@pytest.mark.slow
def test_a_run_that_is_removed_while_it_is_trained_is_not_called_trained(
    digits, tfuq, tmp_path, monkeypatch
):
    from tfuq.training.member_files import MemberFiles

    unvalidated = {"split": {"train": 40, "validation": 0, "test": 11}}  # it is trained sooner
    two_epochs = task_settings("classification", digits, training={"epochs": 2}, data=unvalidated)
    (tmp_path / "config.yaml").write_text(two_epochs.dump())
    save = MemberFiles.write_state
    for gone in ("run", "run/members", "run/config.yaml"):

        def remove(files, arrays, gone=gone):
            save(files, arrays)
            path = tmp_path / gone
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

        monkeypatch.setattr(MemberFiles, "write_state", remove)
        result = tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "run")
        assert_refused(result, "run", "removed", "while it was trained")
        shutil.rmtree(tmp_path / "run", ignore_errors=True)


def test_predicting_replaces_nothing_of_theirs(trained, tfuq, tmp_path):
    run, out = shutil.copytree(trained("mc-dropout").path, tmp_path / "run"), tmp_path / "out"
    predict = ("predict", run, "--out", out)
    first, second = json.loads((run / "splits.json").read_text())["test"]
    (out / first).mkdir(parents=True)
    (out / first / "label.nii.gz").write_bytes(b"corrected by hand")
    before = files_of(tmp_path)
    for flag in ((), ("--overwrite",)):
        assert_refused(tfuq(*predict, *flag), "is not empty and holds no predictions")
        for place in (
            run,
            run / "members",
            run / "members" / "new",
            run / "scores" / "x",
            run / "predictions",
        ):
            assert_refused(
                tfuq("predict", run, "--out", place, *flag), "is kept for other files of the run"
            )
    assert files_of(tmp_path) == before
    shutil.rmtree(out)
    assert tfuq(*predict).exit_code == 0
    label = out / first / "label.nii.gz"
    label.write_bytes(label.read_bytes() + b"by hand")
    (out / first / "probability.nii.gz").unlink()
    (out / second / "notes.txt").write_text("theirs")
    before = files_of(out)
    assert_refused(
        tfuq(*predict), f"{first}/label.nii.gz", "was changed since tfuq wrote it", "move it away"
    )
    assert_refused(tfuq(*predict, "--seed", 3, "--overwrite"), f"{first}/label.nii.gz")
    assert files_of(out) == before
    label.unlink()
    assert tfuq(*predict).exit_code == 0
    assert_refused(tfuq(*predict, "--seed", 3, "--overwrite"), f"{second}/notes.txt")
    (out / second / "notes.txt").unlink()
    assert tfuq(*predict, "--seed", 3, "--overwrite").exit_code == 0


def test_a_case_cannot_have_the_name_of_the_scores(trained, balls, tfuq, tmp_path):
    shutil.copy(balls / "imagesTr" / "ball_000.nii.gz", tmp_path / "scores.nii.gz")
    result = tfuq(
        "predict",
        trained("mc-dropout").path,
        "--input",
        tmp_path / "scores.nii.gz",
        "--out",
        tmp_path / "out",
    )
    assert_refused(result, "'scores' cannot be a case id", "rename the file")
