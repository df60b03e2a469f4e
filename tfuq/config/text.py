"""YAML as text to plain values and back: safe, bounded, and with numbers as people write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from tfuq.errors import ConfigError

_MOST_VALUES = 20_000  # a list of case ids may be long


class _Loader(yaml.SafeLoader):
    """YAML 1.2's numbers: 1e-3 is one, where PyYAML's 1.1 takes it for a word."""


class _Dumper(yaml.SafeDumper):
    """Quotes the words that `_Loader` would take for numbers."""


_NUMBERS = {  # without YAML 1.1's numbers of base 60, of which a long one takes minutes
    "tag:yaml.org,2002:int": r"[-+]?(0|[1-9][0-9]*)$|0o[0-7]+$|0x[0-9a-fA-F]+$",
    "tag:yaml.org,2002:float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"),
}


def _without_numbers(resolvers: dict) -> dict:
    return {first: [(tag, known) for tag, known in rules if tag not in _NUMBERS] for first, rules in resolvers.items()}


for _side in (_Loader, _Dumper):
    _side.yaml_implicit_resolvers = _without_numbers(_side.yaml_implicit_resolvers)
    for _tag, _pattern in _NUMBERS.items():
        _side.add_implicit_resolver(_tag, re.compile(_pattern), list("-+.0123456789"))


def _number(construct: Callable[[yaml.SafeLoader, yaml.Node], Any]) -> Callable[[yaml.SafeLoader, yaml.Node], Any]:
    """A constructor that takes no number of base 60, also where a tag calls it a number."""

    def constructed(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
        if ":" in str(node.value):
            raise ValueError(f"'{node.value!s:.40}' is no number")
        return construct(loader, node)

    return constructed


_Loader.add_constructor("tag:yaml.org,2002:int", _number(yaml.SafeLoader.construct_yaml_int))
_Loader.add_constructor("tag:yaml.org,2002:float", _number(yaml.SafeLoader.construct_yaml_float))


def write_yaml(tree: Any) -> str:
    """YAML that `read_yaml` reads back to equal values, keys in their order."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def read_yaml(text: str, where: str) -> Any:
    """What YAML text says. Its aliases are counted first: a few lines of them can stand for any number of values.

    Raises:
        ConfigError: not valid YAML, or too many values.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        if _expanded_size(node, {}) > _MOST_VALUES:
            raise ConfigError(f"{where}: its aliases stand for more than {_MOST_VALUES} values; write fewer out")
        return loader.construct_document(node)
    except RecursionError as error:
        raise ConfigError(f"{where}: nested too deep, or an alias in it refers to itself; write the values out") from error
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:  # of a wrong tag
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"{where}: not valid YAML ({reason}); check its indentation and quotes") from error


def _expanded_size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, those of an alias each time that it is used."""
    if id(node) not in known:
        children = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = (part for child in children for part in (child if isinstance(child, tuple) else (child,)))
        known[id(node)] = 1 + sum(_expanded_size(part, known) for part in parts)
    return known[id(node)]
