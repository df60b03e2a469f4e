"""Checks that ask the network itself: a case or a few are predicted, twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfuq.data.cases import read_case_image
from tfuq.data.preprocessing import to_examples
from tfuq.doctor.finding import Finding
from tfuq.errors import TfuqError
from tfuq.posterior import METHOD_TRAITS
from tfuq.prediction import Predictor, Request, cases_of_test_split, make_predictor
from tfuq.prediction.predictor import Drawn
from tfuq.runs import Run

_SAMPLES = 2
_SPREADS = ("standard_deviation", "landmarks")


def network_findings(run: Run) -> Iterator[Finding]:
    """What two predictions of the same, in batches of another size, find."""
    try:
        small = _draw(run, 1)
        large = _draw(run, 4 * run.config.chunk)
    except TfuqError as error:
        why = "the network could not be asked, so its samples and batches are not checked"
        yield Finding("batches", "caution", str(error), why, "mend this first, then run tfuq doctor again")
        return
    yield from predictions_depend_on_the_batch(small, large)
    if METHOD_TRAITS[run.config.method].is_random:
        yield from draws_do_not_differ(run, small)


def _draw(run: Run, batch: int) -> Drawn:
    predictor = make_predictor(run, Request(run.config.method, _SAMPLES, run.config.prediction.seed, batch, allow_missing=True))
    return predictor.draw(_examples(predictor))


def _examples(predictor: Predictor) -> np.ndarray:
    """A volume's slices or patches, or enough images for a second batch."""
    config, cases = predictor.config, cases_of_test_split(predictor.run)
    if config.task == "segmentation":
        volume = predictor.network_grid(cases[0], read_case_image(cases[0]))
        return np.ascontiguousarray(to_examples(volume.array, config.preprocessing.slice_axis))
    volumes = [predictor.network_grid(case, read_case_image(case)) for case in cases[: 2 * config.chunk]]
    return np.stack([volume.array[:, :, 0] for volume in volumes])


def predictions_depend_on_the_batch(small: Drawn, large: Drawn) -> Iterator[Finding]:
    """The same seed, the same images, other batches: the bytes must be the same."""
    differing = [name for name in small if small[name].tobytes() != large[name].tobytes()]
    if differing:
        gap = max(float(np.abs(small[name].astype(float) - large[name]).max()) for name in differing)
        yield Finding(
            "batches",
            "fault",
            f"{', '.join(differing)} differ by up to {gap:.3g} when the same images are predicted in batches of another size",
            "a patient's result then depends on who else is in the batch, and cannot be repeated",
            "look for a layer that mixes images, such as a batch normalization in training mode; report it if it is tfuq's own",
        )


def draws_do_not_differ(run: Run, drawn: Drawn) -> Iterator[Finding]:
    """Two samples that are one."""
    (name,) = (name for name in _SPREADS if name in drawn)
    spread = np.ptp(drawn[name], axis=1) if name == "landmarks" else drawn[name]
    if not spread.any():
        yield Finding(
            "samples",
            "fault",
            f"{run.path}: two samples of {run.config.method} are the same",
            "epistemic uncertainty is the disagreement of samples; of copies it is zero, whatever the network does not know",
            "look at network.level_dropout (0 drops nothing), at the members, or at the widths of the weights",
        )
