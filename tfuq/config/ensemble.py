"""The members of a run in a configuration: how many there are, and how they differ."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import pydantic
from pydantic import Field

from tfuq.config.section import MemberCount, Section

Diversity = Literal["seeds", "folds"]
FOLDS: Final = "folds"


class EnsembleConfig(Section):
    """Members, and how they differ beside their seeds.

    ``diversity``: ``seeds`` are all the difference; with ``folds`` each member leaves out another
    fold of the training and validation cases, and validates on it. It keeps the weights of its
    last epoch, so that nothing is chosen on the fold.

    ``subset``: the training cases of a member: all, a bootstrap sample, or a share of them.
    """

    members: MemberCount = 5
    diversity: Diversity = "seeds"
    subset: Literal["none", "bootstrap"] | Annotated[float, Field(gt=0.0, lt=1.0)] = "none"
    adversarial_epsilon: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0

    @pydantic.model_validator(mode="before")
    @classmethod
    def _folds_of_earlier_versions(cls, tree: Any) -> Any:
        """Read ``subset: folds``, which earlier versions wrote, as ``diversity: folds``."""
        if not isinstance(tree, dict) or tree.get("subset") != FOLDS:
            return tree
        if tree.get("diversity", FOLDS) not in ("seeds", FOLDS):
            return tree
        return {**tree, "subset": "none", "diversity": FOLDS}

    @pydantic.model_validator(mode="after")
    def _subset_of_folds(self) -> EnsembleConfig:
        if self.diversity == FOLDS and self.subset != "none":
            raise ValueError(
                f"subset {self.subset} and diversity folds both say which cases a member trains "
                "on; remove one of both"
            )
        return self
