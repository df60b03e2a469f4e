"""Prediction: each case read, sampled, measured and written in its own geometry."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq import results
from tfuq.config import Config
from tfuq.data.cases import Case, naming, read_case_image
from tfuq.data.dataset import make_preprocessor, read_label
from tfuq.data.layouts import list_cases, sorted_unique
from tfuq.data.preprocessing import from_examples, to_examples
from tfuq.data.readers import is_readable, stem
from tfuq.data.volume import Volume, onto_grid
from tfuq.data.writers import whole_folder, write_csv, write_nifti
from tfuq.errors import DataError
from tfuq.locks import exclusive
from tfuq.measures.structure import ClassMaps, SampleMasks, structure_rows
from tfuq.measures.voxel import SINGLE_SAMPLE_MAPS, UNCERTAINTY_MAPS, voxel_maps, voxel_reducers
from tfuq.members import load_posterior, member_digest
from tfuq.memory import memory_errors
from tfuq.posterior import METHOD_TRAITS, samples_of
from tfuq.reducers import PackedMasks
from tfuq.results import Manifest
from tfuq.runs import Run
from tfuq.sampling import Sampler
from tfuq.version import __version__

OnCase = Callable[[Case, dict[str, float] | None], None]  # seconds, or None for a case that was complete already


@dataclass(frozen=True)
class Request:
    """What to draw: method, T, seed, and how many slices (2D) or windows (3D) are held in memory at once."""

    method: str
    samples: int
    seed: int
    batch: int


class Predictor:
    """A run made ready to predict by one method."""

    def __init__(self, run: Run, request: Request):
        self.run, self.config = run, run.config
        posterior = load_posterior(run, request.method, keep=request.batch)
        self.samples = samples_of(request.method, members=len(posterior.members), asked=request.samples)
        self.request = request
        self.maps = UNCERTAINTY_MAPS if self.samples > 1 else SINGLE_SAMPLE_MAPS
        self._preprocess = make_preprocessor(self.config, run.statistics)
        self._sampler = Sampler(
            posterior,
            [*voxel_reducers(), PackedMasks()],
            finish=lambda s: voxel_maps(s) | {"masks": s["masks"], "entropy_terms": s["entropy_terms"]},
        )

    @property
    def networks(self) -> list[tf_keras.Model]:
        """The members' networks."""
        return [member.model for member in self._sampler.posterior.members]

    def manifest(self) -> Manifest:
        """A manifest without cases yet."""
        members = self.run.finished_members
        used = members if METHOD_TRAITS[self.request.method].draws_member else members[:1]
        digests = [member_digest(self.run, index) for index in used]
        return Manifest(
            str(self.run.path.resolve()), self.request.method, self.samples, self.request.seed, digests, __version__
        )

    def network_grid(self, case: Case, image: Volume) -> Volume:
        """The case as the network takes it.

        Raises:
            DataError: another number of channels than the run was trained with.
        """
        channels = self.run.facts["channels"]
        if image.array.shape[-1] != channels:
            raise DataError(
                f"{case.images[0]}: has {image.array.shape[-1]} channel(s), the run was trained with {channels}; give those"
            )
        label = read_label(self.config, case, image) if self.config.preprocessing.crop_to_labels else None
        with naming(case):
            return self._preprocess.image(image, label)

    def sample(self, prepared: Volume, samples: int | None = None) -> dict[str, np.ndarray]:
        """Everything drawn for a case (T times, or ``samples``), as batches of examples; slices go through the graph
        ``batch`` at a time."""
        examples = np.ascontiguousarray(to_examples(prepared.array, self.config.preprocessing.slice_axis))
        seed = tf.constant([self.request.seed, 0], tf.int32)
        # Whole chunks, so that a slice has the same place in its chunk whatever the batch (see tfuq.windows).
        batch = -(-self.request.batch // self.config.chunk) * self.config.chunk
        parts = [
            self._sampler.sample(examples[start : start + batch], seed, tf.constant(samples or self.samples))
            for start in range(0, len(examples), batch)
        ]
        return {name: np.concatenate([part[name].numpy() for part in parts]) for name in parts[0]}

    def structures(self, prepared: Volume, drawn: dict[str, np.ndarray]) -> list[dict]:
        """Rows of ``structures.csv`` (see `tfuq.measures.structure`)."""
        axis = self.config.preprocessing.slice_axis
        on_grid = {name: from_examples(array, axis) for name, array in drawn.items() if name != "masks"}
        label, rows = on_grid["probability"].argmax(-1), []
        for k, name in enumerate(self.config.data.classes[1:], start=1):
            maps = ClassMaps(
                label=label == k,
                masks=SampleMasks(drawn["masks"][:, :, k - 1], drawn["probability"].shape[1:-1], axis),
                entropy_term=on_grid["entropy_terms"][..., k],
                predictive_entropy=on_grid["predictive_entropy"],
                mutual_information=on_grid["mutual_information"],
                voxel_volume=prepared.voxel_volume,
            )
            rows += [
                {"class": name, **row}
                for row in structure_rows(maps, min_component_voxels=self.config.prediction.min_component_voxels)
            ]
        return rows

    def maps_on_input(self, image: Volume, prepared: Volume, drawn: dict[str, np.ndarray]) -> dict[str, Volume]:
        """``label``, ``probability`` and the maps on the input's own grid; outside what the network saw is background."""
        axis = self.config.preprocessing.slice_axis
        background = np.eye(len(self.config.data.classes), dtype=np.float32)[0]

        def back(name, fill):
            return onto_grid(prepared.with_array(from_examples(drawn[name], axis)), image, fill=fill)

        probability = back("probability", background)
        label = probability.with_array(probability.array.argmax(-1).astype(np.uint8))
        return {"label": label, "probability": probability} | {name: back(name, 0) for name in self.maps}


def predict(predictor: Predictor, cases: list[Case], folder: Path, *, on_case: OnCase, overwrite: bool = False) -> Manifest:
    """Predict every case into ``folder``; cases that are complete there are kept.

    Raises:
        RunError: the folder holds something else and ``overwrite`` is not set, or another process writes it.
    """
    with exclusive(folder, "predicting into"):
        manifest = results.open_folder(folder, predictor.manifest(), overwrite=overwrite)
        for case in cases:
            if manifest.holds(case) and _is_complete(folder / case.id, predictor.maps):
                on_case(case, None)
                continue
            prediction = predict_case(predictor, case)
            with _timed(prediction.seconds, "write"):
                prediction.write(folder / case.id)
            seconds = {stage: round(value, 4) for stage, value in prediction.seconds.items()}
            manifest.add(case, seconds)
            manifest.write(folder)
            on_case(case, seconds)
    return manifest


def _is_complete(folder: Path, maps: Iterable[str]) -> bool:
    names = [f"{name}.nii.gz" for name in ("label", "probability", *maps)]
    return all((folder / name).is_file() for name in [*names, "structures.csv"])


@dataclass(frozen=True)
class Prediction:
    """One case as predicted: ``volumes`` by name on the input's own grid, the rows of its structures, seconds per stage."""

    case: str
    volumes: dict[str, Volume]
    structures: list[dict]
    seconds: dict[str, float]

    def write(self, folder: Path) -> None:
        """Write the case's folder, whole or not at all."""
        with whole_folder(folder) as part:
            for name, volume in self.volumes.items():
                write_nifti(part / f"{name}.nii.gz", volume)
            write_csv(part / "structures.csv", [{"case": self.case, **row} for row in self.structures])


def predict_case(predictor: Predictor, case: Case) -> Prediction:
    """Read and predict one case."""
    started = time.perf_counter()
    image = read_case_image(case)
    prediction = predict_image(predictor, image, case)
    prediction.seconds["read"] += time.perf_counter() - started - sum(prediction.seconds.values())
    return prediction


def predict_image(predictor: Predictor, image: Volume, case: Case) -> Prediction:
    """Predict an image that is in memory; ``case`` names it in errors and holds the label where preprocessing needs one."""
    seconds: dict[str, float] = {}
    with _timed(seconds, "read"):
        prepared = predictor.network_grid(case, image)
    with _timed(seconds, "network"), memory_errors():
        drawn = predictor.sample(prepared)
    with _timed(seconds, "measures"):
        rows = predictor.structures(prepared, drawn)
        volumes = predictor.maps_on_input(image, prepared, drawn)
    return Prediction(case.id, volumes, rows, seconds)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started


def cases_of_test_split(run: Run) -> list[Case]:
    """The cases of the run's test split.

    Raises:
        DataError: the split is empty, or a case is gone from the data set.
    """
    config, wanted = run.config, run.split["test"]
    if not wanted:
        raise DataError(f"{run.path}: the test split is empty; name files with --input, or train with data.split.test above 0")
    known = {case.id: case for case in list_cases(config.data.layout, config.data.root, config.data.label_folder)}
    missing = [case_id for case_id in wanted if case_id not in known]
    if missing:
        raise DataError(
            f"{config.data.root}: test case '{missing[0]}' is no longer there; restore it, or name files with --input"
        )
    return [known[case_id] for case_id in wanted]


def input_cases(config: Config, channels: int, inputs: tuple[Path, ...]) -> list[Case]:
    """Cases from folders in the configuration's layout, folders of files, and files.

    A network of several channels takes single files in groups of that many, in the order given.

    Raises:
        DataError: nothing to read, or files that do not make whole groups.
    """
    cases, files = [], []
    for path in inputs:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder")
        if path.is_dir():
            cases += _folder_cases(config, channels, path)
        else:
            files.append(path)
    return sorted_unique(cases + _grouped(files, channels), "--input")


def _folder_cases(config: Config, channels: int, folder: Path) -> list[Case]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and is_readable(path))
    try:
        return list_cases(config.data.layout, folder, config.data.label_folder)
    except DataError:
        if channels == 1 and files:
            return _grouped(files, 1)
        raise


def _grouped(files: list[Path], channels: int) -> list[Case]:
    if len(files) == 1 or channels == 1:
        return [Case(stem(path), (path,)) for path in files]
    if len(files) % channels:
        raise DataError(
            f"--input: {len(files)} files do not make cases of {channels} channels each; give the channels of each case in turn"
        )
    return [Case(stem(files[i]), tuple(files[i : i + channels])) for i in range(0, len(files), channels)]
