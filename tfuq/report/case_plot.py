"""Figures of one slice of a case, by one method or by several side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from tfuq.config import Config
from tfuq.data.preprocessing import PADDING
from tfuq.report.agreement import AGREEMENT_COLOURS, AGREEMENTS, agreement
from tfuq.report.histograms import count_pair, edges_of, plot_density
from tfuq.report.overview import overview
from tfuq.report.plotting import RIGHT, WRONG, file_names, make_logarithmic
from tfuq.report.scored import NamedFigures
from tfuq.report.slices import MEAN, SHOWN_MAPS, CaseArrays, Place, class_colours, map_scale
from tfuq.report.strips import Example, differences, grid_of, row_title, volume_strip

_VARIATION_RATIO = "variation_ratio"
_RATIO_BINS = 20


def slice_figures(cases: Mapping[str, CaseArrays], config: Config, place: Place) -> NamedFigures:
    """Plot a slice of a case: all that each method says of it, and the methods side by side.

    Args:
        cases: The case by each method.
        config: The configuration of a run; all have the same classes.
        place: Of the slice.
    """
    classes = config.data.classes
    names = file_names(cases)
    for method, case in cases.items():
        yield f"slice-{names[method]}", overview(case, config, f"{case.id}, {method}", place)
    examples = {method: _example(case, place) for method, case in cases.items()}
    case_id = next(iter(cases.values())).id
    title = f"{case_id}, {place}"
    if len(cases) > 1:
        figure = volume_strip(examples, len(classes), title, SHOWN_MAPS)
        _add_legend(figure, classes, has_truth="truth" in next(iter(examples.values())))
        yield "methods", figure
    maps = [name for name in SHOWN_MAPS if all(name in example for example in examples.values())]
    if maps:
        yield "histograms", _histograms(examples, maps, len(classes), title)
    if all("truth" in example for example in examples.values()):
        ratios = [_ratios_of_wrong(example) for example in examples.values()]
        yield "difference", differences(examples, ratios, title)
    for method, case in cases.items():
        if case.member_labels:
            members = _member_examples(case, place)
            figure = volume_strip(members, len(classes), f"{title}, {method}", ())
            _add_legend(figure, classes, has_truth=case.truth is not None)
            yield f"members-{names[method]}", figure


def _example(case: CaseArrays, place: Place) -> Example:
    """The planes of a case by name, as `volume_strip` takes them."""
    example = _plane_of_label(case, place, case.label)
    if MEAN in case.foreground:
        example[MEAN] = place.cut(case.foreground[MEAN])
    for name in case.maps:
        example[name] = place.cut(case.maps[name])
    return example


def _member_examples(case: CaseArrays, place: Place) -> dict[str, Example]:
    """The planes by each member."""
    examples = {}
    for name in case.member_labels:
        example = _plane_of_label(case, place, case.member_labels[name])
        example[MEAN] = place.cut(case.foreground[name])
        examples[name.replace("-", " ")] = example
    return examples


def _plane_of_label(case: CaseArrays, place: Place, label: np.ndarray) -> Example:
    """The planes of the image, the reference where there is one, and a label."""
    plane = place.cut(label)
    example = {
        "image": place.cut(case.image),
        "label": plane,
        "affine": case.affine,
        "axis": np.array(place.axis),
    }
    if case.truth is not None:
        example["truth"] = place.cut(case.truth)
        example["agreement"] = agreement(plane, example["truth"])
    return example


def _add_legend(figure: Figure, classes: Sequence[str], *, has_truth: bool) -> None:
    """Name the colours of classes and, with a reference, of how a prediction agrees with it."""
    colours = class_colours(len(classes))
    handles = [Patch(color=colours(k), label=name) for k, name in enumerate(classes)]
    if has_truth:
        for number, name in enumerate(AGREEMENTS):
            handles.append(Patch(color=AGREEMENT_COLOURS(number), label=f"agreement: {name}"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=7)


def _histograms(
    examples: Mapping[str, Example], maps: Sequence[str], classes: int, title: str
) -> Figure:
    """Plot each map over the voxels of the slice; right and wrong ones apart where that is known.

    Args:
        examples: Planes by method.
        maps: The names of maps that all of them have.
        classes: The number of classes.
        title: Of the figure.
    """
    figure, axes = grid_of(examples, len(maps), title)
    for name, line in zip(maps, axes, strict=True):
        for example, panel in zip(examples.values(), line, strict=True):
            _plot_histogram(panel, example, name, classes)
        row_title(line[0], name)
    return figure


def _plot_histogram(axes: Axes, example: Example, name: str, classes: int) -> None:
    unit, top = map_scale(name, classes)
    edges = edges_of(name, classes)
    values = example[name].ravel()
    is_known, is_wrong = _known_and_wrong(example)
    right, wrong = count_pair(values, is_known, is_wrong, top)
    if "truth" in example:
        plot_density(axes, right, edges, RIGHT, "correct")
        plot_density(axes, wrong, edges, WRONG, "wrong")
    else:
        plot_density(axes, right, edges, RIGHT, "all")
    make_logarithmic(axes, "y")
    axes.set_xlabel(unit, fontsize=8)
    axes.tick_params(which="both", labelsize=6)
    axes.legend(fontsize=6)


def _known_and_wrong(example: Example) -> tuple[np.ndarray, np.ndarray]:
    """Which voxels of a slice have a reference, and which of these are wrong, bool ``[n]`` each.

    Without a reference all voxels count, and none is wrong.
    """
    label = example["label"].ravel()
    if "truth" not in example:
        return np.ones(label.size, bool), np.zeros(label.size, bool)
    truth = example["truth"].ravel()
    is_known = truth != PADDING
    return is_known, is_known & (truth != label)


def _ratios_of_wrong(example: Example) -> list[int] | None:
    """Counts of the wrong voxels of a slice by variation ratio; None without such a map."""
    if _VARIATION_RATIO not in example:
        return None
    _, is_wrong = _known_and_wrong(example)
    ratios = example[_VARIATION_RATIO].ravel()[is_wrong]
    counts, _ = np.histogram(ratios, _RATIO_BINS, (0, 1))
    found: list[int] = counts.tolist()
    return found
