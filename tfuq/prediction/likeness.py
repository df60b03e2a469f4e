"""Scans that are refused, as they are unlike those of the training."""

from __future__ import annotations

from tfuq.data.appearance import appearance_of
from tfuq.data.cases import Case, naming
from tfuq.data.units import PLAIN_IMAGE
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.prediction.grouping import Channels
from tfuq.runs import Run


def refuse_other_channels(run: Run, case: Case, image: Volume) -> None:
    """Refuse an image of more or fewer channels than the training images.

    Args:
        run: What predicts.
        case: The case.
        image: Its image, as given.

    Raises:
        DataError: It has other channels.
    """
    trained = run.facts["channels"]
    channels = image.array.shape[-1]
    if channels != trained:
        taken = Channels(count=trained, names=tuple(run.channel_names))
        raise DataError(
            f"{case.images[0]}: has {channels} channel(s), the run was trained with {taken}; "
            "give those"
        )


def refuse_unlike(run: Run, case: Case, image: Volume) -> None:
    """Refuse an image whose voxels or field of view are unlike those of the training images.

    Models refuse it. Other runs take it.

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
