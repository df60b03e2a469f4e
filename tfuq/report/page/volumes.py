"""Cases of segmentation as a page shows them: image and reference once, label and maps of each method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tfuq.config import with_label_values
from tfuq.report.page.sheets import choose_window, grey, labelled_anywhere, picture, shades, to_sheet
from tfuq.report.page.sources import Scored
from tfuq.report.segmentation import CaseArrays, load_case, map_scale
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

    scales = _scales(arrays.values(), len(config.data.classes))
    image, aspect = to_sheet(grey(first.image), first.affine, window)
    return {
        "slices": window.slices, "of": window.of, "axis": axis, "step": window.step, "start": _start(first, window.slices, axis),
        "rows": image.shape[1], "columns": image.shape[2], "aspect": aspect,
        "image": picture(image), "reference": picture(sheet(first.truth)),
        "methods": {name: _method_view(case, sheet, scales) for name, case in arrays.items()},
    }  # fmt: skip


def _scales(cases: Iterable[CaseArrays], classes: int) -> dict[str, dict]:
    """Of each map: the largest value, over the methods so that their colours mean the same, the largest there can be, the unit."""
    scales: dict[str, dict] = {}
    for case in cases:
        for name, values in case.maps.items():
            unit, full = map_scale(name, classes)
            top = max(scales.get(name, {}).get("top", 0.0), float(values.max()))
            scales[name] = {"top": top, "full": full, "unit": unit}
    return {name: scale | {"top": scale["top"] or scale["full"]} for name, scale in scales.items()}


def _load(source: Scored, case_id: str) -> CaseArrays:
    entries = {name: entry for name, entry in source.manifest.cases.items() if name == case_id}
    config = with_label_values(source.run.config, source.summary["label_values"])
    (case,) = cases_with_references(replace(source.manifest, cases=entries), config, source.reference)
    return load_case(source.predictions, case, config)


def _start(case: CaseArrays, slices: list[int], axis: int) -> int:
    """Which of the slices to show first: the one with the most voxels that are wrong, else the one with the most labelled."""
    others = tuple(a for a in range(3) if a != axis)
    wrong = (case.truth != case.label).sum(others)[slices]
    return int(np.argmax(wrong if wrong.any() else (case.label > 0).sum(others)[slices]))


def _method_view(case: CaseArrays, sheet, scales: dict[str, dict]) -> dict:
    maps = {n: {"sheet": picture(sheet(shades(values, scales[n]["top"]))), **scales[n]} for n, values in case.maps.items()}
    return {"label": picture(sheet(case.label)), "maps": maps}
