"""Cases of segmentation as a page shows them.

The page holds image and reference once, and label and maps of each method.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tfuq.config import with_reference_meaning
from tfuq.report.page.sheets import (
    Window,
    choose_window,
    grey,
    labelled_anywhere,
    picture,
    shades,
    to_sheet,
)
from tfuq.report.page.sources import Scored, by_name
from tfuq.report.slices import CaseArrays, load_case, map_scale, other_axes, shown_axis
from tfuq.runs.orientation import config_as_seen
from tfuq.scoring.evaluation import cases_with_references


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Of a map: the largest value in the case, the largest possible value, and the unit."""

    top: float
    full: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How volumes of a case become sheets of slices."""

    affine: np.ndarray
    window: Window

    def picture(self, array: np.ndarray) -> str:
        """A volume ``[X, Y, Z]``, uint8, as the address of a picture."""
        sheet, _ = to_sheet(array, self.affine, self.window)
        return picture(sheet)


def volume_view(sources: Sequence[Scored], case_id: str) -> dict[str, Any]:
    """Gather what the page's script shows of a case.

    Args:
        sources: The score folders of the methods.
        case_id: The case.

    Raises:
        TfuqError: A file is missing or does not fit.
    """
    arrays = by_name(sources, lambda source: _load(source, case_id))
    first = next(iter(arrays.values()))
    config = config_as_seen(sources[0].present_run)
    axis = shown_axis(config, first.affine)
    is_labelled = labelled_anywhere(list(arrays.values()))
    window = choose_window(is_labelled, axis)
    layout = _Layout(affine=first.affine, window=window)
    scales = _scales(arrays.values(), len(config.data.classes))
    image, aspect = to_sheet(grey(first.image), first.affine, window)
    return {
        "slices": window.slices,
        "of": window.count,
        "axis": axis,
        "step": window.step,
        "start": _start(first, window.slices, axis),
        "rows": image.shape[1],
        "columns": image.shape[2],
        "aspect": aspect,
        "image": picture(image),
        "reference": layout.picture(first.drawn_truth),
        "methods": {name: _method_view(case, layout, scales) for name, case in arrays.items()},
    }


def _scales(cases: Iterable[CaseArrays], classes: int) -> dict[str, _Scale]:
    """The scale of each map, one over the methods so that their colours mean the same."""
    tops: dict[str, float] = {}
    for case in cases:
        for name, values in case.maps.items():
            tops[name] = max(tops.get(name, 0.0), float(values.max()))
    scales = {}
    for name, top in tops.items():
        unit, full = map_scale(name, classes)
        scales[name] = _Scale(top=top or full, full=full, unit=unit)
    return scales


def _load(source: Scored, case_id: str) -> CaseArrays:
    manifest = source.present_manifest
    entries = manifest.cases.items()
    chosen = {name: entry for name, entry in entries if name == case_id}
    manifest = replace(manifest, cases=chosen)
    meaning = [source.summary[name] for name in ("label_values", "structure_names")]
    config = with_reference_meaning(source.present_run.config, *meaning)
    (case,) = cases_with_references(manifest, config, source.reference)
    return load_case(source.predictions, case, config)


def _start(case: CaseArrays, slices: list[int], axis: int) -> int:
    """Which of the slices to show first.

    It is the one with the most wrong voxels; where none is wrong, with the most labelled ones.
    """
    others = other_axes(axis)
    wrong = case.is_wrong.sum(others)[slices]
    if wrong.any():
        return int(np.argmax(wrong))
    return int(np.argmax((case.label > 0).sum(others)[slices]))


def _method_view(case: CaseArrays, layout: _Layout, scales: dict[str, _Scale]) -> dict[str, Any]:
    maps = {}
    for name, values in case.maps.items():
        sheet = layout.picture(shades(values, scales[name].top))
        maps[name] = {"sheet": sheet, **asdict(scales[name])}
    return {"label": layout.picture(case.label), "maps": maps}
