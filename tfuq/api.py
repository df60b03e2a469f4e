"""tfuq from Python: ``tfuq.load(run).predict(volume)`` and ``tfuq.train(config)``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from matplotlib.figure import Figure

from tfuq import config as configuration
from tfuq import prediction as predicting
from tfuq import runs, training
from tfuq.config import Combine, Config, Precision, SkipEmpty, Tta
from tfuq.data.cases import Case, read_case_image
from tfuq.data.events import SILENT, CasePredicted, Observer
from tfuq.data.readers import stem
from tfuq.data.volume import Volume
from tfuq.data.writers import whole_set, write_csv
from tfuq.prediction.on_input import HeldMaps
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.prediction.tables import TablePredictor
from tfuq.prediction.timing import timed
from tfuq.report.overview import overview
from tfuq.report.slices import MEAN, SHOWN_MAPS, CaseArrays
from tfuq.runs import RUNS, Run
from tfuq.runs.models import open_model

Row = dict[str, Any]  # of a table: text, numbers, or None


class PredictedVolume:
    """What a run makes of one volume, on the volume's own grid."""

    def __init__(self, prediction: predicting.Prediction, image: Volume, config: Config) -> None:
        """Take a prediction, and hold its maps in memory.

        Args:
            prediction: What was predicted.
            image: The volume as it was given.
            config: The configuration of the run.
        """
        self._held = HeldMaps.of(prediction.maps, image)
        self._prediction = replace(prediction, maps=self._held)
        self._image = image
        self._config = config

    def __getitem__(self, name: str) -> np.ndarray:
        """A map by its name.

        Args:
            name: ``label``, ``probability``, or that of an uncertainty map.

        Returns:
            ``[X, Y, Z]``, or ``[X, Y, Z, K]`` of ``probability``.
        """
        return self._held.volumes[name].array

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """Every map by name."""
        return {name: volume.array for name, volume in self._held.volumes.items()}

    @property
    def affine(self) -> np.ndarray:
        """Voxel indices to millimetres, as in the volume that was given.

        They are pixels instead, of a plain image without ``data.pixel_mm``.
        """
        return self._image.affine

    @property
    def structures(self) -> list[Row]:
        """A row per class and connected component, as in ``structures.csv``.

        `pandas.DataFrame` takes it as it is.
        """
        return self._prediction.structures

    def save(self, folder: str | Path) -> Path:
        """Write the files that ``tfuq predict`` writes for a case.

        Args:
            folder: The folder, which this replaces.
        """
        self._prediction.write(Path(folder))
        return Path(folder)

    def plot(self) -> Figure:
        """Plot image, label and maps at the slice with the most labelled area."""
        maps = {}
        for name in SHOWN_MAPS:
            if name in self.maps:
                maps[name] = self[name]
        foreground = {}
        if "probability" in self.maps:
            foreground[MEAN] = 1 - self["probability"][..., 0]
        case = CaseArrays(
            id=self._prediction.case,
            affine=self._image.affine,
            image=self._image.array[..., 0],
            truth=None,
            label=self["label"],
            maps=maps,
            foreground=foreground,
        )
        return overview(case, self._config, self._prediction.case)


class PredictedTable:
    """What a run of classification or landmarks makes of one image.

    Attributes:
        tables: Rows by the name of the file that they make.
    """

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        """Take the tables of one image."""
        self.tables = tables

    @property
    def rows(self) -> list[Row]:
        """The rows of the first table: the class, or a row per landmark.

        `pandas.DataFrame` takes them as they are.
        """
        return next(iter(self.tables.values()))

    def save(self, folder: str | Path) -> Path:
        """Write the tables that ``tfuq predict`` writes."""
        with whole_set(Path(folder)) as unfinished:
            for name, rows in self.tables.items():
                write_csv(unfinished / name, rows)
        return Path(folder)


class LoadedRun:
    """A trained run; networks are built once for each way of sampling and kept."""

    def __init__(self, run: Run, *, refuses_unlike: bool = False) -> None:
        """Take a run; nothing is read yet.

        Args:
            run: The run.
            refuses_unlike: Whether volumes are refused whose voxels or field of view are unlike
                those of the training images.
        """
        self.run = run
        self._refuses_unlike = refuses_unlike
        self._predictors: dict[predicting.Request, predicting.AnyPredictor] = {}

    def predict(
        self,
        volume: str | Path | Volume,
        *,
        method: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        mask: str | Path | None = None,
        calibrated: bool = False,
        allow_missing: bool = False,
        precision: Precision | None = None,
        skip_empty: SkipEmpty | None = None,
        tta: Tta | None = None,
        combine: Combine | None = None,
        observer: Observer = SILENT,
    ) -> PredictedVolume | PredictedTable:
        """Predict a volume or an image; the configuration has the values that are not given.

        Args:
            volume: A file, or a `Volume` ``[X, Y, Z, C]``; of an image, ``[rows, columns, 1, C]``.
            method: The sampling method.
            samples: T, the number of samples.
            seed: The seed of the samples.
            mask: The file of where to look, for runs that crop to labels.
            calibrated: Whether the calibration for these samples is applied.
            allow_missing: Whether members that have not finished training may be missing.
            precision: The type that convolutions are computed in.
            skip_empty: Which windows count as empty, ``never`` or a share of the scan's range.
            tta: The test-time augmentation, ``none``, ``flips``, ``affine`` or ``flips+affine``.
            combine: How samples become one probability: ``mean``, ``logits``, ``majority``,
                ``staple`` or ``weighted``.
            observer: Is notified of the `CasePredicted`.

        Raises:
            TfuqError: What the command line would refuse.
        """
        request = predicting.request_of(
            self.run.config,
            method or self.run.config.method,
            samples,
            seed,
            allow_missing=allow_missing,
            precision=precision,
            skip_empty=skip_empty,
            tta=tta,
            combine=combine,
        )
        request = replace(request, is_calibrated=calibrated, refuses_unlike=self._refuses_unlike)
        predictor = self._predictor(request)
        case = self._case(volume)
        if predictor.calibration:
            predictor.calibration.refuse_overlap([case])
        image = _image(volume, case)
        if mask:
            (case,) = predicting.with_masks(self.run.config, [case], Path(mask))
        seconds: dict[str, float] = {}
        with timed(seconds, "prediction"):
            predicted = self._predicted(predictor, case, image)
        observer.notify(CasePredicted(case=case.id, seconds=seconds))
        return predicted

    def _predicted(
        self,
        predictor: predicting.AnyPredictor,
        case: Case,
        image: Volume,
    ) -> PredictedVolume | PredictedTable:
        if isinstance(predictor, TablePredictor):
            return PredictedTable(predictor.predict_images([case], [image]))
        volumes = cast(VolumePredictor, predictor)
        with predicting.predict_image(volumes, image, case) as prediction:
            return PredictedVolume(prediction, image, predictor.config)

    def _case(self, volume: str | Path | Volume) -> Case:
        if isinstance(volume, Volume):
            return Case(id="volume", images=())
        path = Path(volume)
        return Case(id=stem(path), images=(path,), pixel_mm=self.run.config.data.pixel_mm)

    def _predictor(self, request: predicting.Request) -> predicting.AnyPredictor:
        if request not in self._predictors:
            self._predictors[request] = predicting.make_predictor(self.run, request)
        return self._predictors[request]


def _image(volume: str | Path | Volume, case: Case) -> Volume:
    if isinstance(volume, Volume):
        return volume
    return read_case_image(case)


def load(run: str | Path) -> LoadedRun:
    """Open a run folder.

    Raises:
        RunError: It holds no run.
    """
    return LoadedRun(runs.open_run(Path(run)))


def load_model(source: str | Path) -> LoadedRun:
    """Open a model.

    Args:
        source: The name of one that comes with tfuq, or its folder.

    Raises:
        RunError: There is none, or a file of it is not as it was packed.
    """
    model = open_model(str(source))
    return LoadedRun(model.run, refuses_unlike=model.refuses_unlike)


def train(
    config: str | Config,
    *,
    run: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    **options: Any,
) -> LoadedRun:
    """Train a configuration.

    Args:
        config: Its name, its file, or a `Config`.
        run: The run's folder; ``runs/NAME/METHOD`` if None.
        overrides: Keys of a name or a file to set, as ``KEY=VALUE``.
        options: As of `tfuq.training.train`, such as ``observer``.

    Returns:
        The run.
    """
    settings = _settings(config, overrides)
    path = RUNS / settings.name / settings.method
    if run:
        path = Path(run)
    return LoadedRun(training.train(settings, path, **options))


def _settings(config: str | Config, overrides: tuple[str, ...]) -> Config:
    if isinstance(config, Config):
        return config
    return configuration.load(config, overrides)
