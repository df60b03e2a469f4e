"""Every command that writes, each where it replaces what an earlier one of it wrote, or begins anew."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import settings, task_settings, write_decathlon
from tests.faults import forks
from tests.faults.states import State, listing, state_of
from tfuq.data.phantoms import synthesize
from tfuq.errors import TfuqError
from tfuq.results import read_manifest, require_one_set
from tfuq.scoring.evaluation.scores import require_one_scoring

METHOD = "mc-dropout"
CALIBRATED = f"{METHOD}-calibrated"
NOTES = ("", "tables", "tables/predictions", f"tables/scores/{METHOD}", "tables/shift/noise", "compared", "volumes", "models")
_CASES = ("--cases", "test:0.5", "--alpha", "0.4")
_SHIFT = ("shift", "tables", "--perturbation", "noise", "--severity", "0,1", "--save-predictions")
_SYNTH = ("data", "synth")
_PREDICT_MORE = ("predict", "tables", "--samples", "3", "--overwrite")
_SCORE = ("score", f"tables/predictions/{METHOD}")
_SCORES = f"tables/scores/{METHOD}"
_BOTH = (_SCORES, f"tables/scores/{CALIBRATED}")

_COMPARE = ("compare", *_BOTH, "--out", "compared")
_REPORT = ("report", *_BOTH, "--out", "report.html")

# What lies there before any scene: a run of rows and one of volumes, and what the commands make of them.
BASE: tuple[tuple[str, ...], ...] = (
    ("train", "tables.yaml", "--run", "tables"),
    ("train", "volumes.yaml", "--run", "volumes"),
    ("calibrate", "tables", *_CASES, "--samples", "2"),
    ("predict", "tables", "--samples", "2"),
    ("predict", "tables", "--samples", "2", "--calibrated"),
    ("predict", "volumes", "--samples", "2"),
    _SCORE,
    ("score", f"tables/predictions/{CALIBRATED}", "--no-figures"),
    ("score", f"volumes/predictions/{METHOD}"),
    _COMPARE,
    _REPORT,
    (*_SHIFT, "--samples", "2"),
    ("export", "tables", "--to", "models/tables"),
    ("study", "study.yaml", "--out", "study"),
    ("demo", "--out", "toured", "--task", "classification"),
)


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
        names = [n for n in now if n.startswith(f"{self.folder}/") and re.fullmatch(self.files, n.removeprefix(f"{self.folder}/"))]
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
        words: Its arguments.
        before: Commands that make what it replaces, after those of `BASE`.
        sets: Files that belong together.
        whole: Regular expressions of folders that are there with all files of one writing, or not at all.
        overwrites: Whether it was told to remove what lies there.
        starts: Whether TensorFlow runs.
    """

    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    sets: tuple[Set, ...] = ()
    whole: tuple[str, ...] = ()
    starts: bool = True

    @property
    def overwrites(self) -> bool:
        return "--overwrite" in self.words


_TABLES = (Set(_SCORES, r".*", _one_scoring),)
SCENES: dict[str, Scene] = {
    "train": Scene(("train", "long.yaml", "--run", "new", "--tensorboard", "--resume")),
    "train over another": Scene(("train", "long.yaml", "--run", "tables", "--tensorboard", "--overwrite")),
    "predict rows over others": Scene(
        _PREDICT_MORE, sets=(Set(f"tables/predictions/{METHOD}", r"[^/]*", _one_prediction),)
    ),
    "predict volumes": Scene(("predict", "volumes", "--samples", "2", "--out", "out"), whole=(r"out/ball_\d+",)),
    "predict volumes over others": Scene(
        ("predict", "volumes", "--samples", "3", "--save-samples", "--overwrite"),
        whole=(rf"volumes/predictions/{METHOD}/ball_\d+",),
    ),
    "calibrate over another": Scene(("calibrate", "tables", *_CASES, "--samples", "3", "--overwrite")),
    "score rows over others": Scene(_SCORE, (_PREDICT_MORE,), _TABLES, starts=False),
    "score volumes over others": Scene(
        ("score", f"volumes/predictions/{METHOD}", "--level", "case"),
        (("predict", "volumes", "--samples", "3", "--overwrite"),),
        (Set(f"volumes/scores/{METHOD}", r".*", _one_scoring),),
        starts=False,
    ),
    "compare over another": Scene(_COMPARE, (_PREDICT_MORE, _SCORE), (Set("compared", r".*"),), starts=False),
    "report over another": Scene(_REPORT, (_PREDICT_MORE, _SCORE), starts=False),
    "shift over another": Scene(
        (*_SHIFT, "--samples", "3", "--overwrite"),
        sets=(Set("tables/shift/noise", r"[^/]*\.csv"), Set("tables/shift/noise/figures", r".*")),
        whole=(rf"tables/shift/noise/{METHOD}/\d",),
    ),
    "export beside another": Scene(("export", "tables", "--to", "models/tables"), whole=(r"models/tables/\d+",)),
    "data synth of volumes": Scene((*_SYNTH, "brain-decathlon", "phantom", "--cases", "1"), whole=("phantom",), starts=False),
    "data synth of images": Scene((*_SYNTH, "cephalogram", "phantom", "--cases", "3"), whole=("phantom",), starts=False),
    "study": Scene(("study", "study.yaml", "--out", "grid")),
    "study over another": Scene(("study", "other.yaml", "--out", "study", "--overwrite"), sets=(Set("study", r"table\..*|figure.*"),)),
    "demo": Scene(("demo", "--out", "tour", "--task", "classification", "--overwrite")),
    "demo over another": Scene(("demo", "--out", "toured", "--task", "classification", "--overwrite")),
}
READ_ONLY = (
    ("data", "check", "tables.yaml"),
    ("data", "list"),
    ("doctor", "tables"),
    ("serve-check", "models/tables"),
    ("train", "tables.yaml", "--run", "new", "--dry-run"),
    ("predict", "tables", "--samples", "2", "--dry-run"),
    ("study", "study.yaml", "--out", "grid", "--dry-run"),
)


class Stage:
    """The folder that scenes are played in. Each begins with the same files at the same place, as runs name places."""

    def __init__(self, folder: Path):
        self.place = folder / "place"
        self._kept, self._log = folder / "kept", folder / "log"
        self._prepared: dict[tuple, Path] = {}
        self._expected: dict[str, Expected] = {}
        self.place.mkdir(parents=True)
        _write_inputs(self.place)

    def run(self, words: tuple[str, ...], **disturbance) -> forks.End:
        """Run a command there."""
        return forks.run(list(words), self.place, self._log, **disturbance)

    def restore(self, scene: Scene) -> None:
        """Put the files of before the scene there."""
        if () not in self._prepared:
            self._prepare(BASE, ())
            for name in NOTES:
                (self.place / name / "notes.txt").write_text(f"theirs {name}")
            self._keep(())
        if scene.before not in self._prepared:
            self._put(self._prepared[()])
            self._prepare(scene.before, scene.before)
            self._keep(scene.before)
        self._put(self._prepared[scene.before])

    def _prepare(self, commands, key) -> None:
        import time
        for words in commands:
            end = self.run(words); print("PREP", words[:2], round(end.seconds,1), flush=True)
            assert end.code == 0, (words, end.said[-3000:])

    def _keep(self, key: tuple) -> None:
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
            self._expected[name] = Expected(scene, before, after, notes["seen"], notes["operations"], end.seconds)
        return self._expected[name]


@dataclass
class Expected:
    """What an undisturbed scene does: the states before and after it, and what got a name meanwhile."""

    scene: Scene
    before: State
    after: list[tuple[State, list[str]]]  # after one run, and after another on top of it where that was looked at
    seen: dict[str, list[str]]
    operations: dict[str, int]
    seconds: float

    def faults_of(self, place: Path) -> list[str]:
        """What is wrong with what a disturbed scene left there."""
        now, (after, _) = state_of(place), self.after[0]
        found = [f"wrong: {n}" for n in now if now[n] not in (self.before.get(n), after.get(n), *self.seen.get(n, []))]
        found += [f"lost: {name}" for name in self.before if name not in now and not self._may_be_gone(name)]
        found += [f"mixed: {each.folder}" for each in self.scene.sets if each.is_mixed(place, now, self.before, after)]
        return found + [f"in pieces: {folder}" for pattern in self.scene.whole for folder in self._in_pieces(pattern, now)]

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
        return [folder for folder, files in parts(now).items() if files not in (before.get(folder), after.get(folder))]

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


def _write_inputs(place: Path) -> None:
    synthesize("digits", place / "digits", cases=60, seed=0)
    write_decathlon(place / "balls", cases=4)
    tiny = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "learning_rate": 0.01}
    rows = task_settings(
        "classification", place / "digits", "mc-dropout", data={"split": {"train": 38, "validation": 1, "test": 11}}, training=tiny
    )
    longer = rows.model_copy(update={"training": rows.training.model_copy(update={"epochs": 2, "learning_rate": 0.02})})
    split = {"train": 1, "validation": 1, "test": 2}
    volumes = settings(place / "balls", METHOD, 2, data={"split": split}, network={"widths": [2, 4]}, training=tiny)
    for name, config in (("tables", rows), ("long", longer), ("volumes", volumes)):
        (place / f"{name}.yaml").write_text(config.dump())
    for name, rate in (("study", 0.01), ("other", 0.02)):
        (place / f"{name}.yaml").write_text(
            f"name: study\nconfig: {place / 'tables.yaml'}\nset: {{training.learning_rate: {rate}}}\n"
            "axes:\n  seed: {training.seed: [1, 2]}\ntable: [accuracy]\n"
        )
