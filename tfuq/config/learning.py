"""Training and sampling in a configuration."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

import pydantic
from pydantic import BeforeValidator, Field, NonNegativeFloat

from tfuq.config.combination import MEAN, Combine
from tfuq.config.methods import NO_TTA, Tta
from tfuq.config.section import (
    Count,
    Fraction,
    MemberCount,
    Positive,
    Rate,
    Scale,
    Section,
    Seed,
    Size,
)

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
NEVER: Final = "never"
MOST_EMPTY = 0.5  # of an image's range


def _never_or_share(value: Any) -> Any:
    """Refuse what neither side of a union would explain."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value == NEVER or (is_number and 0 <= value <= MOST_EMPTY):
        return value
    raise ValueError(f"takes '{NEVER}', or a share of a scan's range from 0 to {MOST_EMPTY}")


SkipEmpty = Annotated[float | Literal["never"], BeforeValidator(_never_or_share)]
LayerPatterns = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=100)
]
LayerSizes = Annotated[list[Size], Field(min_length=1, max_length=10)]


def _cache_of_earlier_versions(value: Any) -> Any:
    if value is True:
        return "memory"
    if value is False:
        return "none"
    return value


Cache = Annotated[
    Literal["memory", "disk", "none"], pydantic.BeforeValidator(_cache_of_earlier_versions)
]


class LossConfig(Section):
    """Data term of the objective.

    ``heatmap_sigma``: standard deviation of a landmark's target, in the network's pixels.
    ``heatmap_amplitude``: of the target of heatmap-mse. ``heatmap_focus``: weight of the pixels
    near the landmark beside that of all pixels, of heatmap-mse; 0 is the mean squared error alone.
    """

    name: Literal[
        "cross-entropy",
        "weighted-cross-entropy",
        "soft-dice",
        "dice-ce",
        "heatmap-mse",
        "heatmap-cross-entropy",
    ] = "dice-ce"
    dice_weight: Fraction = 0.5
    class_weights: list[Positive] | None = None
    heatmap_sigma: Annotated[float, Field(ge=0.5, le=100.0)] = 2.0
    heatmap_amplitude: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    heatmap_focus: Annotated[float, Field(ge=0.0, le=1e3)] = 0.2

    @pydantic.model_validator(mode="after")
    def _of_squares(self) -> LossConfig:
        for key in ("heatmap_amplitude", "heatmap_focus"):
            if self.name != "heatmap-mse" and not self.is_default(key):
                raise ValueError(
                    f"{key} serves the loss heatmap-mse, not {self.name}: remove it, or set name: "
                    "heatmap-mse"
                )
        return self


class VariationalConfig(Section):
    """Mean-field Gaussian weights, of the methods vi and latent-vi.

    ``initial_scale``: width of every weight's posterior at the start. ``width_learning_rate``: the
    largest share by which the widths of a layer change together in the first step. Later it falls
    by the root of the number of steps. ``width_warmup_epochs``: epochs before that, in which
    weights learn at their first width; null for a sixth of ``training.epochs``, at most 5, or for
    none after a ``warm_start``. No epoch among them is kept as the best.
    """

    estimator: Literal["flipout", "reparameterization"] = "flipout"
    initial_scale: Scale = 0.0067
    width_learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.15
    width_warmup_epochs: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    prior_scale: Scale = 0.1
    kl_scale: NonNegativeFloat | Literal["data"] = "data"
    kl_warmup_epochs: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    warm_start: str | None = None
    members: MemberCount = 1


class LatentConfig(Section):
    """Method latent-vi: a reading of Sagar 2020.

    The paper has a pre-trained backbone (U-Net, V-Net or FCN), which gives each pixel a mean and a
    standard deviation; an encoder of variational layers, which turns them into a code of 10
    numbers; and a decoder of variational layers, which turns the code into a segmentation. How a
    code without place becomes a map again is not stated. Here an image has one code, as in a
    variational autoencoder (Kingma & Welling 2014): the encoder is averaged over space, and its
    code is joined to the features of every pixel before they are decoded. What the code says of an
    image is then the same for all of its pixels, and where structures lie is known from the
    features.

    ``size``: of the code. ``initial_scale``: its width at the start. ``features``: channels of the
    backbone's mean per pixel, and as many of its standard deviation. ``encoder_widths``: filters of
    the encoder's convolutions, each of stride two. ``decoder_widths``: filters of the decoder's.

    ``backbone``: whether it has ``point`` weights or ``variational`` ones too. Encoder and decoder
    are variational either way. The divergence of all weights is scaled by
    ``variational.kl_scale``, that of the code by ``kl_scale``: weights are drawn once for all
    training examples, and a code for each. ``training.initial_weights`` gives a trained backbone.
    """

    size: Size = 10
    initial_scale: Scale = 0.1
    features: Size = 8
    encoder_widths: LayerSizes = [8, 16]
    decoder_widths: LayerSizes = [8]
    backbone: Literal["point", "variational"] = "point"
    kl_scale: NonNegativeFloat | Literal["data"] = "data"


class CycleConfig(Section):
    """A cyclical learning rate (Smith 2017).

    Each cycle of ``epochs`` rises linearly from ``lowest`` times ``training.learning_rate`` to all
    of it and falls again. With the ``shape`` cosine it begins with all of it and falls as a cosine
    (Loshchilov & Hutter 2017). What is above the lowest is multiplied by ``gamma`` at every step.
    """

    shape: Literal["triangular", "cosine"] = "triangular"
    epochs: Count = 4
    lowest: Fraction = 0.1
    gamma: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0


class PlateauConfig(Section):
    """A learning rate that falls where training gets no better.

    It is multiplied by ``factor`` when the monitored figure has had no new best for ``epochs``
    epochs.
    """

    epochs: Count = 5
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1


class TrainingConfig(Section):
    """Optimization.

    ``optimizer``: adam, which with a ``weight_decay`` is AdamW; or sgd with Nesterov's
    ``momentum``, for methods with point weights. ``clip_norm``: the most that the norm of all
    gradients together may be; null for no bound. ``ema``: the share of itself that a moving average
    of the weights keeps in each step, less in the first ones; null for no average. Validation and
    the final weights are of the average.

    ``schedule``: cosine lowers the learning rate epoch by epoch towards 0 (Loshchilov & Hutter
    2017), polynomial step by step as (1 − step / steps)^0.9. cyclical and plateau are as ``cycle``
    and ``plateau`` say, and cyclical+plateau multiplies both. Where there are no validation cases,
    the loss of the training examples is monitored.

    ``cache``: where preprocessed cases are kept. ``memory`` holds them all. ``disk`` writes each
    into a file of its own below the folder ``TFUQ_CACHE``, once for this training and later ones,
    and maps it into memory when it is needed. ``none`` reads and preprocesses a case for every
    example. The weights are the same bit for bit. Runs of earlier versions say true for ``memory``
    and false for ``none``.

    ``initial_weights``: the folder of a run whose weights training starts from, wherever names and
    shapes of layers agree; ensemble members take the run's members in turn. Of method latent-vi,
    the backbone must take some of them.

    ``frozen``: patterns of layers' names, as ``encoder*``, whose weights stay as they start
    (``initial_weights``, or ``warm_start`` of method vi, must give them). No gradient, weight decay
    or average moves them, and a frozen batch normalization keeps its means and variances. Frozen
    variational layers keep their posterior: with the widths of the run where it has some, else with
    ``variational.initial_scale``. They are sampled as the others are.

    ``precision``: with ``mixed``, layers with point weights compute in bfloat16, or float16 on GPUs
    before the compute capability 8.0; variables, normalization, outputs, losses and variational
    layers stay float32. It pays on GPUs.
    """

    seed: Seed = 0
    epochs: Count = 10
    batch_size: Count = 2
    learning_rate: Positive = 0.001
    optimizer: Literal["adam", "sgd"] = "adam"
    momentum: Rate = 0.99
    clip_norm: Positive | None = None
    ema: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    schedule: Literal[
        "constant", "cosine", "polynomial", "cyclical", "plateau", "cyclical+plateau"
    ] = "constant"
    cycle: CycleConfig = CycleConfig()
    plateau: PlateauConfig = PlateauConfig()
    weight_decay: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    steps_per_epoch: Count | None = None
    foreground_share: Fraction = 0.5
    loss: LossConfig = LossConfig()
    early_stopping_epochs: Count | None = None
    monitor: Literal["loss", "dice", "accuracy", "radial_error"] = "loss"
    cache: Cache = "memory"
    precision: Literal["float32", "mixed"] = "float32"
    initial_weights: Annotated[str, Field(min_length=1)] | None = None
    frozen: LayerPatterns = []

    @pydantic.model_validator(mode="after")
    def _of_the_schedule(self) -> TrainingConfig:
        self._refuse_unless(self.is_cyclical, "cycle")
        self._refuse_unless(self.has_plateaus, "plateau")
        return self

    @pydantic.model_validator(mode="after")
    def _of_the_optimizer(self) -> TrainingConfig:
        if self.optimizer != "sgd" and not self.is_default("momentum"):
            raise ValueError(
                f"momentum does not serve the optimizer {self.optimizer}: remove it, or set "
                "optimizer: sgd"
            )
        return self

    def _refuse_unless(self, is_used: bool, key: str) -> None:
        """Refuse a key that the schedule does not use."""
        if not is_used and not self.is_default(key):
            raise ValueError(
                f"{key} does not serve the schedule {self.schedule}: "
                "remove it, or choose cyclical+plateau"
            )

    @property
    def is_cyclical(self) -> bool:
        """Whether the learning rate rises and falls in cycles."""
        return self.schedule.startswith("cyclical")

    @property
    def has_plateaus(self) -> bool:
        """Whether the learning rate falls where training gets no better."""
        return self.schedule.endswith("plateau")


class PredictionConfig(Section):
    """Sampling.

    ``chunk``: examples that the network sees at once. Unlike ``batch_size`` it affects the result's
    last bits. ``auto`` chooses it by the memory of the GPU that samples, on which the bits then
    depend. On CPUs, in validation and in exports it changes nothing.

    ``overlap``: the share of a window that the next one along an axis covers too. A network with
    element-wise dropout has a coarsest map that something is dropped in. Its windows are apart by
    whole elements of that map: they overlap by more where the share does not come out so, and by
    less only where one element is wider than what the share leaves.

    ``precision``: the type that convolutions are computed in. With ``bfloat16`` they take about
    half the time on processors that compute in it; sums, activation and measures stay float32.

    ``skip_empty``: which windows of a 3D network count as empty: those in which no value lies above
    the lowest of the scan by more than this share of the scan's range. 0 is the lowest value alone.
    The first empty chunk of windows is sampled, and each other one repeats that sample: the same
    weights, and what is dropped there. All else stays as it is.

    ``combine``, of classes: what ``probability`` and the label are made of T samples: the ``mean``
    of probabilities, that of ``logits``, the ``majority`` of labels, ``staple`` (Warfield et al.
    2004, of segmentation), or the mean ``weighted`` by each member's NLL on validation cases, of
    methods with members but swag. Maps of uncertainty stay those of the samples.

    ``heatmap_peak``, of landmarks: a position is the heatmap's maximum, refined by the ``centroid``
    about it, or the maximum of the heatmap that is ``smoothed`` by the Gaussian of the target.

    ``tta``: test-time augmentation, of every method (Wang et al. 2019). Each sample sees the image
    mirrored at random (``flips``), turned and scaled (``affine``), or both, and its outputs are
    moved back before they become probabilities or heatmaps. Flips are along
    ``augmentation.flip_axes``, or along every axis of the network where that names none. Angles and
    factors are drawn as in training; where training drew none, up to 10° and 10 % to either side.
    Beyond the edge of what the network sees, its edge repeats.
    """

    samples: Annotated[int, Field(ge=1, le=100_000)] = 20
    seed: Seed = 0
    batch_size: Count = 8
    chunk: Count | Literal["auto"] | None = None
    overlap: Annotated[float, Field(ge=0.0, le=0.9)] = 0.5
    min_component_voxels: Count = 10
    precision: Precision = "float32"
    skip_empty: SkipEmpty = NEVER
    tta: Tta = NO_TTA
    combine: Combine = MEAN
    heatmap_peak: Literal["centroid", "smoothed"] = "centroid"
