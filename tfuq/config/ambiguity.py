"""Methods whose samples are labels that raters might draw, in a configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeFloat

from tfuq.config.learning import LayerSizes
from tfuq.config.section import MemberCount, Section, Size


class ProbabilisticConfig(Section):
    """Method probabilistic-unet (Kohl et al. 2018).

    ``size``: of the code. ``features``: channels of the network's output that the code is joined
    to. ``encoder_widths``: filters of each level of the prior and of the posterior network; null
    for those of the network. ``decoder_widths``: filters of the convolutions of size one after the
    code. ``beta``: factor on the KL divergence of the code, beside a likelihood that is summed over
    the pixels.
    """

    size: Size = 6
    features: Size = 16
    encoder_widths: LayerSizes | None = None
    decoder_widths: LayerSizes = [16, 16]
    beta: NonNegativeFloat = 1.0
    members: MemberCount = 1


class StochasticConfig(Section):
    """Method stochastic-segmentation (Monteiro et al. 2020).

    ``rank``: columns of the factor of the logits' covariance. ``draws``: samples of the logits over
    which the likelihood of a training example is averaged.
    """

    rank: Size = 10
    draws: Annotated[int, Field(ge=2, le=1000)] = 20
    members: MemberCount = 1
