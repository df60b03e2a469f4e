"""Which random numbers a sample uses: all are functions of the prediction's seed (DESIGN.md, §3).

=====================================  ======================================================
what                                   seed
=====================================  ======================================================
draw j of member m                     ``fold_in(fold_in([seed, 0], m), j)``
a layer's mask, weights or code        that of the draw, with the layer's salt folded in
the noise of a heteroscedastic head    ``fold_in([seed, 0], salt)``: the same in all samples
=====================================  ======================================================

Weights and codes are filled in order from the seed. What is drawn element by element, masks and
noise, is a hash of the seed and of the element's place in the volume, so that windows that overlap
agree.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

Corner = tuple[int, ...]
SOURCES = {
    "deterministic": (),
    "mc-dropout": ("dropout",),
    "ensemble": (),
    "hybrid": ("dropout",),
    "vi": ("weights",),
    "latent-vi": ("weights", "code"),
    "latent-code": ("code",),
    "latent-weights": ("weights",),
    "probabilistic-unet": ("code",),
    "stochastic-segmentation": ("logits",),
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


def mixed(numbers: np.ndarray) -> np.ndarray:
    """The hash lowbias32 (Wellons 2018), of uint32."""
    return folded(spread(folded(numbers, 16)), 16)


def spread(numbers: np.ndarray) -> np.ndarray:
    """The middle of `mixed`."""
    return folded(numbers * np.uint32(0x7FEB352D), 15) * np.uint32(0x846CA68B)


def folded(numbers: np.ndarray, by: int) -> np.ndarray:
    """Numbers, exclusive-or'ed with themselves shifted to the right."""
    return numbers ^ (numbers >> np.uint32(by))


def bits_of_places(
    corner: Corner,
    shape: tuple[int, ...],
    seed: tf.Tensor,
    count: int,
) -> np.ndarray:
    """``count`` numbers of 32 bits at each of the places ``[*S]`` from a corner on: uint32 ``[*S,
    count]``."""
    first, second = seed.numpy().view(np.uint32)
    apart = np.uint32(0x9E3779B9)
    with np.errstate(over="ignore"):
        of_place = np.full((1,) * len(shape), first)
        for axis, size in enumerate(shape):
            along = mixed((corner[axis] + np.arange(size)).astype(np.uint32) + apart)
            sizes = np.ones(len(shape), int)
            sizes[axis] = size
            of_place = mixed(of_place ^ along.reshape(sizes))
        of_number = mixed(second + np.arange(count, dtype=np.uint32) + apart)
        return spread(of_place[..., None] ^ of_number)


@dataclass(frozen=True)
class Draw:
    """The random numbers of one sample; ``sources`` names what of a network is drawn. ``seed`` is
    the sample's own, ``root`` the prediction's."""

    member: int
    seed: tf.Tensor
    root: tf.Tensor
    sources: tuple[str, ...]

    def channel_mask(self, layer: str, channels: int, rate: float) -> np.ndarray:
        """What a dropout layer multiplies whole channels by, ``[C]``: 0 or 1 / (1 - rate)."""
        kept = uniform((1, channels), fold_in(self.seed, salt_of(layer)))[0] >= np.float32(rate)
        return kept / (1 - rate)

    def element_mask(
        self,
        layer: str,
        shape: tuple[int, ...],
        rate: float,
        corner: Corner,
    ) -> np.ndarray:
        """What a dropout layer multiplies features ``[*S, C]`` by, which begin at a corner of the
        volume, on their grid."""
        seed = fold_in(self.seed, salt_of(layer))
        bits = bits_of_places(corner, shape[:-1], seed, shape[-1])
        return (bits >= round(rate * 2**32)) / (1 - rate)

    def layer_noise(self, layer: str, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal numbers of a layer: for each of its weights, or of its code."""
        return normal(shape, fold_in(self.seed, salt_of(layer)))

    def logit_noise(self, draws: int, shape: tuple[int, ...], corner: Corner) -> np.ndarray:
        """Standard normal numbers ``[draws, *S, C]`` that a heteroscedastic head integrates over,
        of a box of places.

        They are the same in all samples of a prediction.
        """
        return noise_of_places(
            draws, shape, corner, fold_in(self.root, salt_of("heteroscedastic noise"))
        )

    def own_noise(self, shape: tuple[int, ...], corner: Corner) -> np.ndarray:
        """A standard normal number for each logit ``[*S, C]`` of a box of places, which are this
        sample's alone."""
        return noise_of_places(
            1, shape, corner, fold_in(self.seed, salt_of("noise of each logit"))
        )[0]


def noise_of_places(
    draws: int, shape: tuple[int, ...], corner: Corner, seed: tf.Tensor
) -> np.ndarray:
    """Standard normal numbers ``[draws, *S, C]``, by Box and Muller: all cosines of the pairs, then
    their sines."""
    space, channels = shape[:-1], shape[-1]
    pairs = -(-draws // 2)
    bits = bits_of_places(corner, space, seed, 2 * pairs * channels)
    bits = np.moveaxis(bits.reshape(*space, 2, pairs, channels), (-3, -2), (0, 1))
    first, second = (bits.astype(np.float32) + np.float32(0.5)).astype(np.float64) / 2**32
    radius = np.sqrt(-2 * np.log(first))
    angle = 2 * np.pi * second
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:draws]


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
        seeds = [fold_in(of_member, number) for number in range(count)]
        draws += [Draw(member, one, root, sources) for one in seeds]
    return draws


def samples_of(method: str, *, members: int, asked: int) -> int:
    """How many samples a method draws: no two alike."""
    if method == "deterministic":
        return 1
    return min(asked, members) if method == "ensemble" else asked
