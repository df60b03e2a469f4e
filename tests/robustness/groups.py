"""What reads files, by groups that each have a process of their own: made beforehand in another, so that memory is that of reading."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from tests.conftest import settings, task_settings, write_decathlon
from tests.robustness.datasets import SETS, make_set
from tests.robustness.mutations import damaged
from tests.robustness.targets import Content, Target, file_targets
from tests.robustness.worlds import World, invoke, make_plain_world, make_world
from tests.support.fuzzing import outcome
from tests.support.observers import Stop
from tfuq.data.ledger import LEDGER
from tfuq.data.phantoms import synthesize
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti, write_text

Command = tuple[object, ...]
TASKS = ("segmentation", "classification", "landmarks")
_FACTS = ("config.yaml", "environment.json", "splits.json")


@dataclass(frozen=True)
class Group:
    """Readers of one process.

    Attributes:
        make: writes what they read into a folder.
        targets: finds it there.
        memory: the most that the process may take; networks that are built take most of it.
    """

    make: Callable[[Path], object]
    targets: Callable[[Path], list[Target]]
    memory: str = "1GB"


def make_data(folder: Path, task: str) -> Path:
    """The small data set of a task."""
    if task == "segmentation":
        return write_decathlon(folder)
    phantom, cases = {"classification": ("digits", 60), "landmarks": ("cephalogram", 8)}[task]
    synthesize(phantom, folder, cases=cases, seed=0)
    return folder


def command_target(
    world: World, begins: Sequence[str], command: Command, share: int, name: str = ""
) -> Target:
    """A command that reads the files of a world whose places begin so; they are damaged, or taken away."""
    files = {
        place: content for place, content in world.whole.items() if place.startswith(tuple(begins))
    }

    def check(place: str, content: Content) -> str:
        return world.check(place, content, *command)

    return Target(name or str(command[0]), files, check, share, _damaged_or_gone)


def _damaged_or_gone(place: str, content: bytes) -> st.SearchStrategy[Content]:
    return st.one_of(
        damaged(place, content), damaged(place, content), damaged(place, content), st.none()
    )


def _make_sets(folder: Path) -> None:
    for name in SETS:
        make_set(folder / name, name)


def _sets(folder: Path) -> list[Target]:
    worlds = {name: World(folder / name).keep() for name in SETS}
    return [
        command_target(
            world,
            ("",),
            ("data", "check", world.folder / "config.yaml"),
            150,
            f"data check, {name}",
        )
        for name, world in worlds.items()
    ]


def _make_results(folder: Path, task: str) -> None:
    world = make_plain_world(folder, task, make_data(folder / "data", task))
    if task == "segmentation":
        _give(world.folder, folder / "data")
    assert invoke("report", *_scores(world.folder, "hybrid", "deterministic")).exit_code == 0


def _give(run: Path, data: Path) -> None:
    """References and doses of the user's own, by case."""
    (run / "given" / "dose").mkdir(parents=True)
    shutil.copytree(data / "labelsTr", run / "given" / "labels")
    for case in (run / "predictions" / "hybrid").glob("*/label.nii.gz"):
        image = read(data / "imagesTr" / f"{case.parent.name}.nii.gz")
        write_nifti(
            run / "given" / "dose" / f"{case.parent.name}.nii.gz",
            image.with_array(np.abs(image.array)),
        )


def _scores(run: Path, *methods: str) -> list[Path]:
    return [run / "scores" / method for method in methods]


def readers_of_results(world: World, first: str, second: str) -> list[Target]:
    """Commands that read a run's results without a network."""
    run, out = world.folder, world.folder / "out" / "report.html"
    scores = _scores(run, first, second)
    given = ("--reference", run / "given" / "labels", "--dose", run / "given" / "dose")
    found = [
        (
            (f"predictions/{first}/", *_FACTS),
            ("score", run / "predictions" / first, "--no-figures"),
            200,
        ),
        (
            (f"scores/{first}/", f"predictions/{first}/", *_FACTS),
            ("report", *scores, "--out", out),
            150,
        ),
        (("scores/",), ("report", scores[0], "--out", out), 150),
        (("scores/",), ("compare", *scores, "--out", run / "out"), 400),
    ]
    if any(place.startswith("given/") for place in world.whole):  # of volumes, which take longer
        found = [(begins, command, share // 3) for begins, command, share in found]
        case = min((run / "predictions" / first).glob("*/label.nii.gz")).parent.name
        plot = ("plot", run / "predictions" / first, "--case", case, "--out", out.parent)
        found.append(((f"predictions/{first}/{case}/", *_FACTS), plot, 20))
        found.append(
            (("given/",), ("score", run / "predictions" / first, "--no-figures", *given), 30)
        )
    return [command_target(world, *parts) for parts in found]


def _make_run(folder: Path, task: str) -> None:
    world = make_world(folder, task, make_data(folder / "data", task))
    run, given = world.folder, world.folder / "given"
    given.mkdir()
    (given / "cases.txt").write_text("\n".join(cases_to_calibrate(run)) + "\n")
    suffix = {"segmentation": ".nii.gz"}.get(task, ".png")
    if task == "segmentation":
        shutil.copy(folder / "data" / "imagesTr" / "ball_000.nii.gz", given / f"scan{suffix}")
    else:
        from tests.support.served_images import write_image

        write_image(given, task)
    if task == "landmarks":
        synthesize("head-ct", folder / "heads", cases=1, seed=0)
        shutil.copy(folder / "heads" / "head_01.nii.gz", given / "head.nii.gz")
    result = invoke("shift", run, *_SHIFT)
    assert result.exit_code == 0, result.output


_SHIFT = ("--perturbation", "noise", "--severity", "1", "--samples", 2)


def cases_to_calibrate(run: Path) -> list[str]:
    """Cases of the test split of a run."""
    from tfuq.runs import open_run

    return open_run(run).split["test"][:2]


def readers_with_a_network(world: World) -> list[Target]:
    """Commands that read a run and draw samples."""
    run = world.folder
    facts = (*_FACTS, "members/")
    calibrated = run / "predictions" / "ensemble-calibrated"
    found = [
        (
            ("predictions/ensemble/", "members/"),
            ("score", run / "predictions" / "ensemble", "--no-figures"),
            6,
        ),
        (
            ("predictions/ensemble-calibrated/", "calibrations/"),
            ("score", calibrated, "--no-figures"),
            10,
        ),
        ((*facts, "calibrations/"), ("predict", run, "--calibrated", "--out", run / "out"), 4),
        (
            ("given/scan", "given/image"),
            ("predict", run, "--samples", 2, "--input", given_image(run), "--out", run / "out"),
            4,
        ),
        (
            ("given/cases",),
            (
                "calibrate",
                run,
                "--cases",
                run / "given" / "cases.txt",
                "--alpha",
                "0.5",
                "--overwrite",
            ),
            3,
        ),
        (facts, ("predict", run, "--dry-run"), 3),
        (("predictions/ensemble/",), ("predict", run, *_keeping_members(run)), 4),
        ((*facts, "calibrations/", "predictions/ensemble/"), ("doctor", run), 4),
        (("shift/",), ("shift", run, *_SHIFT), 6),
    ]
    if "given/head.nii.gz" in world.whole:
        head = (
            "--perturbation",
            "rotation",
            "--severity",
            "5",
            "--samples",
            2,
            "--head-ct",
            run / "given" / "head.nii.gz",
        )
        found.append((("given/head",), ("shift", run, *head), 3))
    return [command_target(world, *parts) for parts in found]


def _keeping_members(run: Path) -> tuple[str, ...]:
    """The option by which each member's predictions are kept, where the task has any."""
    from tfuq.runs import open_run

    return () if open_run(run).config.task == "landmarks" else ("--save-members",)


def given_image(run: Path) -> Path:
    """The image of the user's own beside a run's files."""
    return next(
        path for path in (run / "given").iterdir() if path.name.startswith(("scan", "image"))
    )


def _make_export(folder: Path) -> None:
    from tests.support.made import make_network_run

    root = make_data(folder / "data", "classification")
    run = make_network_run(
        folder / "run", task_settings("classification", root, "deterministic"), ["t10k-00000"]
    )
    result = invoke("export", run.path, "--to", folder / "model")
    assert result.exit_code == 0, result.output


def _exports(folder: Path) -> list[Target]:
    from tfuq.serving import Client

    world = World(folder / "model").keep()
    described = {
        place: content
        for place, content in world.whole.items()
        if place.endswith((".json", ".yaml", "done"))
    }

    def check(place: str, content: Content) -> str:
        with world.damaged(place, content):
            return outcome(lambda: Client(world.folder, "localhost:1").predictor())

    return [
        command_target(
            world, ("",), ("serve-check", world.folder, "--inspect"), 250, "serve-check --inspect"
        ),
        Target("serving client", described, check, 400, _damaged_or_gone),
        command_target(world, ("1/tfuq", "1/assets.extra"), ("serve-check", world.folder), 4),
    ]


def _replies(folder: Path) -> list[Target]:
    from tests.robustness.replies import reply_targets

    return reply_targets(folder)


def _make_study(folder: Path) -> None:
    """Two cells, finished without a network."""
    from tests.support.made import make_run, make_scores
    from tfuq import config as configuration
    from tfuq.config.text import write_yaml
    from tfuq.workflows.study.cells import cells_of

    root = make_data(folder / "data", "segmentation")
    world = folder / "world"
    world.mkdir(parents=True)
    (world / "base.yaml").write_text(settings(root, "hybrid").dump())
    (world / "study.yaml").write_text(_STUDY)
    study = configuration.load_study(str(world / "study.yaml"))
    write_text(world / "study" / "study.yaml", write_yaml(study.model_dump()))
    for cell in cells_of(study, world / "study"):
        run = make_run(cell.run, "segmentation", root)
        write_text(run.path / "config.yaml", cell.config.dump())
        make_scores(run, "hybrid", most=2)
    result = invoke("study", world / "study.yaml", "--out", world / "study")
    assert result.exit_code == 0, result.output


_STUDY = """\
name: rates
config: base.yaml
axes:
  rate: {training.learning_rate: [0.1, 0.01]}
structure: ball
table: [dice, nll, measure.volume_std_mm3, correlation.mean_entropy]
"""


def _studies(folder: Path) -> list[Target]:
    world = World(folder / "world").keep()
    study = ("study", world.folder / "study.yaml", "--out", world.folder / "study")
    cells = [
        place
        for place in world.whole
        if place.startswith("study/cells/") and place.count("/predictions/") == 0
    ]
    return [
        command_target(
            world,
            ("study.yaml", "base.yaml", "study/study.yaml"),
            (*study, "--dry-run"),
            120,
            "study --dry-run",
        ),
        command_target(
            world, [p for p in cells if p.endswith(("summary.json", LEDGER))], study, 120
        ),
    ]


def _make_state(folder: Path) -> None:
    """A member whose training was stopped after the first of two epochs."""
    from tfuq.training import train

    root = make_data(folder / "data", "classification")

    try:
        train(
            task_settings("classification", root, training={"epochs": 2}),
            folder / "run",
            observer=Stop(epoch=1, step=0),
        )
    except KeyboardInterrupt:
        return


def _states(folder: Path) -> list[Target]:
    """The state that training goes on from, restored into a network that was built once."""
    from tfuq import runs, training

    run = runs.open_run(folder / "run")
    fit = training.member_training(run.config, run.member(0), 0, training.prepare(run.config, None))
    path = run.member(0) / "state.npz"

    def check(place: str, content: Content) -> str:
        path.write_bytes(content or b"")
        return outcome(fit._restore)

    return [Target("state of training", {path.name: path.read_bytes()}, check, 400)]


def _nothing(folder: Path) -> None:
    """Nothing is made beforehand."""


def _results_of(task: str) -> Group:
    def targets(folder: Path) -> list[Target]:
        return readers_of_results(World(folder / "run").keep(), "hybrid", "deterministic")

    return Group(lambda folder: _make_results(folder, task), targets)


def _runs_of(task: str) -> Group:
    return Group(
        lambda folder: _make_run(folder, task),
        lambda folder: readers_with_a_network(World(folder / "run").keep()),
    )


_WITH_NETWORKS = "2GB"
GROUPS: dict[str, Group] = {
    "files and texts": Group(_nothing, file_targets),
    "data sets": Group(_make_sets, _sets),
    **{f"results of {task}": _results_of(task) for task in TASKS},
    "studies": Group(_make_study, _studies),
    "replies": Group(_nothing, _replies),
    "exports": Group(_make_export, _exports, _WITH_NETWORKS),
    "states of training": Group(_make_state, _states, _WITH_NETWORKS),
    **{f"runs of {task}": _runs_of(task) for task in TASKS},
}
