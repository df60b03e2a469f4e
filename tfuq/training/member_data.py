"""What one member trains on: its seed, its examples, and the KL scale that follows from these."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tfuq.config import PROBABILISTIC, Config
from tfuq.config.learning import LossConfig
from tfuq.data.sets.dataset import TrainingSet
from tfuq.data.streams import subset_stream
from tfuq.errors import DataError
from tfuq.sampling.members import KlScale


def member_seed(seed: int, member: int) -> int:
    """A member's seed: far from its neighbours', the same on every machine.

    Args:
        seed: The seed of the training.
        member: The member's number, from 0 on.

    Returns:
        0 to 2³¹ − 1.
    """
    sequence = np.random.SeedSequence([seed, member])
    return int(sequence.generate_state(1)[0] & 0x7FFFFFFF)


def member_rows(
    config: Config, training: TrainingSet, member: int, left_out: Collection[str] = ()
) -> list[int]:
    """Positions in ``training.index`` of a member's examples, by its subset or fold.

    Args:
        config: The configuration.
        training: The training examples of the run.
        member: The member's number, from 0 on.
        left_out: Ids of the cases of its fold.
    """
    seed = member_seed(config.training.seed, member)
    return training.member_rows(subset_stream(seed), left_out)


def steps_of_epoch(config: Config, rows: Sequence[int]) -> int:
    """Optimization steps of an epoch of a member.

    Args:
        config: Of the member.
        rows: Positions of its examples.
    """
    training = config.training
    return training.steps_per_epoch or -(-len(rows) // training.batch_size)


def likelihood_share(loss: LossConfig) -> float:
    """How much of the loss is the likelihood.

    Args:
        loss: The data term. Soft Dice alone has no likelihood; it stands in the likelihood's place.

    Returns:
        Above 0, at most 1.
    """
    if loss.name != "dice-ce" or loss.dice_weight == 1.0:
        return 1.0
    return 1.0 - loss.dice_weight


def posterior_scale(config: Config, training: TrainingSet, rows: Sequence[int]) -> float:
    """What a nat of the log posterior of a member's weights is in its loss.

    The log likelihood is a sum over all terms of the examples, and the loss a mean, of which the
    likelihood may be a share.

    Args:
        config: The configuration.
        training: The training examples of the run.
        rows: Positions of the member's examples.

    Raises:
        DataError: The examples have nothing to learn from.
    """
    terms = training.terms_of_rows(rows)
    if not terms:
        raise DataError(
            f"{len(rows)} training examples have no landmark at all; "
            "annotate some, or choose others in data.split"
        )
    return likelihood_share(config.training.loss) / terms


def kl_scale_of(config: Config, training: TrainingSet, rows: Sequence[int]) -> KlScale:
    """The KL scale of a member.

    The ELBO adds up the terms of the likelihood (voxels, say) and the loss averages them. So each
    KL divergence is divided by a number of terms: for the member's one set of weights that of its
    examples, for the code of an example that of one example. Where the likelihood is a share of the
    loss, the divergence has the same share: ``(1 − w) · (cross-entropy + KL / terms) + w · Dice``.

    Args:
        config: The configuration.
        training: The training examples of the run.
        rows: Positions of the member's examples.

    Raises:
        DataError: The examples have nothing to learn from.
    """
    scale = posterior_scale(config, training, rows)
    weights = config.variational.kl_scale
    if weights == "data":
        weights = scale
    by_data = likelihood_share(config.training.loss) / training.terms_per_example
    return KlScale(weights=weights, code=_code_scale(config, by_data))


def _code_scale(config: Config, by_data: float) -> float:
    """Factor on the KL divergence of an example's code, of which the data give one."""
    if config.method == PROBABILISTIC:
        return config.probabilistic.beta * by_data
    if config.latent.kl_scale == "data":
        return by_data
    return config.latent.kl_scale
