"""The predicted cases of a table, with their references from the data set."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of
from tfuq.errors import DataError
from tfuq.results import Manifest


def referenced_cases(manifest: Manifest, config: Config, reference: Path | None) -> dict[str, Case]:
    """Every predicted case as the data set has it, or another folder in its layout, by id.

    Raises:
        DataError: nothing was predicted, or a case has no reference.
    """
    known = {case.id: case for case in cases_of(config.data, reference)}
    if not manifest.cases:
        raise DataError(f"{manifest.run}: its predictions hold no case; run tfuq predict")
    for case_id in manifest.cases:
        if case_id not in known or not known[case_id].has_reference:
            where = reference or config.data.root
            raise DataError(
                f"case '{case_id}' has no reference in {where}; give a folder in the data set's layout by --reference"
            )
    return {case_id: known[case_id] for case_id in sorted(manifest.cases)}


def fingerprint(reference: np.ndarray) -> str:
    """Sixteen letters and digits that tell one label map, or set of positions, from another."""
    content = np.ascontiguousarray(reference)
    return hashlib.sha256(f"{content.shape} {content.dtype}".encode() + content.tobytes()).hexdigest()[:16]
