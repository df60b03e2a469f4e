"""Train, validation, test and calibration by case; never one case in two parts."""

from __future__ import annotations

import numpy as np

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.errors import DataError, nearest

PARTS = ("train", "validation", "test")
CALIBRATION = "calibration"  # a part of those splits alone that ask for it


def split_cases(cases: list[Case], config: SplitConfig) -> dict[str, list[Case]]:
    """The cases of each part, sorted by id; those without a reference are left out.

    Where the data set itself sets cases aside for testing, test and calibration cases are drawn from those and the others from
    the rest. The parts are consecutive stretches of one order that the seed gives, calibration the last: asking for calibration
    cases moves no case of another part.

    Raises:
        DataError: more cases asked for than there are, unknown ids, one id in two parts.
    """
    labelled = {case.id: case for case in cases if case.has_reference}
    if not labelled:
        raise DataError(
            f"none of the {len(cases)} cases has a label, class or landmarks; put them where data.layout expects them "
            "(folder: 'label' beside 'image', or what data.label_folder or data.rater_folders names)"
        )
    further = (CALIBRATION,) if config.calibration else ()
    split = _listed if isinstance(config.train, list) else _drawn
    chosen = split(config, labelled, further)
    chosen["train"] = chosen["train"][: config.use]
    return {part: [labelled[i] for i in sorted(ids)] for part, ids in chosen.items()}


def _drawn(config, labelled, further):
    aside = {case_id for case_id, case in labelled.items() if case.part == "test"}
    if not aside:
        return _drawn_from(labelled, config, PARTS + further)
    return _drawn_from(set(labelled) - aside, config, PARTS[:2]) | _drawn_from(aside, config, PARTS[2:] + further)


def _drawn_from(ids, config, parts):
    counts = [getattr(config, part) for part in parts]
    if sum(counts) > len(ids):
        asked = ", ".join(f"{part} {count}" for part, count in zip(parts, counts, strict=True))
        raise DataError(f"data.split asks for more cases than the {len(ids)} with a reference ({asked}); lower the numbers")
    order = np.random.default_rng(config.seed).permutation(sorted(ids))
    ends = np.cumsum(counts)
    return {part: [str(i) for i in order[end - n : end]] for part, n, end in zip(parts, counts, ends, strict=True)}


def _listed(config, labelled, further):
    chosen = {part: list(getattr(config, part)) for part in PARTS + further}
    seen: dict[str, str] = {}
    for part, ids in chosen.items():
        for case_id in ids:
            if case_id not in labelled:
                raise DataError(f"data.split.{part}: no labelled case '{case_id}'{nearest(case_id, labelled)}")
            if case_id in seen:
                raise DataError(f"data.split: case '{case_id}' is in both {seen[case_id]} and {part}; keep it in one")
            seen[case_id] = part
    if not chosen["train"]:
        raise DataError("data.split.train is empty; list at least one case")
    return chosen
