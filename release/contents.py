"""What a wheel and a source distribution of tfuq hold: all that the program reads, and no more.

    python release/contents.py dist/*.whl dist/*.tar.gz

prints what is missing or too much, and ends with exit code 1 where there is something.
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The folder of each package in the source tree.
PACKAGES = {
    "tfuq": "tfuq",
    "tfuq_cli": "cli",
    "tfuq_configs": "configs",
    "tfuq_models": "models",
}
# Beside the packages, in a source distribution.
SOURCES = {
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "MANIFEST.in",
    "PKG-INFO",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
}
MOST_BYTES = 8_000_000


def expected(root: Path) -> dict[str, str]:
    """The path in the source tree of each file that a wheel has, by its path in the wheel.

    Args:
        root: The source tree.
    """
    files = {}
    for package, folder in PACKAGES.items():
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root / folder)
            if path.is_file() and _is_shipped(inside):
                files[f"{package}/{inside.as_posix()}"] = f"{folder}/{inside.as_posix()}"
    return files


def _is_shipped(path: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in path.parts)
    return not is_hidden and "__pycache__" not in path.parts


def problems_of_wheel(names: set[str], root: Path = ROOT) -> list[str]:
    """What is missing in a wheel, or too much.

    Args:
        names: Of its files.
        root: The source tree.
    """
    files = set(expected(root))
    beside = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    return _differences(files, beside)


def problems_of_sources(names: set[str], root: Path = ROOT) -> list[str]:
    """What is missing in a source distribution, or too much.

    Args:
        names: Of its files, below its one folder.
        root: The source tree.
    """
    files = set(expected(root).values()) | SOURCES
    beside = {name for name in names if not name.startswith("tfuq.egg-info/")}
    return _differences(files, beside)


def _differences(wanted: set[str], found: set[str]) -> list[str]:
    missing = [f"missing: {name}" for name in sorted(wanted - found)]
    return missing + [f"too much: {name}" for name in sorted(found - wanted)]


def problems_of(path: Path) -> list[str]:
    """What is wrong with a file of a release.

    Args:
        path: A ``.whl`` or a ``.tar.gz``.
    """
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            problems = problems_of_wheel(set(wheel.namelist()))
    else:
        with tarfile.open(path) as archive:
            members = [member.name for member in archive if member.isfile()]
        problems = problems_of_sources({name.partition("/")[2] for name in members})
    if path.stat().st_size > MOST_BYTES:
        problems.append(f"{path.stat().st_size / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:.0f}")
    return problems


def main() -> int:
    found = 0
    for argument in sys.argv[1:]:
        path = Path(argument)
        problems = problems_of(path)
        found += len(problems)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {len(problems)} problem(s)")
        print("".join(f"  {problem}\n" for problem in problems), end="")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
