"""YAML text to plain values and back: safe, bounded, and with numbers as people write them.

And where a text that should be JSON is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml.composer import Composer

from tfuq.errors import ConfigError

_MOST_VALUES = 20_000  # a list of case ids may be long
_MOST_BITS = 1024  # of an integer, as many as a float has room for
_MOST_DEPTH = 50  # of values in values
_MOST_REASON = 200  # characters of a message of the YAML library

Construct = Callable[[yaml.CSafeLoader, yaml.ScalarNode], Any]


class _Loader(Composer, yaml.CSafeLoader):
    """YAML 1.2's numbers: 1e-3 is one, where PyYAML's 1.1 takes it for a word.

    LibYAML parses, five times as fast as Python. Values are counted as they are composed, so that
    a long text is refused before it is read whole.
    """

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)
        self._values = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """A value with those in it, as PyYAML composes it.

        Raises:
            ValueError: There are too many, or too many in each other.
        """
        self._values += 1
        if self._values > _MOST_VALUES:
            raise ValueError(f"it holds more than {_MOST_VALUES} values")
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise ValueError(f"it is nested too deep, more than {_MOST_DEPTH} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes the words that `_Loader` would take for numbers."""


_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_DECIMAL = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"
_NOT_FINITE = r"[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
# Without YAML 1.1's numbers of base 60: a long one takes minutes.
_NUMBERS = {
    _INT: r"[-+]?(0|[1-9][0-9]*)$|0o[0-7]+$|0x[0-9a-fA-F]+$",
    _FLOAT: f"{_DECIMAL}|{_NOT_FINITE}",
}
_FIRST_CHARACTERS = list("-+.0123456789")  # of numbers

# For each first character of a word, tags and the patterns of their words.
Resolvers = dict[str, list[tuple[str, re.Pattern[str]]]]


def _without_numbers(resolvers: Resolvers) -> Resolvers:
    remaining = {}
    for character, rules in resolvers.items():
        remaining[character] = [rule for rule in rules if rule[0] not in _NUMBERS]
    return remaining


for _side in (_Loader, _Dumper):
    _side.yaml_implicit_resolvers = _without_numbers(_side.yaml_implicit_resolvers)
    for _tag, _pattern in _NUMBERS.items():
        _side.add_implicit_resolver(_tag, re.compile(_pattern), _FIRST_CHARACTERS)


def _number(construct: Construct) -> Construct:
    """A constructor that takes no number of base 60, also where a tag calls it a number."""

    def constructed(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> Any:
        if ":" in str(node.value):
            raise ValueError(f"'{node.value!s:.40}' is no number")
        value = construct(loader, node)
        # Python writes no longer integer out, as a message would have to.
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise ValueError(f"'{node.value!s:.40}' is too large a number")
        return value

    return constructed


_Loader.add_constructor(_INT, _number(yaml.SafeLoader.construct_yaml_int))
_Loader.add_constructor(_FLOAT, _number(yaml.SafeLoader.construct_yaml_float))


def _text(loader: yaml.CSafeLoader, node: yaml.Node) -> str:
    """A text without the character of number 0, which the system takes in no name of a file."""
    text = loader.construct_yaml_str(node)
    if "\0" in text:
        raise ValueError(f"{text!r:.40} holds the character \\0, which no name has")
    return text


_Loader.add_constructor("tag:yaml.org,2002:str", _text)


def write_yaml(tree: Any) -> str:
    """YAML that `read_yaml` reads back to equal values, keys in their order."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def write_flow(value: Any) -> str:
    """A value as YAML on one line."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True,
        width=float("inf"),
    )
    return text.removesuffix("\n").removesuffix("\n...")


def read_yaml(text: str, source: str) -> Any:
    """The values that YAML text stands for.

    Aliases are counted first: a few lines of them can stand for any number of values.

    Args:
        text: YAML.
        source: where it comes from, for messages.

    Raises:
        ConfigError: not valid YAML, or too many values.
    """
    try:
        return _constructed(text, source)
    except RecursionError as error:
        raise ConfigError(
            f"{source}: nested too deep, or an alias in it refers to itself; write the values out"
        ) from error
    # A wrong tag raises the errors of Python's own conversions.
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:_MOST_REASON]
        raise ConfigError(
            f"{source}: not valid YAML ({reason}); check its indentation and quotes"
        ) from error


def _constructed(text: str, source: str) -> Any:
    loader = _Loader(text)
    node = loader.get_single_node()
    if node is None:
        return None
    if _expanded_size(node, {}) > _MOST_VALUES:
        raise ConfigError(
            f"{source}: its aliases stand for more than {_MOST_VALUES} values; write fewer out"
        )
    return loader.construct_document(node)


def _expanded_size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values a node stands for; an alias counts each time that it is used.

    Args:
        node: a node of a document.
        sizes: sizes that are known already, by the node's ``id``.
    """
    if id(node) not in sizes:
        sizes[id(node)] = 1 + sum(_expanded_size(child, sizes) for child in _children(node))
    return sizes[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    """Items of a sequence, or keys and values of a mapping."""
    children: list[yaml.Node] = []
    if not isinstance(node, yaml.CollectionNode):
        return children
    for item in node.value:
        if isinstance(item, tuple):
            children.extend(item)
        else:
            children.append(item)
    return children


def fault_of_json(error: json.JSONDecodeError) -> str:
    """What is wrong with a text, and where."""
    before = error.doc[: error.pos].rstrip()
    following = error.doc[error.pos : error.pos + 1]
    comma = error.pos
    if before.endswith(",") and following in ("]", "}"):
        comma = len(before) - 1
    elif following != ",":
        place = f"line {error.lineno}, column {error.colno}"
        return f"{place}: is no JSON ({error.msg}); mend it there, or restore the official file"
    line = error.doc.count("\n", 0, comma) + 1
    column = comma - error.doc.rfind("\n", 0, comma)
    return f"line {line}, column {column}: is a comma too many; remove it"
