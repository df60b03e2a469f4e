"""Names of methods: how samples are drawn, and what the network is shown of a scan.

Test-time augmentation goes with every method. What a method is called with it has both names, such
as ``mc-dropout+flips``.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Method = Literal[
    "deterministic",
    "mc-dropout",
    "ensemble",
    "hybrid",
    "vi",
    "latent-vi",
    "probabilistic-unet",
    "stochastic-segmentation",
    "swag",
]
METHODS: tuple[Method, ...] = get_args(Method)
# Methods that sample what another method trains.
TRAINED_AS = {"latent-code": "latent-vi", "latent-weights": "latent-vi"}
SERVED_METHODS = (*METHODS, *TRAINED_AS)
VARIATIONAL = ("vi", "latent-vi")
PROBABILISTIC: Final = "probabilistic-unet"
STOCHASTIC: Final = "stochastic-segmentation"
SWAG: Final = "swag"
# Methods whose samples are labels that raters might draw. They learn from a map of labels.
OF_LABELS = (PROBABILISTIC, STOCHASTIC)
# The section with the number of members, of each method that trains more than one network.
MEMBERS_IN = {
    "ensemble": "ensemble",
    "hybrid": "ensemble",
    "vi": "variational",
    "latent-vi": "variational",
    PROBABILISTIC: "probabilistic",
    STOCHASTIC: "stochastic",
    SWAG: SWAG,
}

Tta = Literal["none", "flips", "affine", "flips+affine"]
TTAS: tuple[Tta, ...] = get_args(Tta)
NO_TTA: Final = "none"
FLIPS: Final = "flips"
AFFINE: Final = "affine"
_JOINT = "+"


def with_tta(method: str, tta: str) -> str:
    """The name of a method with test-time augmentation.

    Args:
        method: Its name without.
        tta: One of `TTAS`.
    """
    if tta == NO_TTA:
        return method
    return f"{method}{_JOINT}{tta}"


def base_method(method: str) -> str:
    """The name of a method without test-time augmentation."""
    return method.split(_JOINT)[0]


def tta_of(method: str) -> Tta:
    """The test-time augmentation in the name of a method."""
    for tta in TTAS:
        if method == with_tta(base_method(method), tta):
            return tta
    return NO_TTA


def transforms_of(method: str) -> tuple[str, ...]:
    """The kinds of transforms in the name of a method: `FLIPS`, `AFFINE`, both or none."""
    _, *transforms = method.split(_JOINT)
    return tuple(transforms)


def method_options(method: str) -> str:
    """The options of a command that name a method."""
    options = f"--method {base_method(method)}"
    if transforms_of(method):
        options += f" --tta {tta_of(method)}"
    return options
