"""From YAML to a `Config` or a `StudyConfig`: names, overrides, environment variables, and errors that name the nearest key."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from tfuq.config.data import DataConfig
from tfuq.config.schema import Config
from tfuq.config.section import Section
from tfuq.config.study import StudyConfig
from tfuq.config.text import read_yaml
from tfuq.errors import ConfigError, nearest

_MOST_TEXT = 2**20  # characters of a configuration
_MOST_DEPTH = 10  # sections within sections that an override names
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PATHS = (("data", "root"), ("data", "table"), ("variational", "warm_start"))  # may name environment variables
DEFAULT_DATA_ROOT = "../shared/data"
S = TypeVar("S", bound=Section)


def shipped() -> dict[str, Path]:
    """The configurations that come with tfuq, by name."""
    return _yaml_files(resources.files("tfuq_configs"))


def shipped_studies() -> dict[str, Path]:
    """The studies that come with tfuq, by name."""
    return _yaml_files(resources.files("tfuq_configs") / "studies")


def _yaml_files(folder) -> dict[str, Path]:
    return {Path(str(f)).stem: Path(str(f)) for f in folder.iterdir() if f.name.endswith(".yaml")}


def load(source: str, overrides: tuple[str, ...] = ()) -> Config:
    """Load a file, or a shipped configuration by name, with ``key.subkey=value`` overrides.

    Raises:
        ConfigError: naming the file and key, the value, what is allowed.
    """
    return parse(_read(_find(source, shipped(), "configuration"), source), overrides, where=source)


def load_resolved(path: Path) -> Config:
    """Load the configuration of a run, which is taken as it stands: no environment variable, no override.

    Raises:
        ConfigError: as `load`.
    """
    return parse(_read(path, str(path)), where=str(path), is_expanded=False)


def load_study(source: str) -> StudyConfig:
    """Load a study, from a file or a shipped one by name; its configuration is then a shipped name or an absolute path.

    Raises:
        ConfigError: naming the file and key, the value, what is allowed.
    """
    path = _find(source, shipped_studies(), "study")
    tree = read_yaml(_read(path, source), source)
    if not isinstance(tree, dict):
        raise ConfigError(f"{source}: holds a {type(tree).__name__}, not keys and values; see 'configs/studies/' for examples")
    beside = path.parent / str(tree.get("config"))
    if beside.is_file():
        tree["config"] = str(beside.absolute())
    return _validated(StudyConfig, tree, source)


def _find(source: str, known: dict[str, Path], what: str) -> Path:
    path = known[source] if source in known and not os.path.isfile(source) else Path(source)
    if not os.path.isfile(path):
        raise ConfigError(f"{what} '{source}' is neither a file nor shipped with tfuq{nearest(source, known)}")
    return path


def _read(path: Path, source: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_MOST_TEXT + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: cannot be read as text ({error}); give a YAML file") from error
    if len(text) > _MOST_TEXT:
        raise ConfigError(f"{source}: is longer than {_MOST_TEXT} characters; give a YAML file")
    return text


def parse(text: str, overrides: tuple[str, ...] = (), *, where: str = "configuration", is_expanded: bool = True) -> Config:
    """Build a `Config` from YAML text; see `load`. ``is_expanded``: environment variables stand for their values."""
    tree = read_yaml(text, where)
    if not isinstance(tree, dict):
        raise ConfigError(f"{where}: holds a {type(tree).__name__}, not keys and values; see 'configs/' for examples")
    for override in overrides:
        _apply_override(tree, override)
    if is_expanded:
        _expand(tree, where)
    if isinstance(tree.get("data"), dict) and isinstance(tree["data"].get("root"), str):
        tree["data"]["root"] = os.path.abspath(tree["data"]["root"])  # a run is used from other folders than it was made in
    return _validated(Config, tree, where)


def with_label_values(config: Config, text: str | None) -> Config:
    """The configuration with other ``data.label_values``, as YAML such as ``{0: 0, 1-99: 1}``; as it is for None.

    Raises:
        ConfigError: no label values of its classes.
    """
    if text is None:
        return config
    where = f"--label-values {text:.80}"
    values = read_yaml(text, where)
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: is not of the form {{value in the file: class}}, as in {{0: 0, 255: 1}}")
    data = _validated(DataConfig, config.data.model_dump() | {"label_values": values}, where)
    return config.model_copy(update={"data": data})


def _validated(schema: type[S], tree: dict, where: str) -> S:
    try:
        return schema.model_validate(tree)
    except pydantic.ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error, schema)}") from error


def _apply_override(tree: dict, override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"override '{override}' is not of the form key.subkey=value, as in training.epochs=5")
    *parents, last = key.split(".")
    if len(parents) > _MOST_DEPTH:
        raise ConfigError(f"override '{override:.200}' names {len(parents)} sections within each other; give one key")
    for parent in parents:
        if not isinstance(tree.setdefault(parent, {}), dict):
            raise ConfigError(f"override '{override}': '{parent}' is a value, not a section")
        tree = tree[parent]
    tree[last] = read_yaml(value, f"override '{override:.200}'")


def _expand(tree: dict, where: str) -> None:
    """Replace ``${NAME}`` by the environment variable in the keys that name files.

    Elsewhere it is refused: what a configuration says is copied into runs and reports, where the
    value of a variable that somebody else's file names does not belong.
    """
    for section, key in _variable_places(tree):
        if (section, key) not in _PATHS:
            allowed = ", ".join(".".join(path) for path in _PATHS)
            raise ConfigError(
                f"{where}: {section}{'.' if section else ''}{key}: takes no environment variable; "
                f"write the value itself, as only {allowed} take one"
            )
        tree[section][key] = _VARIABLE.sub(lambda match: _value_of(match[1], where), tree[section][key])


def _variable_places(tree: dict) -> list[tuple[str, str]]:
    """Section and key of each text with a variable; a deeper place counts as its key, one above as of no section."""
    places = []
    for section, content in tree.items():
        if not isinstance(content, dict):
            places += [("", str(section))] if _has_variable(content) else []
            continue
        places += [(section, key) for key, value in content.items() if _has_variable(value)]
    return places


def _has_variable(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_has_variable(part) for item in node.items() for part in item)
    if isinstance(node, list):
        return any(_has_variable(item) for item in node)
    return isinstance(node, str) and bool(_VARIABLE.search(node))


def _value_of(name: str, where: str) -> str:
    """The environment variable; ``TFUQ_DATA`` has a default."""
    value = os.environ.get(name, DEFAULT_DATA_ROOT if name == "TFUQ_DATA" else None)
    if value is None:
        raise ConfigError(f"{where}: environment variable {name} is not set; set it or write the path itself")
    return value


def _explain(error: pydantic.ValidationError, schema: type[Section]) -> str:
    """The first problem in one line, with the nearest known key where a key is unknown."""
    problem = error.errors()[0]
    if problem["type"] == "extra_forbidden":
        *section, unknown = problem["loc"]
        return f"unknown key '{'.'.join(map(str, problem['loc']))}'{nearest(str(unknown), _known_keys(schema, section))}"
    place = [part for part in problem["loc"] if isinstance(part, (str, int)) and not _is_union_branch(part)]
    key = ".".join(str(part) for part in place) or "configuration"
    if problem["type"] == "missing":
        return f"key '{key}' is missing and has no default"
    message = problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    shown = "" if isinstance(value, (dict, pydantic.BaseModel)) else f" (value: {value!r:.80})"
    return f"{key}: {message}{shown}"


def _is_union_branch(part: Any) -> bool:
    return isinstance(part, str) and (part in ("int", "str", "float", "bool") or "[" in part)


def _known_keys(schema: type[Section], place: list) -> list[str]:
    section: Any = schema
    for part in place:
        field = getattr(section, "model_fields", {}).get(part)
        section = field.annotation if field else section
    return list(getattr(section, "model_fields", {}))
