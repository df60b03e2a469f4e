"""The configuration of each member of a run, where members have configurations of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pydantic

from tfuq.config.ensemble import OVERRIDES, SEEDS
from tfuq.config.faults import explain
from tfuq.config.network import NETWORK_DEFAULTS, NetworkConfig
from tfuq.config.section import check_each

if TYPE_CHECKING:
    from tfuq.config.schema import Config

_OWN_SECTIONS = ("network", "training", "augmentation", "variational", "latent", "swag")
# Keys of these sections that members share, with the reason.
_SHARED = {
    "network.patch_size": "members see the same windows",
    "network.output": "samples of all members have the same channels",
    "network.heteroscedastic": "samples of all members have the same channels",
    "training.seed": "members have seeds of their own already",
    "training.cache": "members share the cases in memory",
    "training.loss.heatmap_sigma": "positions of all members are read alike",
    "training.loss.heatmap_amplitude": "heatmaps of all members have the same scale",
    "variational.members": "it is the number of members",
    "swag.members": "it is the number of members",
}
_DISTRIBUTION = "heatmap-cross-entropy"


def member_config(config: Config, member: int) -> Config:
    """The configuration that a member is built, trained and sampled with.

    Args:
        config: The run's.
        member: The member's number, from 0 on.

    Returns:
        The run's own, unless ``ensemble.overrides`` sets something for the member.

    Raises:
        ValueError: The overrides do not make a configuration.
    """
    override: Mapping[str, Any] = {}
    if config.ensemble.diversity == OVERRIDES:
        override = config.ensemble.overrides[entry_of(config, member)]
    if not override:
        return config
    return _overridden(config, override)


def entry_of(config: Config, member: int) -> int:
    """The number of the entry of ``ensemble.overrides`` that a member takes; 0 without any.

    Members of one entry have one configuration.

    Args:
        config: The run's.
        member: The member's number, from 0 on.
    """
    return member % max(len(config.ensemble.overrides), 1)


def _overridden(config: Config, override: Mapping[str, Any]) -> Config:
    tree = _tree_of(config, override)
    for key, value in override.items():
        _set(tree, key, value)
    try:
        return type(config).model_validate(tree)
    except pydantic.ValidationError as error:
        raise ValueError(explain(error, type(config))) from error


def _tree_of(config: Config, override: Mapping[str, Any]) -> dict[str, Any]:
    """The run's configuration, for a network of another name without its own network's defaults."""
    tree = config.model_dump()
    if override.get("network.name", config.network.name) != config.network.name:
        tree["network"] = _without_defaults(config.network)
    ensemble = {**tree["ensemble"], "diversity": SEEDS, "overrides": []}
    return {**tree, "ensemble": ensemble}


def _without_defaults(network: NetworkConfig) -> dict[str, Any]:
    """What a network has beside the defaults, of all networks and of its own name."""
    of_name = NETWORK_DEFAULTS.get(network.name, {})
    given = network.model_dump(exclude_defaults=True)
    return {key: value for key, value in given.items() if of_name.get(key) != value}


def _set(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
        if not isinstance(tree, dict):
            raise ValueError(f"'{key}': '{parent}' is a value, not a section")
    tree[last] = value


def check_overrides(config: Config) -> None:
    """Refuse overrides that make no members of one ensemble.

    Raises:
        ValueError: It names the entry and the key.
    """
    overrides = config.ensemble.overrides
    if len(overrides) > config.members:
        raise ValueError(
            f"ensemble.overrides has {len(overrides)} entries for {config.members} member(s); "
            "remove some, or raise the number of members"
        )
    check_each(*[_Check(config, number) for number in range(len(overrides))])


class _Check:
    """Refuses an entry of ``ensemble.overrides`` that a member cannot have."""

    def __init__(self, config: Config, number: int) -> None:
        self._config = config
        self._number = number

    def __call__(self) -> None:
        try:
            for key in self._config.ensemble.overrides[self._number]:
                _require_own(key)
            _require_same_heatmaps(self._config, member_config(self._config, self._number))
        except ValueError as error:
            raise ValueError(f"ensemble.overrides, entry {self._number + 1}: {error}") from error


def _require_own(key: str) -> None:
    """Refuse a key that members share, or that has one of these in it."""
    section = key.split(".")[0]
    if section not in _OWN_SECTIONS:
        names = ", ".join(_OWN_SECTIONS)
        raise ValueError(
            f"'{key}' is the same for all members; they may differ in keys of {names}: remove it"
        )
    if any(shared.startswith(f"{key}.") for shared in _SHARED):
        raise ValueError(f"'{key}' is a section with keys that members share; give single keys")
    if key in _SHARED:
        raise ValueError(f"'{key}' is the same for all members, as {_SHARED[key]}: remove it")


def _require_same_heatmaps(config: Config, own: Config) -> None:
    names = [config.training.loss.name, own.training.loss.name]
    if (_DISTRIBUTION in names) and len(set(names)) > 1:
        raise ValueError(
            f"training.loss.name {names[1]} makes other heatmaps than {names[0]} of the run, and "
            "samples of all members are read alike: remove it"
        )
