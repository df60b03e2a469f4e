"""What compressed frames say of their own size, before a decoder makes room for it.

References:
    ITU-T T.81 (JPEG), B.2.2; ITU-T T.87 (JPEG-LS), C.2.2; ITU-T T.800 (JPEG 2000), A.5.1.
"""

from __future__ import annotations

import struct

_JPEG = b"\xff\xd8"
_JPEG_2000 = b"\xff\x4f\xff\x51"
# Markers of a frame's header: JPEG's, but for tables (C4), the JPG extension (C8) and arithmetic
# conditioning (CC), and JPEG-LS's.
_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def size_in_codestream(frame: bytes) -> tuple[int, int] | None:
    """The size that a JPEG, JPEG-LS or JPEG 2000 codestream says that its image has.

    Returns:
        Rows and columns; None of other kinds of compression.

    Raises:
        ValueError: It ends before it says it.
    """
    try:
        if frame.startswith(_JPEG_2000):
            right, bottom, left, top = struct.unpack_from(">4I", frame, 8)
            return bottom - top, right - left
        if frame.startswith(_JPEG):
            return _size_of_jpeg(frame)
    except struct.error as error:
        raise ValueError("its compressed pixels end early") from error
    return None


def _size_of_jpeg(frame: bytes) -> tuple[int, int]:
    position = len(_JPEG)
    while True:
        prefix, marker, length = struct.unpack_from(">BBH", frame, position)
        if prefix != 0xFF:
            raise ValueError("its compressed pixels are damaged")
        if marker in _FRAME_MARKERS:
            rows, columns = struct.unpack_from(">HH", frame, position + 5)
            return rows, columns
        position += 2 + length
