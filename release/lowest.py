"""The lowest version that setup.cfg allows of everything that is installed with tfuq.

    python release/lowest.py [EXTRA ...] > constraints.txt

prints a constraints file of pip, with the lower bounds of ``install_requires`` and of the extras as
the only versions. ``make test-lowest`` runs tests with these.
"""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_REQUIREMENT = re.compile(r"([\w.-]+)(\[[\w,-]+\])?>=([\w.]+)(,<([\w.]+))?(; .+)?")


def requirements(*extras: str, root: Path = ROOT) -> list[str]:
    """The requirements in setup.cfg, as it has them.

    Args:
        *extras: Whose requirements to list beside those of ``install_requires``.
        root: The source tree.
    """
    setup = configparser.ConfigParser()
    setup.read(root / "setup.cfg")
    lines = setup["options"]["install_requires"].strip().splitlines()
    for extra in extras:
        lines += setup["options.extras_require"][extra].strip().splitlines()
    return lines


def bounds(requirement: str) -> tuple[str, str, str | None]:
    """The name, the lowest version, and the version below which all are allowed; None for any.

    Args:
        requirement: A line of setup.cfg.

    Raises:
        ValueError: It has no lower bound.
    """
    found = _REQUIREMENT.fullmatch(requirement)
    if not found:
        raise ValueError(f"'{requirement}': expected NAME>=LOWEST or NAME>=LOWEST,<LIMIT")
    return found[1], found[3], found[5]


def constraints(*extras: str) -> str:
    """The constraints file, a line for each requirement.

    Args:
        *extras: Of tfuq.
    """
    pinned = {}
    for requirement in requirements(*extras):
        name, lowest, _ = bounds(requirement)
        pinned[name] = f"{name}=={lowest}\n"
    return "".join(pinned.values())


if __name__ == "__main__":
    print(constraints(*sys.argv[1:]), end="")
