"""Files of records as TensorFlow has them: TFRecord, which TensorBoard and TensorFlow Serving read."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, its bits reversed
_MASK = 0xA282EAD8


def _remainders() -> Iterator[int]:
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        yield value


_TABLE = tuple(_remainders())


def crc32c(content: bytes) -> int:
    """The checksum CRC-32C (Castagnoli).

    References:
        RFC 3720, section 12.1 and appendix B.4.
    """
    value = 0xFFFFFFFF
    for byte in content:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def record(content: bytes) -> bytes:
    """Some bytes as one record: their length and the bytes, each with its masked checksum.

    References:
        https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """
    length = struct.pack("<Q", len(content))
    return length + _masked(length) + content + _masked(content)


def _masked(content: bytes) -> bytes:
    value = crc32c(content)
    return struct.pack("<I", ((value >> 15 | value << 17) + _MASK) & 0xFFFFFFFF)
