"""Cases of segmentation as a page shows them: image and reference once, label and maps of each method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tfuq.report.page.sheets import choose_window, grey, labelled_anywhere, picture, shades, to_sheet
from tfuq.report.page.sources import Scored
from tfuq.report.segmentation import MAPS, CaseArrays, load_case
from tfuq.scoring.evaluation import cases_with_references


def volume_view(sources: list[Scored], case_id: str) -> dict:
    """What the page's script draws a case from.

    Raises:
        TfuqError: a file is missing or does not fit.
    """
    arrays = {source.name: _load(source, case_id) for source in sources}
    first, config = next(iter(arrays.values())), sources[0].run.config
    axis = 2 if config.preprocessing.slice_axis is None else config.preprocessing.slice_axis
    window = choose_window(labelled_anywhere(list(arrays.values())), axis)

    def sheet(array):
        return to_sheet(array, first.affine, window)[0]

    tops = _tops(arrays.values(), len(config.data.classes))
    image, aspect = to_sheet(grey(first.image), first.affine, window)
    return {
        "slices": window.slices, "of": window.of, "axis": axis, "step": window.step, "start": _start(first, window.slices, axis),
        "rows": image.shape[1], "columns": image.shape[2], "aspect": aspect,
        "image": picture(image), "reference": picture(sheet(first.truth)),
        "methods": {name: _method_view(case, sheet, tops) for name, case in arrays.items()},
    }  # fmt: skip


def _tops(cases: Iterable[CaseArrays], classes: int) -> dict[str, tuple[float, float]]:
    """The largest value of each map, over the methods so that their colours mean the same, and the largest there can be."""
    tops: dict[str, tuple[float, float]] = {}
    for case in cases:
        for name, values in case.maps.items():
            full = float(MAPS[name][1](classes))
            tops[name] = max(tops.get(name, (0.0, full))[0], float(values.max())), full
    return {name: (top or full, full) for name, (top, full) in tops.items()}


def _load(source: Scored, case_id: str) -> CaseArrays:
    entries = {name: entry for name, entry in source.manifest.cases.items() if name == case_id}
    (case,) = cases_with_references(replace(source.manifest, cases=entries), source.run.config, source.reference)
    return load_case(source.predictions, case, source.run.config)


def _start(case: CaseArrays, slices: list[int], axis: int) -> int:
    """Which of the slices to show first: the one with the most voxels that are wrong, else the one with the most labelled."""
    others = tuple(a for a in range(3) if a != axis)
    wrong = (case.truth != case.label).sum(others)[slices]
    return int(np.argmax(wrong if wrong.any() else (case.label > 0).sum(others)[slices]))


def _method_view(case: CaseArrays, sheet, tops: dict[str, tuple[float, float]]) -> dict:
    maps = {}
    for name, values in case.maps.items():
        top, full = tops[name]
        maps[name] = {"sheet": picture(sheet(shades(values, top))), "top": top, "full": full, "unit": MAPS[name][0]}
    return {"label": picture(sheet(case.label)), "maps": maps}
