"""Every command that writes, each where it replaces what an earlier one of it wrote, or begins anew."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.conftest import settings, task_settings, write_decathlon
from tests.robustness.faults import forks
from tests.robustness.faults.states import State, listing, state_of, waiting_in
from tests.support.made import make_predictions, make_run, make_scores
from tests.support.packed import LICENCE, write_card
from tfuq.data.phantoms import synthesize
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti
from tfuq.errors import TfuqError
from tfuq.runs import open_run
from tfuq.runs.results import read_manifest, require_one_set
from tfuq.scoring.evaluation.scores import require_one_scoring

METHOD = "mc-dropout"
_CASES = ("--cases", "test:0.5", "--alpha", "0.4")
_SHIFT = ("shift", "tables", "--perturbation", "noise", "--severity", "0,1", "--save-predictions")
_MADE_SCORES = ("made/scores/hybrid", "made/scores/deterministic")
_DOSE = ("dose", f"volumes/predictions/{METHOD}", "--dose", "doses")
_COMPARE = ("compare", *_MADE_SCORES, "--out", "compared")
_PLOT = ("plot", f"volumes/predictions/{METHOD}", "--case", "ball_001", "--out", "plotted")
_REPORT = ("report", *_MADE_SCORES, "--out", "report.html")
Words = tuple[str, ...]
Step = Words | Callable[[Path], None]  # a command, or what else is done in the place


def _write_digits(place: Path) -> None:
    synthesize("digits", place / "digits", cases=60, seed=0)


def _write_configurations(place: Path) -> None:
    write_decathlon(place / "balls", cases=4)
    tiny = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "learning_rate": 0.01}
    split = {"train": 38, "validation": 1, "test": 11}
    rows = task_settings(
        "classification", place / "digits", METHOD, data={"split": split}, training=tiny
    )
    longer = rows.model_copy(
        update={"training": rows.training.model_copy(update={"epochs": 2, "learning_rate": 0.02})}
    )
    split = {"train": 1, "validation": 1, "test": 2}
    volumes = settings(
        place / "balls", METHOD, 2, data={"split": split}, network={"widths": [2, 4]}, training=tiny
    )
    for name, config in (("tables", rows), ("long", longer), ("volumes", volumes)):
        (place / f"{name}.yaml").write_text(config.dump())
    for name, rate in (("study", 0.01), ("other", 0.02)):
        (place / f"{name}.yaml").write_text(
            f"name: study\nconfig: {place / 'tables.yaml'}\nset: {{training.learning_rate: {rate}}}\n"
            "axes:\n  seed: {training.seed: [1, 2]}\ntable: [accuracy]\n"
        )


def _score_made(place: Path, noise: float = 1.0) -> None:
    run = make_run(place / "made", "classification", place / "digits")
    for method in ("hybrid", "deterministic"):
        make_scores(run, method, noise=noise, most=30)


def _score_made_again(place: Path) -> None:
    _score_made(place, noise=2.0)


def _predict_made_again(place: Path) -> None:
    make_predictions(open_run(place / "made"), "hybrid", noise=2.0, most=30)


def _write_dose(place: Path) -> None:
    for label in (place / "volumes" / "predictions" / METHOD).glob("*/label.nii.gz"):
        volume = read(label)
        dose = np.full(volume.shape, 15.0, np.float32)
        write_nifti(place / "doses" / f"{label.parent.name}.nii.gz", volume.with_array(dose))


def _allow_sharing(place: Path) -> None:
    """Make a card, and a run of data that may be shared."""
    write_card(place / "card.yaml")
    config = place / "tables" / "config.yaml"
    config.write_text(config.read_text().replace("licence: none", f"licence: {LICENCE}"))


def _notes_in(*folders: str) -> Step:
    """What writes a file of somebody else's into folders that tfuq writes into."""

    def write(place: Path) -> None:
        for folder in folders:
            (place / folder / "notes.txt").write_text(f"theirs, in {folder}")

    return write


# By world: what is done to make what lies there before any scene.
WORLDS: dict[str, tuple[Step, ...]] = {
    "made": (
        _write_digits,
        _score_made,
        _COMPARE,
        _REPORT,
        _notes_in("made", "compared", "made/scores/hybrid"),
    ),
    "rows": (
        _write_digits,
        _write_configurations,
        ("train", "tables.yaml", "--run", "tables"),
        ("calibrate", "tables", *_CASES, "--samples", "2"),
        ("predict", "tables", "--samples", "2"),
        (*_SHIFT, "--samples", "2"),
        ("export", "tables", "--to", "models/tables"),
    ),
    "volumes": (
        _write_digits,
        _write_configurations,
        ("train", "volumes.yaml", "--run", "volumes"),
        ("predict", "volumes", "--samples", "2"),
        ("score", f"volumes/predictions/{METHOD}", "--figures"),
    ),
    "study": (_write_digits, _write_configurations, ("study", "study.yaml", "--out", "study")),
    "demo": (("demo", "--out", "toured", "--task", "classification"),),
}


def _one_scoring(place: Path, folder: str) -> None:
    require_one_scoring(place / folder, ("*",))


def _one_prediction(place: Path, folder: str) -> None:
    require_one_set(place / folder, read_manifest(place / folder))


@dataclass(frozen=True)
class Set:
    """Files that belong together: all of one writing, or ``refuse`` raises a `TfuqError`."""

    folder: str
    files: str  # regular expression of paths below the folder
    refuse: Callable[[Path, str], None] = lambda place, folder: None

    def is_mixed(self, place: Path, now: State, before: State, after: State) -> bool:
        """Whether files of two writings lie there and are believed."""
        names = [
            n
            for n in now
            if n.startswith(f"{self.folder}/")
            and re.fullmatch(self.files, n.removeprefix(f"{self.folder}/"))
        ]
        old = [n for n in names if now[n] == before.get(n) != after.get(n)]
        new = [n for n in names if now[n] == after.get(n) != before.get(n)]
        if not old or not new:
            return False
        try:
            self.refuse(place, self.folder)
        except TfuqError:
            return False
        return True


@dataclass(frozen=True)
class Scene:
    """A command.

    Attributes:
        world: A name of `WORLDS`.
        words: Its arguments.
        before: What is done before it, after what makes the world.
        sets: Files that belong together.
        whole: Regular expressions of folders that are there with all files of one writing, or not at all.
        once: Whether it refuses to replace what it wrote before.
        tells: Regular expression of files that may tell of a fault.
    """

    world: str
    words: Words
    before: tuple[Step, ...] = ()
    sets: tuple[Set, ...] = ()
    whole: tuple[str, ...] = ()
    once: bool = False
    tells: str = "$^"

    @property
    def overwrites(self) -> bool:
        """Whether it was told to remove what lies there."""
        return "--overwrite" in self.words


_OF_CASES = rf"volumes/predictions/{METHOD}/ball_\d+"
_SYNTH = ("data", "synth")
_STUDIED = r"(grid|study)/(table|figure)\.\w+"  # where cells that failed are gaps
SCENES: dict[str, Scene] = {
    "score over another": Scene(
        "made",
        ("score", "made/predictions/hybrid", "--no-figures"),
        (_predict_made_again,),
        (Set("made/scores/hybrid", r".*", _one_scoring),),
    ),
    "compare over another": Scene(
        "made", _COMPARE, (_score_made_again,), (Set("compared", r".*"),)
    ),
    "report over another": Scene("made", _REPORT, (_score_made_again,)),
    "plot over another": Scene(
        "volumes",
        (*_PLOT, "--slice", "1"),
        ((*_PLOT, "--slice", "0"),),
        (Set("plotted", r".*"),),
    ),
    "data synth of volumes": Scene(
        "made",
        (*_SYNTH, "brain-decathlon", "phantom", "--cases", "1"),
        whole=("phantom",),
        once=True,
    ),
    "data synth of images": Scene(
        "made", (*_SYNTH, "cephalogram", "phantom", "--cases", "3"), whole=("phantom",), once=True
    ),
    "train": Scene("rows", ("train", "long.yaml", "--run", "new", "--tensorboard", "--resume")),
    "train over another": Scene(
        "rows",
        ("train", "long.yaml", "--run", "tables", "--tensorboard", "--overwrite"),
        (_notes_in("tables"),),
    ),
    "predict rows over others": Scene(
        "rows",
        ("predict", "tables", "--samples", "3", "--overwrite"),
        (_notes_in("tables", f"tables/predictions/{METHOD}"),),
        sets=(Set(f"tables/predictions/{METHOD}", r"[^/]*", _one_prediction),),
        tells=rf"tables/predictions/{METHOD}/(manifest\.json|predictions\.csv)",
    ),
    "predict volumes": Scene(
        "volumes",
        ("predict", "volumes", "--samples", "2", "--out", "out"),
        whole=(r"out/ball_\d+",),
        tells=r"out/manifest\.json",  # which cases were finished when a process was killed
    ),
    "predict volumes over others": Scene(
        "volumes",
        ("predict", "volumes", "--samples", "3", "--save-samples", "--overwrite"),
        (_notes_in("volumes", f"volumes/predictions/{METHOD}"),),
        whole=(_OF_CASES,),
        tells=rf"volumes/predictions/{METHOD}/manifest\.json",
    ),
    "calibrate over another": Scene(
        "rows",
        ("calibrate", "tables", *_CASES, "--samples", "3", "--overwrite"),
        (_notes_in("tables/calibrations"),),
    ),
    "score volumes over others": Scene(
        "volumes",
        ("score", f"volumes/predictions/{METHOD}", "--level", "case", "--figures"),
        (
            ("predict", "volumes", "--samples", "3", "--overwrite"),
            _notes_in(f"volumes/scores/{METHOD}"),
        ),
        (Set(f"volumes/scores/{METHOD}", r".*", _one_scoring),),
    ),
    "dose over another": Scene(
        "volumes",
        (*_DOSE, "--constraint", "Dmax<20Gy"),
        (
            ("predict", "volumes", "--samples", "2", "--save-samples"),
            _write_dose,
            _DOSE,
            _notes_in(f"volumes/doses/{METHOD}"),
        ),
        (Set(f"volumes/doses/{METHOD}", r".*", _one_scoring),),
    ),
    "shift over another": Scene(
        "rows",
        (*_SHIFT, "--samples", "3", "--overwrite"),
        (_notes_in("tables", "tables/shift/noise"),),
        sets=(Set("tables/shift/noise", r"[^/]*\.csv"), Set("tables/shift/noise/figures", r".*")),
        whole=(rf"tables/shift/noise/{METHOD}/\d",),
    ),
    "export beside another": Scene(
        "rows",
        ("export", "tables", "--to", "models/tables"),
        (_notes_in("models"),),
        whole=(r"models/tables/\d+",),
    ),
    "models pack": Scene(
        "rows",
        ("models", "pack", "tables", "digits", "--to", "packed", "--card", "card.yaml"),
        (_allow_sharing,),
        whole=("packed/digits",),
    ),
    "init": Scene("rows", ("init", "digits", "--name", "found"), once=True),
    "study": Scene("study", ("study", "study.yaml", "--out", "grid"), tells=_STUDIED),
    "study over another": Scene(
        "study",
        ("study", "other.yaml", "--out", "study", "--overwrite"),
        (_notes_in("study"),),
        sets=(Set("study", r"table\..*|figure.*"),),
        tells=_STUDIED,
    ),
    "demo": Scene("demo", ("demo", "--out", "tour", "--task", "classification", "--overwrite")),
    "demo over another": Scene(
        "demo", ("demo", "--out", "toured", "--task", "classification", "--overwrite")
    ),
}
READ_ONLY = (
    ("data", "check", "tables.yaml"),
    ("data", "list"),
    ("models", "list"),
    ("models", "show", "hippocampus"),
    ("doctor", "tables"),
    ("serve-check", "models/tables"),
    ("train", "tables.yaml", "--run", "new", "--dry-run"),
    ("predict", "tables", "--samples", "2", "--dry-run"),
    ("study", "study.yaml", "--out", "grid", "--dry-run"),
)


class Stage:
    """The folder that scenes of a world are played in. They begin with the same files at the same place, as runs name places."""

    def __init__(self, folder: Path, world: str):
        self.place = folder / "place"
        self._kept, self._log = folder / "kept", folder / "log"
        self._world, self._prepared = WORLDS[world], dict[tuple, Path]()
        self._expected: dict[str, Expected] = {}
        self.place.mkdir(parents=True)

    def run(self, words: Words, **disturbance) -> forks.End:
        """Run a command there."""
        return forks.run(list(words), self.place, self._log, **disturbance)

    def restore(self, scene: Scene) -> None:
        """Put the files of before the scene there."""
        if () not in self._prepared:
            self._prepare((), self._world)
        if scene.before not in self._prepared:
            self._put(self._prepared[()])
            self._prepare(scene.before, scene.before)
        self._put(self._prepared[scene.before])

    def _prepare(self, key: tuple[Step, ...], steps: tuple[Step, ...]) -> None:
        for step in steps:
            if callable(step):
                step(self.place)
            else:
                end = self.run(step)
                assert end.code == 0, (step, end.said[-3000:])
        self._prepared[key] = self._kept / str(len(self._prepared))
        shutil.copytree(self.place, self._prepared[key], symlinks=True)

    def _put(self, source: Path) -> None:
        shutil.rmtree(self.place)
        shutil.copytree(source, self.place, symlinks=True)

    def expected(self, name: str) -> Expected:
        """What an undisturbed scene does."""
        if name not in self._expected:
            scene = SCENES[name]
            self.restore(scene)
            before = state_of(self.place)
            end, notes = forks.trace(list(scene.words), self.place, self._log)
            assert end.code == 0, (name, end.said[-3000:])
            after = [(state_of(self.place), listing(self.place))]
            self._expected[name] = Expected(
                scene, before, after, notes["seen"], notes["operations"], end.seconds
            )
        return self._expected[name]


@dataclass
class Expected:
    """What an undisturbed scene does: the states before and after it, and what got a name meanwhile."""

    scene: Scene
    before: State
    after: list[
        tuple[State, list[str]]
    ]  # after one run, and after another on top of it where that was looked at
    seen: dict[str, list[str]]
    operations: dict[str, int]
    seconds: float

    def faults_of(self, place: Path) -> list[str]:
        """What is wrong with what a disturbed scene left there."""
        now, waiting, (after, _) = state_of(place), waiting_in(place), self.after[0]
        found = [f"wrong: {name}" for name in now if not self._may_be(name, now[name])]
        found += [
            f"lost: {name}"
            for name in self.before
            if name not in {**now, **waiting} and not self._may_be_gone(name)
        ]
        found += [
            f"mixed: {each.folder}"
            for each in self.scene.sets
            if each.is_mixed(place, now, self.before, after)
        ]
        return found + [
            f"in pieces: {folder}"
            for pattern in self.scene.whole
            for folder in self._in_pieces(pattern, now)
        ]

    def untrue_of(self, place: Path) -> list[str]:
        """Files that tell what is done, and do not tell all of it, though the command said so."""
        now, (after, _) = state_of(place), self.after[0]
        told = [name for name in after if re.fullmatch(self.scene.tells, name)]
        return [f"wrong: {name}" for name in told if now.get(name) != after[name]]

    def _may_be(self, name: str, content: str) -> bool:
        known = (self.before.get(name), self.after[0][0].get(name), *self.seen.get(name, []))
        return content in known or bool(re.fullmatch(self.scene.tells, name))

    def _may_be_gone(self, name: str) -> bool:
        after, _ = self.after[0]
        if self.scene.overwrites:
            return name in self.seen or after.get(name) != self.before[name]
        return name not in after

    def _in_pieces(self, pattern: str, now: State) -> list[str]:
        def parts(state: State) -> dict[str, State]:
            found: dict[str, State] = {}
            for name, content in state.items():
                if match := re.match(f"({pattern})/", name):
                    found.setdefault(match[1], {})[name] = content
            return found

        before, after = parts(self.before), parts(self.after[0][0])
        return [
            folder
            for folder, files in parts(now).items()
            if files not in (before.get(folder), after.get(folder))
        ]

    def leftovers_of(self, stage: Stage) -> list[str]:
        """What tells the folder, after one more run, from that of an undisturbed run."""
        now = (state_of(stage.place), listing(stage.place))
        if now in self.after:
            return []
        if len(self.after) == 1:
            self._look_at_a_second_run(stage, now)
            if now in self.after:
                return []
        state, names = self.after[0]
        return [
            *(f"left: {name}" for name in now[1] if name not in names),
            *(f"missing: {name}" for name in names if name not in now[1]),
            *(f"other: {name}" for name in now[0] if name in state and now[0][name] != state[name]),
        ]

    def _look_at_a_second_run(self, stage: Stage, now) -> None:
        kept = stage.place.with_name("looked-at")
        shutil.copytree(stage.place, kept, symlinks=True)
        stage.restore(self.scene)
        for _ in range(2):
            end = stage.run(self.scene.words)
            assert end.code == 0, end.said[-3000:]
        self.after.append((state_of(stage.place), listing(stage.place)))
        stage._put(kept)
        shutil.rmtree(kept)
