"""How much each extra adds to an installation of tfuq: what is downloaded, and its room on disk.

    PYTHON release/sizes.py WHEEL EXTRA ...

where PYTHON is that of an environment with tfuq in it (``make sizes`` makes one). The packages that
an extra would add there are downloaded one after another, and none is installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


def added_by(wheel: str, extra: str) -> list[str]:
    """The packages that an extra would add, as NAME==VERSION."""
    command = ["install", "--dry-run", "--report", "-", f"{wheel}[{extra}]"]
    report = json.loads(_answer(command))
    names = []
    for item in report["install"]:
        metadata = item["metadata"]
        if metadata["name"] != "tfuq":
            names.append(f"{metadata['name']}=={metadata['version']}")
    return names


def _answer(command: list[str]) -> str:
    return subprocess.run([*_PIP, *command], check=True, capture_output=True, text=True).stdout


def sizes(package: str) -> tuple[int, int]:
    """The bytes of a package's wheel, and of the files in it.

    Args:
        package: NAME==VERSION.
    """
    with tempfile.TemporaryDirectory() as folder:
        _answer(["download", "--no-deps", "--only-binary=:all:", "--dest", folder, package])
        (path,) = Path(folder).iterdir()
        with zipfile.ZipFile(path) as wheel:
            unpacked = sum(member.file_size for member in wheel.infolist())
        return path.stat().st_size, unpacked


def main() -> None:
    wheel, *extras = sys.argv[1:]
    for extra in extras:
        packages = added_by(wheel, extra)
        found = [sizes(package) for package in packages]
        downloaded = sum(pair[0] for pair in found) / 1e6
        unpacked = sum(pair[1] for pair in found) / 1e6
        print(
            f"{extra}: {len(packages)} packages, {downloaded:.0f} MB downloaded, "
            f"{unpacked:.0f} MB on disk",
            flush=True,
        )


if __name__ == "__main__":
    main()
