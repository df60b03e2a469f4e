"""Files of records as TensorFlow has them: TFRecord.

TensorBoard and TensorFlow Serving read them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, its bits reversed
_MASK = 0xA282EAD8
_LARGEST = 0xFFFFFFFF  # of 32 bits


def _remainders() -> Iterator[int]:
    for byte in range(256):
        value = byte
        for _ in range(8):
            is_odd = value & 1
            value >>= 1
            if is_odd:
                value ^= _POLYNOMIAL
        yield value


_TABLE = tuple(_remainders())


def crc32c(content: bytes) -> int:
    """Compute the checksum CRC-32C (Castagnoli).

    References:
        RFC 3720, section 12.1 and appendix B.4.
    """
    value = _LARGEST
    for byte in content:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ _LARGEST


def record(content: bytes) -> bytes:
    """Make a record of some bytes: their length and the bytes, each with its masked checksum.

    References:
        https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """
    length = struct.pack("<Q", len(content))
    return length + _masked(length) + content + _masked(content)


def _masked(content: bytes) -> bytes:
    """The checksum of some bytes, as records have it."""
    value = crc32c(content)
    rotated = value >> 15 | value << 17
    return struct.pack("<I", (rotated + _MASK) & _LARGEST)
