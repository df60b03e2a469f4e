"""What a configuration leaves to its data set's own description.

Only ``dataset.json`` of layout ``nnunet`` says what its labels stand for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tfuq.config.nnunet import DESCRIPTION, Description, read_description
from tfuq.errors import DataError


def complete(data: dict[str, Any], source: str) -> None:
    """Fill what a configuration leaves to ``dataset.json``, and check what it says itself.

    These are ``classes``, ``label_values``, ``regions`` and ``ignore_label``. A configuration that
    has ``label_values`` says by them what each value stands for: it may join classes, or leave one
    out. So may ``classes``.

    Args:
        data: The section ``data`` as it is written, which is filled.
        source: Where it comes from, for messages.

    Raises:
        DataError: The description is missing or faulty.
        DataError: It contradicts what the configuration says.
    """
    root = Path(data["root"])
    if data.get("classes") and not os.path.isfile(root / DESCRIPTION):
        return  # it stands alone, as that of a run does
    description = read_description(root)
    labels = description.labels
    _complete_ignored(data, description, source)
    if data.get("label_values"):
        data["classes"] = data.get("classes") or list(labels.classes)
        return
    data["classes"] = data.get("classes") or list(labels.classes)
    kept = _kept_numbers(data["classes"], description, source)
    values = [labels.values[number] for number in kept]
    if values != list(range(len(values))):
        data["label_values"] = {value: k for k, value in enumerate(values)}
    _complete_regions(data, kept, description, source)


def _complete_ignored(data: dict[str, Any], description: Description, source: str) -> None:
    ignored = description.labels.ignored
    if data.get("ignore_label") is None:
        data["ignore_label"] = ignored
    elif ignored is not None and data["ignore_label"] != ignored:
        raise DataError(
            f"{source}: data.ignore_label {data['ignore_label']} differs from {ignored} of "
            f"{description.path}; remove it, or correct one of both"
        )


def _kept_numbers(given: list[Any], description: Description, source: str) -> list[int]:
    """The numbers that the classes of a configuration have in the description.

    All are there, or some are left out that no file has: what is left out is refused as a file is
    read that has its value.

    Raises:
        DataError: They have other names, or another order.
    """
    labels = description.labels
    names = list(labels.classes)
    if len(given) == len(names):
        is_named = labels.named
        names = [name if is_named[k] else given[k] for k, name in enumerate(names)]
    numbers = [names.index(name) for name in given if name in names]
    if len(numbers) < len(given) or numbers != sorted(set(numbers)) or 0 not in numbers:
        raise DataError(
            f"{source}: data.classes {given!r:.200} differ from {names!r:.200} of "
            f"{description.path}; remove data.classes, or say by data.label_values which class "
            "each value of the files stands for"
        )
    return numbers


def _complete_regions(
    data: dict[str, Any], kept: list[int], description: Description, source: str
) -> None:
    """Fill the regions that have a class; ``kept`` are numbers of classes in the description."""
    regions = dict(data.get("regions") or {})
    name_of = dict(zip(kept, data["classes"], strict=True))
    for name, numbers in description.labels.regions.items():
        members = [name_of[number] for number in numbers if number in name_of]
        if not members:
            continue
        own = regions.setdefault(name, members)
        if not isinstance(own, list) or sorted(map(str, own)) != sorted(map(str, members)):
            raise DataError(
                f"{source}: data.regions has {own!r:.100} for '{name}', which is "
                f"{members!r:.100} in {description.path}; remove it, or give it another name"
            )
    data["regions"] = regions
