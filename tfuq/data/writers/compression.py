"""gzip streams that are compressed in threads.

The thread that adds to a stream writes what others have compressed, in its order. So it sees what a
fault of the file system does. The bytes of a stream depend on its blocks alone, not on how many
threads there are.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from tfuq.data import disk
from tfuq.data.parallel import core_count
from tfuq.data.writers.unfinished import writing
from tfuq.data.writers.whole import whole_file

# Maps are mostly noise-like: higher levels cost several times the time for a few per cent.
_LEVEL = 1  # of compression
_RAW_DEFLATE = -15  # without a header of its own; the window is the largest
_HEADER = b"\x1f\x8b\x08\x00" + bytes(5) + b"\xff"  # no name, no time, no system
_LAST_BLOCK = b"\x03\x00"  # an empty one
_WRITTEN = 2**22  # bytes that are written together
_WAITING = 2**26  # bytes that wait for a thread or to be written
_MOST_THREADS = 8

Content = Callable[[], bytes]


@dataclass(frozen=True)
class _Block:
    """Compressed bytes, and the checksum and the number of those that they stand for."""

    compressed: bytes
    checksum: int
    size: int


class Compressor:
    """Compresses the blocks of several streams in threads."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        """Begin with nothing to do; see `compressing`."""
        self._threads = threads
        self._waiting: deque[tuple[GzipStream, int, Future[_Block]]] = deque()
        self._bytes = 0

    def add(self, stream: GzipStream, size: int, content: Content) -> None:
        """Let a thread make and compress a block; write older ones if many wait.

        Args:
            stream: Where it belongs.
            size: How many bytes it has.
            content: Makes them.
        """
        self._waiting.append((stream, size, self._threads.submit(_compressed, content)))
        self._bytes += size
        self._write_until(_WAITING)

    def finish(self) -> None:
        """Write all that waits."""
        self._write_until(0)

    def _write_until(self, most: int) -> None:
        while self._bytes > most:
            stream, size, future = self._waiting.popleft()
            self._bytes -= size
            stream.write(future.result())


@contextmanager
def compressing() -> Iterator[Compressor]:
    """Yield a compressor; what waits when the block ends with an error is given up."""
    threads = ThreadPoolExecutor(min(core_count(), _MOST_THREADS))
    try:
        yield Compressor(threads)
    finally:
        threads.shutdown(cancel_futures=True)


class GzipStream:
    """A gzip file that grows by blocks."""

    def __init__(self, path: Path, file: BinaryIO, compressor: Compressor) -> None:
        """Begin a stream; see `gzip_stream`.

        Args:
            path: The file, for messages.
            file: An open, unbuffered file of `tfuq.data.disk`.
            compressor: Compresses the blocks.
        """
        self._path = path
        self._file = file
        self._compressor = compressor
        self._buffer = bytearray(_HEADER)
        self._checksum = 0
        self._size = 0

    def add(self, size: int, content: Content) -> None:
        """Add a block.

        Args:
            size: How many bytes it has.
            content: Makes them, in a thread.

        Raises:
            TfuqError: What was added before cannot be written.
        """
        self._compressor.add(self, size, content)

    def write(self, block: _Block) -> None:
        """Write the next block; of a `Compressor`."""
        self._buffer += block.compressed
        self._checksum = isal_zlib.crc32_combine(self._checksum, block.checksum, block.size)
        self._size += block.size
        if len(self._buffer) >= _WRITTEN:
            self._write_buffer()

    def finish(self) -> None:
        """Write what is left, and the end.

        Raises:
            TfuqError: It cannot be written.
        """
        self._compressor.finish()
        self._buffer += _LAST_BLOCK
        self._buffer += struct.pack("<II", self._checksum, self._size % 2**32)
        self._write_buffer()

    def _write_buffer(self) -> None:
        with writing(self._path):
            disk.write(self._file, bytes(self._buffer))
        self._buffer.clear()


@contextmanager
def gzip_stream(path: Path, compressor: Compressor) -> Iterator[GzipStream]:
    """Yield a stream into a file, which appears when the block ends without an error.

    Args:
        path: The file.
        compressor: Compresses the blocks.

    Raises:
        RunError: As `tfuq.data.writers.whole_file`.
        TfuqError: As `tfuq.data.writers.whole_file`.
    """
    with whole_file(path) as draft, disk.open_new(draft) as file:
        stream = GzipStream(path, file, compressor)
        yield stream
        stream.finish()


def _compressed(content: Content) -> _Block:
    data = content()
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE)
    compressed = compressor.compress(data)
    compressed += compressor.flush(isal_zlib.Z_SYNC_FLUSH)
    return _Block(compressed, isal_zlib.crc32(data), len(data))
