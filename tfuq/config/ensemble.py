"""The members of a run in a configuration: how many there are, and how they differ."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import pydantic
from pydantic import Field

from tfuq.config.section import Key, MemberCount, Section

Diversity = Literal["seeds", "folds", "overrides", "snapshots"]
SEEDS: Final = "seeds"
FOLDS: Final = "folds"
OVERRIDES: Final = "overrides"
SNAPSHOTS: Final = "snapshots"


class EnsembleConfig(Section):
    """Members, and how they differ beside their seeds.

    ``diversity``: ``seeds`` are all the difference; with ``folds`` each member leaves out another
    fold of the training and validation cases, and validates on it. It keeps the weights of its
    last epoch, so that nothing is chosen on the fold. With ``overrides`` members have
    configurations of their own. With ``snapshots`` one training gives all members: its weights at
    the ends of the last cycles of ``training.cycle``.

    ``overrides``: what the configurations of members set, a mapping of keys such as
    ``network.widths`` for each. Members take them in turn.

    ``subset``: the training cases of a member: all, a bootstrap sample, or a share of them.
    """

    members: MemberCount = 5
    diversity: Diversity = "seeds"
    overrides: Annotated[list[dict[Key, Any]], Field(max_length=100)] = []
    subset: Literal["none", "bootstrap"] | Annotated[float, Field(gt=0.0, lt=1.0)] = "none"
    adversarial_epsilon: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0

    @pydantic.model_validator(mode="before")
    @classmethod
    def _folds_of_earlier_versions(cls, tree: Any) -> Any:
        """Read ``subset: folds``, which earlier versions wrote, as ``diversity: folds``."""
        if not isinstance(tree, dict) or tree.get("subset") != FOLDS:
            return tree
        if tree.get("diversity", FOLDS) not in (SEEDS, FOLDS):
            return tree
        return {**tree, "subset": "none", "diversity": FOLDS}

    @pydantic.model_validator(mode="after")
    def _overrides_of_members(self) -> EnsembleConfig:
        is_used = self.diversity == OVERRIDES
        if self.overrides and not is_used:
            raise ValueError(
                f"overrides serves diversity overrides, not {self.diversity}: remove it, or set "
                "diversity: overrides"
            )
        if is_used and not self.overrides:
            raise ValueError(
                "diversity overrides needs ensemble.overrides, what members set, as in "
                "[{network.activation: elu}, {}]; give it, or set diversity: seeds"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _subset_of_members(self) -> EnsembleConfig:
        if self.diversity == FOLDS and self.subset != "none":
            raise ValueError(
                f"subset {self.subset} and diversity folds both say which cases a member trains "
                "on; remove one of both"
            )
        if self.diversity == SNAPSHOTS and self.subset != "none":
            raise ValueError(
                f"subset {self.subset} gives each member cases of its own, and diversity snapshots "
                "has one training for all; remove one of both"
            )
        return self
