"""Which random numbers a sample uses: all are functions of the prediction's seed (DESIGN.md, §3).

=====================================  =============================================
what                                   seed
=====================================  =============================================
draw j of member m                     ``fold_in(fold_in([seed, 0], m), j)``
a layer's mask, weights or code        that of the draw, with the layer's salt folded in
the noise of a heteroscedastic head    see `Draw.logit_noise`
=====================================  =============================================
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

SOURCES = {
    "deterministic": (),
    "mc-dropout": ("dropout",),
    "ensemble": (),
    "hybrid": ("dropout",),
    "vi": ("weights",),
    "latent-vi": ("weights", "code"),
    "latent-code": ("code",),
    "latent-weights": ("weights",),
}
ONE_MEMBER = ("deterministic", "mc-dropout")


def fold_in(seed: tf.Tensor, salt: int) -> tf.Tensor:
    """The stateless seed that a number derives from another."""
    return tf.random.experimental.stateless_fold_in(seed, tf.constant(salt, tf.int32))


def salt_of(layer: str) -> int:
    """A layer's salt: CRC-32 of its name, without the sign's bit."""
    return zlib.crc32(layer.encode()) % 2**31


def uniform(shape: tuple[int, ...], seed: tf.Tensor) -> np.ndarray:
    """Uniform numbers in 0…1, drawn in single precision as networks draw them."""
    return tf.random.stateless_uniform(shape, seed).numpy().astype(np.float64)


def normal(shape: tuple[int, ...], seed: tf.Tensor) -> np.ndarray:
    """Standard normal numbers by Box and Muller: all cosines of the pairs, then their sines."""
    count = int(np.prod(shape))
    first, second = uniform((2, -(-count // 2)), seed)
    radius = np.sqrt(-2 * np.log1p(-first))
    angle = 2 * np.pi * second
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return both[:count].reshape(shape)


@dataclass(frozen=True)
class Draw:
    """The random numbers of one sample; ``sources`` names what of a network is drawn."""

    member: int
    seed: tf.Tensor
    sources: tuple[str, ...]

    def dropout_mask(
        self,
        layer: str,
        shape: tuple[int, ...],
        rate: float,
        *,
        whole_channels: bool,
    ) -> np.ndarray:
        """What a dropout layer multiplies features ``[*S, C]`` of a window by: 0 or 1 / (1 - rate).

        One mask serves every example and every window.
        """
        drawn_shape = (*(1 for _ in shape[:-1]), shape[-1]) if whole_channels else shape
        kept = uniform((1, *drawn_shape), fold_in(self.seed, salt_of(layer)))[0] >= np.float32(rate)
        return np.broadcast_to(kept, shape) / (1 - rate)

    def layer_noise(self, layer: str, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal numbers of a layer: for each of its weights, or of its code."""
        return normal(shape, fold_in(self.seed, salt_of(layer)))

    def logit_noise(self, draws: int, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal numbers ``[draws, *shape]`` that a heteroscedastic head averages over."""
        return normal((draws, *shape), fold_in(self.seed, salt_of("heteroscedastic noise")))


def draws_of(method: str, *, members: int, asked: int, seed: int) -> list[Draw]:
    """The draws of a method's samples in their order, of ``asked`` samples.

    Members take turns in blocks; the first take what is over.
    """
    samples = samples_of(method, members=members, asked=asked)
    sources = SOURCES[method]
    used = 1 if method in ONE_MEMBER else members
    root = tf.constant([seed, 0], tf.int32)
    draws = []
    for member in range(used):
        of_member = fold_in(root, member)
        count = samples // used + (member < samples % used)
        draws += [Draw(member, fold_in(of_member, number), sources) for number in range(count)]
    return draws


def samples_of(method: str, *, members: int, asked: int) -> int:
    """How many samples a method draws: no two alike."""
    if method == "deterministic":
        return 1
    return min(asked, members) if method == "ensemble" else asked
