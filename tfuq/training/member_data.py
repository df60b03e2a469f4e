"""What one member trains on: its seed, its examples, and the KL scale that follows from their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfuq.config import Config
from tfuq.data.dataset import TrainingSet
from tfuq.data.streams import subset_stream
from tfuq.errors import DataError
from tfuq.members import KlScale


def member_seed(seed: int, member: int) -> int:
    """A member's seed: far from its neighbours', the same on every machine."""
    return int(np.random.SeedSequence([seed, member]).generate_state(1)[0] & 0x7FFFFFFF)


def member_rows(config: Config, training: TrainingSet, member: int) -> list[int]:
    """Positions in ``training.index`` of the examples that a member trains on, by ``ensemble.subset``."""
    return training.member_rows(subset_stream(member_seed(config.training.seed, member)))


def kl_scale_of(config: Config, training: TrainingSet, rows: Sequence[int]) -> KlScale:
    """The KL scale of a member that trains on the examples ``rows``.

    The ELBO adds up the terms of the likelihood (voxels, say) and the loss averages them, so each KL divergence is divided by
    their number: that of the member's own examples for its one set of weights, that of one example for the example's code.

    Raises:
        DataError: the examples have nothing to learn from.
    """
    weights = config.variational.kl_scale
    code = config.latent.kl_scale
    terms = training.terms_of_rows(rows)
    if not terms:
        raise DataError(f"{len(rows)} training examples have no landmark at all; annotate some, or choose others in data.split")
    return KlScale(
        weights=1.0 / terms if weights == "data" else weights,
        code=1.0 / training.terms_per_example if code == "data" else code,
    )
