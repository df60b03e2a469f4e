"""The figures of the landmarks of a predicted case, by one method or by several."""

from __future__ import annotations

from pathlib import Path

from tfuq import runs
from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image
from tfuq.data.channels import name_key
from tfuq.data.layouts import cases_of
from tfuq.data.sets.landmarks import reference_points
from tfuq.errors import DataError, resembling
from tfuq.report.landmark_figures import sampled_overlay, sampled_points
from tfuq.report.landmark_strip import MOST_LANDMARKS, landmark_strip
from tfuq.report.plotting import file_names
from tfuq.report.scored import NamedFigures
from tfuq.report.shown_case import ShownCase
from tfuq.report.strips import Example
from tfuq.runs import results


def landmark_case_figures(shown: ShownCase) -> NamedFigures:
    """Plot all landmarks of a case by each method, and a few of them by all methods side by side.

    Args:
        shown: The case, and which landmarks to show side by side.

    Raises:
        DataError: The case or a landmark is not there, a slice is asked for, too many landmarks
            are, or the predictions have other landmarks than the first.
        RunError: A table is damaged.
    """
    for option, value in (("--axis", shown.axis), ("--slice", shown.index)):
        if value is not None:
            raise DataError(f"{option} {value}: pictures have no slices; leave it out")
    examples = {}
    names: list[str] = []
    for method, folder in shown.folders.items():
        manifest = results.read_manifest(folder)
        config = runs.open_run(Path(manifest.run)).config
        names = names or config.data.landmarks
        if config.data.landmarks != names:
            raise DataError(
                f"{folder}: its run has other landmarks than that of the first predictions; "
                "plot them apart"
            )
        examples[method] = _example(folder, config, shown)
    return _figures(examples, names, shown.id, _numbers(shown, names))


def _figures(
    examples: dict[str, Example], names: list[str], case_id: str, chosen: list[int]
) -> NamedFigures:
    parts = file_names(examples)
    for method, example in examples.items():
        figure = sampled_overlay(example["image"], example.get("points"), example["found"], names)
        yield f"landmarks-{parts[method]}", figure
    yield "methods", landmark_strip(examples, names, case_id, chosen)


def _example(folder: Path, config: Config, shown: ShownCase) -> Example:
    """The picture, what the samples found and, where it is known, the truth, in its pixels."""
    case = shown.found(folder, results.read_manifest(folder), config)
    image = read_case_image(case)
    points = sampled_points(folder, shown.id, config.data.landmarks)
    example = {"image": image.array[:, :, 0], "found": points.transpose(1, 0, 2)}
    reference = _reference(config, shown)
    if reference is not None:
        example["points"] = reference_points(config, reference, image.shape[:2])
    return example


def _reference(config: Config, shown: ShownCase) -> Case | None:
    """The case as the data set has it, or the folder of references, with its landmarks.

    None where no folder is given, and the data set is gone or does not have them.

    Raises:
        DataError: The folder that is given does not have them.
    """
    try:
        listed = cases_of(config.data, shown.reference)
    except DataError:
        if shown.reference:
            raise
        return None
    for case in listed:
        if name_key(case.id) == name_key(shown.id) and case.has_reference:
            return case
    if shown.reference:
        raise DataError(
            f"case '{shown.id}' has no reference in {shown.reference}"
            f"{resembling(shown.id, [case.id for case in listed])}; "
            "give a folder in the data set's layout by --reference, or leave it out"
        )
    return None


def _numbers(shown: ShownCase, names: list[str]) -> list[int]:
    """The numbers of the landmarks that are asked for."""
    if len(shown.landmarks) > MOST_LANDMARKS:
        raise DataError(
            f"--landmark: {len(shown.landmarks)} are asked for, and {MOST_LANDMARKS} colours can "
            "be told apart; name fewer"
        )
    for name in shown.landmarks:
        if name not in names:
            raise DataError(
                f"--landmark {name}: there is none{resembling(name, names)}; "
                f"it is one of {', '.join(names)}"
            )
    return [names.index(name) for name in dict.fromkeys(shown.landmarks)]
