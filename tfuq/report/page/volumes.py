"""Cases of segmentation as a page shows them.

The page holds image and reference once, and label and maps of each method.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tfuq.config import with_reference_meaning
from tfuq.report.page.intensities import colour_text, colours, grey, window_text
from tfuq.report.page.sheets import (
    Window,
    choose_window,
    labelled_anywhere,
    picture,
    shades,
    to_sheet,
)
from tfuq.report.page.source import Source, by_name
from tfuq.report.slices import CaseArrays, load_case, map_scale, other_axes, shown_axis
from tfuq.runs.orientation import config_as_seen

ROOM = 900_000  # characters of a case, where nothing else is said


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

    def labels(self, array: np.ndarray) -> str:
        """A volume of classes ``[X, Y, Z]`` as the address of a picture."""
        sheet, _ = to_sheet(array, self.affine, self.window)
        return picture(sheet)

    def tones(self, array: np.ndarray) -> str:
        """A volume of tones ``[X, Y, Z(, 3)]``, uint8, as the address of a picture."""
        sheet, _ = to_sheet(array, self.affine, self.window, is_averaged=True)
        return picture(sheet, is_exact=False)

    def shades(self, array: np.ndarray, top: float) -> str:
        """A map ``[X, Y, Z]`` from 0 to ``top`` as the address of a picture."""
        sheet, _ = to_sheet(array, self.affine, self.window, is_averaged=True)
        return picture(shades(sheet, top), is_exact=False)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """A case as all methods predicted it.

    Attributes:
        arrays: By method.
        scales: By map.
        image: Its intensities as a screen shows them, ``[X, Y, Z(, 3)]``.
    """

    arrays: dict[str, CaseArrays]
    scales: dict[str, _Scale]
    image: np.ndarray

    @property
    def first(self) -> CaseArrays:
        """The case as the first method predicted it."""
        return next(iter(self.arrays.values()))

    def sheets(self, window: Window) -> dict[str, Any]:
        """Every picture of the window's slices."""
        layout = _Layout(affine=self.first.affine, window=window)
        reference = None
        if self.first.truth is not None:
            reference = layout.labels(self.first.drawn_truth)
        methods = {}
        for name, case in self.arrays.items():
            methods[name] = _method_view(case, layout, self.scales)
        return {"image": layout.tones(self.image), "reference": reference, "methods": methods}


def volume_view(sources: Sequence[Source], case_id: str, room: int = ROOM) -> dict[str, Any]:
    """Gather what the page's script shows of a case.

    Args:
        sources: Score folders or predictions of the methods.
        case_id: The case.
        room: How many characters the pictures may have. There are fewer slices, and at least one,
            where they would have more.

    Raises:
        TfuqError: A file is missing or does not fit.
    """
    arrays = by_name(sources, lambda source: _load(source, case_id))
    first = next(iter(arrays.values()))
    config = config_as_seen(sources[0].present_run)
    axis = shown_axis(config, first.affine)
    whole = choose_window(labelled_anywhere(list(arrays.values())), axis)
    scales = _scales(arrays.values(), len(config.data.classes))
    shown = _Shown(arrays=arrays, scales=scales, image=_image(first))
    window, sheets = _fitting(shown, whole, room)
    extent, aspect = to_sheet(first.label, first.affine, replace(window, slices=window.slices[:1]))
    return {
        "slices": window.slices,
        "of": window.count,
        "axis": axis,
        "step": window.step,
        "isCut": window.box is not None,
        "start": _start(first, window.slices, axis),
        "rows": extent.shape[1],
        "columns": extent.shape[2],
        "aspect": aspect,
        "window": _window_text(first),
        **sheets,
    }


def _fitting(shown: _Shown, whole: Window, room: int) -> tuple[Window, dict[str, Any]]:
    """The window with as many slices as there is room for, and its pictures."""
    index = whole.slices[_start(shown.first, whole.slices, whole.axis)]
    alone = whole.showing(1, index)
    sheets = shown.sheets(alone)
    count = room // _characters(sheets)
    if count < 2 or len(whole.slices) == 1:
        return alone, sheets
    window = whole.showing(count, index)
    return window, shown.sheets(window)


def _characters(content: Any) -> int:
    """How many characters the texts within a view have."""
    if isinstance(content, dict):
        return sum(map(_characters, content.values()))
    return len(str(content))


def _image(case: CaseArrays) -> np.ndarray:
    if case.colours is not None:
        return colours(case.colours)
    return grey(case.image)


def _window_text(case: CaseArrays) -> str:
    if case.colours is not None:
        return colour_text(case.colours)
    text = window_text(case.image)
    if case.channels > 1:
        return f"channel 1 of {case.channels}, {text}"
    return text


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


def _load(source: Source, case_id: str) -> CaseArrays:
    manifest = source.present_manifest
    entries = manifest.cases.items()
    chosen = {name: entry for name, entry in entries if name == case_id}
    manifest = replace(manifest, cases=chosen)
    meaning = [source.summary[name] for name in ("label_values", "structure_names")]
    config = with_reference_meaning(source.present_run.config, *meaning)
    (case,) = source.volumes(manifest)
    return load_case(source.predictions, case, config)


def _start(case: CaseArrays, slices: list[int], axis: int) -> int:
    """Which of the slices to show first.

    It is the one with the most wrong voxels, without a reference the least certain one; where none
    is wrong or uncertain, the one with the most labelled voxels.
    """
    others = other_axes(axis)
    amounts = (case.label > 0).sum(others)
    if case.truth is not None:
        wrong = case.is_wrong.sum(others)
        if wrong[slices].any():
            amounts = wrong
    elif case.maps:
        amounts = next(iter(case.maps.values())).sum(others)
    return int(np.argmax(amounts[slices]))


def _method_view(case: CaseArrays, layout: _Layout, scales: dict[str, _Scale]) -> dict[str, Any]:
    maps = {}
    for name, values in case.maps.items():
        sheet = layout.shades(values, scales[name].top)
        maps[name] = {"sheet": sheet, **asdict(scales[name])}
    return {"label": layout.labels(case.label), "maps": maps}
