"""Numbers that belong to places, one by one in plain Python (see `tfuq.networks.layers.places`)."""

from __future__ import annotations

import math

_BITS = 0xFFFFFFFF


def bits(place, name: int, key: tuple[int, int]) -> int:
    """32 bits for the coordinates of a place, the number of a channel, and two keys of 32 bits."""
    state = key[0] & _BITS
    for coordinate in place:
        state = _lowbias32(state ^ _lowbias32((coordinate + 0x9E3779B9) & _BITS))
    return _middle(state ^ _lowbias32((key[1] + name + 0x9E3779B9) & _BITS))


def normal_pair(first: int, second: int) -> tuple[float, float]:
    """Two normal numbers of 32 bits each (Box & Muller 1958)."""
    radius = math.sqrt(-2 * math.log((first + 0.5) / 2**32))
    angle = 2 * math.pi * (second + 0.5) / 2**32
    return radius * math.cos(angle), radius * math.sin(angle)


def _lowbias32(x: int) -> int:
    x = _middle(x ^ (x >> 16))
    return x ^ (x >> 16)


def _middle(x: int) -> int:
    x = (x * 0x7FEB352D) & _BITS
    x ^= x >> 15
    return (x * 0x846CA68B) & _BITS
