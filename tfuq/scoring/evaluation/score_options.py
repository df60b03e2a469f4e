"""How a segmentation is scored, where there is a choice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tfuq.config.text import read_yaml
from tfuq.errors import ConfigError

_FORM = "a length of 0 or more, as 1.5, or one by structure, as in {liver: 2, tumour: 1}"


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """The choices of ``tfuq score`` that serve segmentation alone.

    Attributes:
        has_penalty: whether a missed or invented structure is as far off as the image's diagonal.
            It has no distance else.
        lesion_iou: the least IoU of a lesion and the component that finds it; None for a shared
            voxel.
        tolerance: within which surfaces agree in the normalized surface Dice, in the unit of the
            scan's grid, or that of each structure; None for no such score.
        aggregate: kinds of further numbers of uncertainty, of
            `tfuq.measures.catalogue.aggregations.AGGREGATIONS`.
    """

    has_penalty: bool = False
    lesion_iou: float | None = None
    tolerance: float | Mapping[str, float] | None = None
    aggregate: tuple[str, ...] = ()

    def given(self) -> list[str]:
        """The options of the command line that are not at their defaults."""
        names = []
        if self.has_penalty:
            names.append("--missing-distance")
        if self.lesion_iou is not None:
            names.append("--lesion-iou")
        if self.tolerance is not None:
            names.append("--nsd-tolerance")
        if self.aggregate:
            names.append("--aggregate")
        return names

    def tolerance_of(self, structure: str) -> float | None:
        """The tolerance of a structure; None where it has none."""
        if isinstance(self.tolerance, Mapping):
            return self.tolerance.get(structure)
        return self.tolerance

    def require_structures(self, names: Iterable[str]) -> None:
        """Refuse tolerances of structures that a run has not.

        Args:
            names: of the structures of the run.

        Raises:
            ConfigError: it has no such structure.
        """
        if not isinstance(self.tolerance, Mapping):
            return
        known = list(names)
        for name in self.tolerance:
            if name not in known:
                raise ConfigError(
                    f"--nsd-tolerance: has '{name}', which is no structure of the run; "
                    f"name some of {', '.join(known)}"
                )


def parse_tolerance(text: str | None) -> float | dict[str, float] | None:
    """Read a tolerance of surfaces.

    Args:
        text: YAML of a length, or of one by structure, such as ``{liver: 2, tumour: 1}``; None
            stays None.

    Raises:
        ConfigError: it is neither.
    """
    if text is None:
        return None
    source = f"--nsd-tolerance {text:.80}"
    value = read_yaml(text, source)
    if not isinstance(value, dict):
        return _length(value, source)
    return {str(name): _length(of_name, source) for name, of_name in value.items()}


def _length(value: object, source: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    raise ConfigError(f"{source}: is not {_FORM}")
