"""Calibration of a classification: scaling, and sets of classes."""

from __future__ import annotations

import numpy as np

from tfuq.calibration import conformal
from tfuq.calibration.observed import WHOLE, part_of
from tfuq.calibration.quality_kinds import WRONG_CLASS
from tfuq.calibration.records import Conformal, Scaling, Sizes
from tfuq.data.cases import Case
from tfuq.data.sets.classification import class_of
from tfuq.data.volume import Volume
from tfuq.prediction import Request
from tfuq.runs import Run
from tfuq.runs.results import PREDICTIONS
from tfuq.scoring.sizes import set_size
from tfuq.tasks.records import ClassStatistics, gathered
from tfuq.workflows.calibrate.fit import TASK_FITS, Arrays, Choices, ScalingSamples, TableFit


@TASK_FITS.register("classification")
class ClassificationFit(TableFit[ClassStatistics]):
    """See `tfuq.workflows.calibrate.fit.Fit`."""

    scalings = ("temperature", "vector")
    quality = WRONG_CLASS

    def __init__(self, run: Run, request: Request, choices: Choices) -> None:
        """Begin with no case; arguments as in `tfuq.workflows.calibrate.fit.Fit`."""
        self._samples = ScalingSamples(choices.kind)
        super().__init__(run, request, choices, [self._samples.reducer])
        self._p: list[np.ndarray] = []  # [n, K] of each batch

    def add(self, cases: list[Case], images: list[Volume], statistics: ClassStatistics) -> None:
        """Gather the samples' probabilities, and those of their mean."""
        truth = np.array([class_of(self.config, case) for case in cases])
        self._samples.add(gathered(statistics.picked, "picked"), truth)
        self._p.append(statistics.probability)
        wrong = statistics.probability.argmax(1) != truth
        for number, (case, image) in enumerate(zip(cases, images, strict=True)):
            (row,) = self.predictor.rows(case, image, statistics.example(number))[PREDICTIONS]
            part = part_of(WHOLE, row, "image", quality=float(wrong[number]))
            self.observe(case, self.unlike_training(image), [part])

    def stored(self) -> Arrays:
        """See `tfuq.workflows.calibrate.fit.Fit`."""
        return {"probability": np.concatenate(self._p), **self._samples.stored()}

    def add_stored(self, arrays: Arrays) -> None:
        """See `tfuq.workflows.calibrate.fit.Fit`."""
        self._p.append(arrays["probability"])
        self._samples.add_stored(arrays)

    def scaling(self) -> Scaling:
        """The best scaling."""
        return self._samples.fit()

    def thresholds(self) -> Conformal:
        """Quantiles of the scores of the true classes, by rule."""
        p = np.concatenate(self._p)
        y = self._samples.truth()
        quantiles: dict[conformal.SetRule, float] = {}
        sizes: dict[str, Sizes] = {}
        for rule in conformal.SET_RULES:
            scores = conformal.class_scores(p, rule)
            true = scores[np.arange(len(y)), y]
            quantiles[rule] = conformal.conformal_quantile(true, self.alpha)
            sets = conformal.prediction_sets(p, rule, quantiles[rule])
            sizes[rule] = {"set": set_size(sets)}
        return Conformal(alpha=self.alpha, sets=quantiles, sizes=sizes)
