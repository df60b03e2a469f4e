"""Constraints on the dose of a structure, as a clinic writes them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.errors import DataError, nearest
from tfuq.scoring.dose_quantities import NUMBER, Quantity, parse_request

CONSTRAINTS = "V20<35%, V20<500cc, D95>=57Gy or 'lung: Dmean<20Gy'"
_CONSTRAINT = re.compile(rf"([^<>=]+)(<=|>=|<|>)\s*({NUMBER})\s*(%|cc|Gy)", re.IGNORECASE)
_RELATIONS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UNITS = {"%": "%", "cc": "cc", "gy": "Gy"}


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """A bound on a quantity of a structure.

    Attributes:
        text: The bound as it was given, without the structure.
        structure: Which it is of; None for each.
        quantity: What is bounded.
        relation: ``<``, ``<=``, ``>`` or ``>=``.
        bound: In the quantity's unit.
    """

    text: str
    structure: str | None
    quantity: Quantity
    relation: str
    bound: float

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which values ``[n]`` keep the bound, bool ``[n]``."""
        return _RELATIONS[self.relation](values, self.bound)


def parse_constraint(text: str, structures: Sequence[str]) -> Constraint:
    """Parse a constraint such as ``V20<35%`` or ``lung: Dmean<20Gy``.

    Args:
        text: The constraint.
        structures: The names of all structures.

    Raises:
        DataError: It is none, its unit is not that of what is bounded, or there is no such
            structure.
    """
    structure, colon, bound = text.rpartition(":")
    name = structure.strip() if colon else None
    match = _CONSTRAINT.fullmatch(bound.strip())
    if match is None:
        raise DataError(f"constraint '{text}': is none with a bound and its unit; {_remedy()}")
    if name is not None and name not in structures:
        raise DataError(f"constraint '{text}': no structure '{name}'{nearest(name, structures)}")
    requested, relation, number, unit = match.groups()
    by_unit = {quantity.unit: quantity for quantity in parse_request(requested)}
    unit = _UNITS[unit.lower()]
    if unit not in by_unit:
        allowed = " or ".join(by_unit)
        raise DataError(
            f"constraint '{text}': {requested.strip()} is in {allowed}, not in {unit}; {_remedy()}"
        )
    if unit == "%" and float(number) > 100:
        raise DataError(f"constraint '{text}': {number} % is more than all of it; {_remedy()}")
    return Constraint(
        text="".join(bound.split()),
        structure=name,
        quantity=by_unit[unit],
        relation=relation,
        bound=float(number),
    )


def _remedy() -> str:
    return f"write it as {CONSTRAINTS}"
