"""How much each extra adds to an installation of tfuq: what is downloaded, and its room on disk.

    PYTHON release/sizes.py WHEEL EXTRA ...

where PYTHON is that of an environment with tfuq in it (``make sizes`` makes one). Nothing is
installed. Of a wheel on a server only the list of its files is fetched, from its end, as those of
CUDA alone are gigabytes.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from urllib.request import Request, url2pathname, urlopen

_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


class RemoteFile(io.RawIOBase):
    """A file on a server, of which what is read is fetched.

    Args:
        size: In bytes.
        fetch: The bytes from a first position up to a last one, which belongs to them.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self.size = size
        self._fetch = fetch
        self._position = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}
        self._position = starts[whence] + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        end = min(self._position + len(buffer), self.size)
        if end <= self._position:
            return 0
        content = self._fetch(self._position, end - 1)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def opened(url: str) -> RemoteFile:
    """The file at an address, of ``https`` or ``file``.

    Raises:
        ValueError: The server sends whole files alone.
    """
    if url.startswith("file:"):
        return _opened_on_disk(url2pathname(url.removeprefix("file://")))
    with urlopen(Request(url, method="HEAD")) as answer:
        size = int(answer.headers["Content-Length"])

    def fetch(first: int, last: int) -> bytes:
        with urlopen(Request(url, headers={"Range": f"bytes={first}-{last}"})) as answer:
            if answer.status != 206:
                raise ValueError(f"{url}: the server sends no part of a file")
            return answer.read()

    return RemoteFile(size, fetch)


def _opened_on_disk(path: str) -> RemoteFile:
    with open(path, "rb") as stream:
        content = stream.read()
    return RemoteFile(len(content), lambda first, last: content[first : last + 1])


def sizes(wheel: RemoteFile) -> tuple[int, int]:
    """The bytes of a wheel, and of the files in it."""
    with zipfile.ZipFile(io.BufferedReader(wheel)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    return wheel.size, unpacked


def added_by(wheel: str, extra: str) -> list[str]:
    """The addresses of the packages that an extra would add.

    Args:
        wheel: Of tfuq, a file.
        extra: Of its extras.
    """
    command = [*_PIP, "install", "--dry-run", "--report", "-", f"{wheel}[{extra}]"]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    addresses = []
    for item in json.loads(answer.stdout)["install"]:
        if item["metadata"]["name"] != "tfuq":
            addresses.append(item["download_info"]["url"])
    return addresses


def main() -> None:
    wheel, *extras = sys.argv[1:]
    for extra in extras:
        found = [sizes(opened(address)) for address in added_by(wheel, extra)]
        downloaded = sum(pair[0] for pair in found) / 1e6
        unpacked = sum(pair[1] for pair in found) / 1e6
        print(
            f"{extra}: {len(found)} packages, {downloaded:.0f} MB downloaded, "
            f"{unpacked:.0f} MB on disk",
            flush=True,
        )


if __name__ == "__main__":
    main()
