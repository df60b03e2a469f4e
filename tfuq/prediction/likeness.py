"""Scans that a model refuses: those of other voxels, or cut otherwise, than in training."""

from __future__ import annotations

from tfuq.data.appearance import appearance_of
from tfuq.data.cases import Case, naming
from tfuq.data.units import PLAIN_IMAGE
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.runs import Run


def refuse_unlike(run: Run, case: Case, image: Volume) -> None:
    """Refuse an image whose voxels or field of view are unlike those of the training images.

    A network labels something in whatever it is given. How far they may differ is said by
    `tfuq.data.appearance.TrainingAppearance`. An image without a known width of a pixel is not
    refused, as its size says nothing.

    Args:
        run: What predicts.
        case: The case.
        image: Its image, as given.

    Raises:
        DataError: It is unlike them.
    """
    if run.appearance is None or case.unit == PLAIN_IMAGE:
        return
    differences = run.appearance.differences_of_size(appearance_of(run.config, image))
    if not differences:
        return
    with naming(case):
        raise DataError(
            f"is unlike the scans that the model was trained on, in mm: {'; '.join(differences)}; "
            "cut or resample the scan as the model's card says (tfuq models show)"
        )
