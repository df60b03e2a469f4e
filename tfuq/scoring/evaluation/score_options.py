"""How a segmentation is scored, where there is a choice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """The choices of ``tfuq score`` that serve segmentation alone.

    Attributes:
        has_penalty: whether a missed or invented structure is as far off as the image's diagonal.
            It has no distance else.
        lesion_iou: the least IoU of a lesion and the component that finds it; None for a shared
            voxel.
    """

    has_penalty: bool = False
    lesion_iou: float | None = None

    def given(self) -> list[str]:
        """The options of the command line that are not at their defaults."""
        names = []
        if self.has_penalty:
            names.append("--missing-distance")
        if self.lesion_iou is not None:
            names.append("--lesion-iou")
        return names
