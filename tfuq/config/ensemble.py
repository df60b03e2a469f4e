"""The members of a run in a configuration: how many there are, and how they differ."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import pydantic
from pydantic import Field

from tfuq.config.section import Key, MemberCount, Scale, Section

Diversity = Literal[
    "seeds", "folds", "overrides", "snapshots", "anchored", "negative-correlation", "repulsive"
]
SEEDS: Final = "seeds"
FOLDS: Final = "folds"
OVERRIDES: Final = "overrides"
SNAPSHOTS: Final = "snapshots"
ANCHORED: Final = "anchored"
NEGATIVE_CORRELATION: Final = "negative-correlation"
REPULSIVE: Final = "repulsive"
JOINT: Final = (NEGATIVE_CORRELATION, REPULSIVE)  # kinds that train all members together
Strength = Annotated[float, Field(ge=0.0, le=1e6)]


class EnsembleConfig(Section):
    """Members, and how they differ beside their seeds.

    ``diversity``: ``seeds`` are all the difference; with ``folds`` each member leaves out another
    fold of the training and validation cases, and validates on it. It keeps the weights of its
    last epoch, so that nothing is chosen on the fold. With ``overrides`` members have
    configurations of their own. With ``snapshots`` one training gives all members: its weights at
    the ends of the last cycles of ``training.cycle``. With ``anchored`` each member is pulled to
    weights of its own, drawn from a prior (Pearce et al. 2020). The last two train all members
    together, on the same batches: ``negative-correlation`` rewards probabilities that differ from
    the members' mean (Liu & Yao 1999), and ``repulsive`` outputs for a whole batch that lie far
    from the other members', as a kernel says (D'Angelo & Fortuin 2021).

    ``overrides``: what the configurations of members set, a mapping of keys such as
    ``network.widths`` for each. Members take them in turn.

    ``prior_scale``: standard deviation of the prior that anchors are drawn from; null for that of
    each layer's initializer. ``strength``: factor on the penalty of members that are trained
    together, beside a loss that is a mean; null for 0.5 of negative-correlation. For repulsive,
    null is what the posterior asks for: one by the number of training voxels, images or landmarks.

    ``subset``: the training cases of a member: all, a bootstrap sample, or a share of them.
    """

    members: MemberCount = 5
    diversity: Diversity = "seeds"
    overrides: Annotated[list[dict[Key, Any]], Field(max_length=100)] = []
    prior_scale: Scale | None = None
    strength: Strength | None = None
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

    @pydantic.model_validator(mode="after")
    def _keys_of_kinds(self) -> EnsembleConfig:
        if self.prior_scale is not None and self.diversity != ANCHORED:
            raise ValueError(
                f"prior_scale serves diversity {ANCHORED}, not {self.diversity}: remove it, or set "
                f"diversity: {ANCHORED}"
            )
        if self.strength is not None and self.diversity not in JOINT:
            raise ValueError(
                f"strength serves diversity {' and '.join(JOINT)}, not {self.diversity}: remove "
                f"it, or set diversity: {REPULSIVE}"
            )
        return self
