"""tfuq from Python: ``tfuq.load(run).predict(volume)`` and ``tfuq.train(config)``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tfuq import config as configuration
from tfuq import prediction as predicting
from tfuq import runs, training
from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image
from tfuq.data.readers import stem
from tfuq.data.volume import Volume
from tfuq.data.writers import whole_set, write_csv
from tfuq.measures.voxel import UNCERTAINTY_MAPS
from tfuq.prediction.tables import TablePredictor
from tfuq.report.overview import overview
from tfuq.report.slices import CaseArrays
from tfuq.runs import RUNS, Run


class PredictedVolume:
    """What a run makes of one volume, on the volume's own grid."""

    def __init__(self, prediction: predicting.Prediction, image: Volume, config: Config):
        self._prediction, self._image, self._config = prediction, image, config

    def __getitem__(self, name: str) -> np.ndarray:
        """The map of a name: ``label [X, Y, Z]``, ``probability [X, Y, Z, K]``, or an uncertainty map ``[X, Y, Z]``."""
        return self._prediction.volumes[name].array

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """Every map by name."""
        return {name: volume.array for name, volume in self._prediction.volumes.items()}

    @property
    def affine(self) -> np.ndarray:
        """Voxel indices to millimetres (pixels, of a plain image without ``data.pixel_mm``), as in the volume that was given."""
        return self._image.affine

    @property
    def structures(self) -> list[dict]:
        """A row per class and connected component, as in ``structures.csv``; `pandas.DataFrame` takes it as it is."""
        return self._prediction.structures

    def save(self, folder: str | Path) -> Path:
        """Write the files that ``tfuq predict`` writes for a case, into a folder that this replaces."""
        self._prediction.write(Path(folder))
        return Path(folder)

    def plot(self):
        """A matplotlib figure: image, label and maps at the slice with the most labelled area."""
        maps = {name: self[name] for name in UNCERTAINTY_MAPS if name in self.maps}
        case = CaseArrays(
            id=self._prediction.case,
            affine=self._image.affine,
            image=self._image.array[..., 0],
            truth=None,
            label=self["label"],
            maps=maps,
        )
        return overview(case, self._config, self._prediction.case)


class PredictedTable:
    """What a run of classification or landmarks makes of one image."""

    def __init__(self, tables: dict[str, list[dict]]):
        self.tables = tables  # rows by the name of the file that they make

    @property
    def rows(self) -> list[dict]:
        """The rows of the first table: the class, or a row per landmark; `pandas.DataFrame` takes them as they are."""
        return next(iter(self.tables.values()))

    def save(self, folder: str | Path) -> Path:
        """Write the tables that ``tfuq predict`` writes."""
        with whole_set(Path(folder)) as part:
            for name, rows in self.tables.items():
                write_csv(part / name, rows)
        return Path(folder)


class LoadedRun:
    """A trained run; networks are built once for each way of drawing and kept."""

    def __init__(self, run: Run):
        self.run = run
        self._predictors: dict[predicting.Request, predicting.Predictor] = {}

    def predict(self, volume: str | Path | Volume, *, method: str | None = None, samples: int | None = None,
                seed: int | None = None, mask: str | Path | None = None, calibrated: bool = False,
                allow_missing: bool = False) -> PredictedVolume | PredictedTable:  # fmt: skip
        """Predict a file, or a `Volume` ``[X, Y, Z, C]`` (of an image, ``[rows, columns, 1, C]``); what is not given is as the
        run's configuration has it. ``mask``: file of where to look, for runs that crop to labels. ``calibrated``: apply what
        ``tfuq calibrate`` found for these draws. ``allow_missing``: do without members that have not finished training.

        Raises:
            TfuqError: what the command line would refuse.
        """
        chosen = method or self.run.config.method
        request = predicting.request_of(self.run.config, chosen, samples, seed, allow_missing=allow_missing)
        predictor = self._predictor(replace(request, is_calibrated=calibrated))
        case = Case("volume", ()) if isinstance(volume, Volume) else self._case(Path(volume))
        if predictor.calibration:
            predictor.calibration.refuse_overlap([case])
        image = volume if isinstance(volume, Volume) else read_case_image(case)
        (case,) = predicting.with_masks(self.run.config, [case], Path(mask)) if mask else [case]
        if isinstance(predictor, TablePredictor):
            return PredictedTable(predictor.predict_images([case], [image]))
        return PredictedVolume(predicting.predict_image(predictor, image, case), image, self.run.config)

    def _case(self, path: Path) -> Case:
        return Case(stem(path), (path,), pixel_mm=self.run.config.data.pixel_mm)

    def _predictor(self, request: predicting.Request) -> predicting.Predictor:
        if request not in self._predictors:
            self._predictors[request] = predicting.make_predictor(self.run, request)
        return self._predictors[request]


def load(run: str | Path) -> LoadedRun:
    """Open a run folder.

    Raises:
        RunError: it holds no run.
    """
    return LoadedRun(runs.open_run(Path(run)))


def train(config: str | Config, *, run: str | Path | None = None, overrides: tuple[str, ...] = (), **options) -> LoadedRun:
    """Train a configuration (a name, a file or a `Config`) and return the run; ``options`` as `tfuq.training.train`."""
    settings = config if isinstance(config, Config) else configuration.load(config, overrides)
    path = Path(run) if run else RUNS / settings.name / settings.method
    return LoadedRun(training.train(settings, path, **options))
