"""From YAML to a `Config` or a `StudyConfig`.

Names, overrides, environment variables, and errors that name the nearest key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pydantic

from tfuq.config.data import DataConfig
from tfuq.config.described import complete
from tfuq.config.faults import explain
from tfuq.config.nnunet import LAYOUT as NNUNET
from tfuq.config.schema import Config
from tfuq.config.section import Section
from tfuq.config.study import StudyConfig
from tfuq.config.text import read_yaml
from tfuq.config.variables import expand
from tfuq.errors import ConfigError, nearest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_MOST_TEXT = 2**20  # characters of a configuration
_MOST_DEPTH = 10  # sections within sections that an override names
# Keys of data that a data set's description fills; of other types they are refused afterwards.
_FILLED = {"classes": list, "label_values": dict, "regions": dict}
S = TypeVar("S", bound=Section)


def shipped() -> dict[str, Path]:
    """The configurations that come with tfuq, by name."""
    return _yaml_files(resources.files("tfuq_configs"))


def shipped_studies() -> dict[str, Path]:
    """The studies that come with tfuq, by name."""
    return _yaml_files(resources.files("tfuq_configs") / "studies")


def _yaml_files(folder: Traversable) -> dict[str, Path]:
    files = {}
    for entry in folder.iterdir():
        if entry.name.endswith(".yaml"):
            path = Path(str(entry))
            files[path.stem] = path
    return files


def load(source: str, overrides: tuple[str, ...] = ()) -> Config:
    """Load a configuration.

    Args:
        source: a file, or the name of a shipped configuration.
        overrides: ``key.subkey=value`` each.

    Raises:
        ConfigError: naming the file and key, the value, what is allowed.
    """
    return parse(text_of(source), overrides, source=source)


def text_of(source: str) -> str:
    """The text of a configuration.

    Args:
        source: As of `load`.

    Raises:
        ConfigError: There is none, or it is no text.
    """
    return _read(_path_of(source, shipped(), "configuration"), source)


def load_resolved(path: Path) -> Config:
    """Load the configuration of a run as it stands: no environment variable, no override.

    Raises:
        ConfigError: as `load`.
    """
    text = _read(path, str(path))
    return parse(text, source=str(path), is_expanded=False)


def load_study(source: str) -> StudyConfig:
    """Load a study.

    Args:
        source: a file, or the name of a shipped study.

    Returns:
        The study; its configuration is a shipped name or an absolute path.

    Raises:
        ConfigError: naming the file and key, the value, what is allowed.
    """
    path = _path_of(source, shipped_studies(), "study")
    tree = read_yaml(_read(path, source), source)
    _require_keys(tree, source, "configs/studies/")
    config_path = path.parent / str(tree.get("config"))
    if os.path.isfile(config_path):  # Path.is_file raises where a name is too long
        tree["config"] = str(config_path.absolute())
    return _validated(StudyConfig, tree, source)


def load_section(path: Path, schema: type[S]) -> S:
    """Load a file that is one section, such as the card of a model.

    Args:
        path: the file.
        schema: the section.

    Raises:
        ConfigError: as `load`.
    """
    source = str(path)
    tree = read_yaml(_read(path, source), source)
    if not isinstance(tree, dict):
        keys = ", ".join(schema.model_fields)
        raise ConfigError(f"{source}: holds no keys and values; write the keys {keys}")
    return _validated(schema, tree, source)


def _path_of(source: str, known: Mapping[str, Path], kind: str) -> Path:
    """The file that a source means; a file comes before a shipped name."""
    path = Path(source)
    if os.path.isfile(source):
        return path
    if source in known:
        path = known[source]
    if not os.path.isfile(path):
        hint = nearest(source, known)
        raise ConfigError(f"{kind} '{source}' is neither a file nor shipped with tfuq{hint}")
    return path


def _read(path: Path, source: str) -> str:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ConfigError(f"{source}: is no file; give a YAML file")
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_MOST_TEXT + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{source}: cannot be read as text ({error}); give a YAML file"
        ) from error
    if len(text) > _MOST_TEXT:
        raise ConfigError(f"{source}: is longer than {_MOST_TEXT} characters; give a YAML file")
    return text


def _require_keys(tree: Any, source: str, examples: str) -> None:
    """Refuse YAML that is not keys and values."""
    if not isinstance(tree, dict):
        raise ConfigError(
            f"{source}: holds a {type(tree).__name__}, not keys and values; "
            f"see '{examples}' for examples"
        )


def parse(
    text: str,
    overrides: tuple[str, ...] = (),
    *,
    source: str = "configuration",
    is_expanded: bool = True,
) -> Config:
    """Build a configuration from YAML text.

    Args:
        text: YAML.
        overrides: as in `load`.
        source: where the text comes from, for messages.
        is_expanded: whether environment variables stand for their values.

    Raises:
        ConfigError: as `load`.
    """
    tree = read_yaml(text, source)
    _require_keys(tree, source, "configs/")
    for override in overrides:
        _apply_override(tree, override)
    if is_expanded:
        expand(tree, source)
    _make_root_absolute(tree)
    if is_expanded:
        _complete(tree, source)
    return _validated(Config, tree, source)


def load_data(source: str) -> DataConfig:
    """Load where the data set of a configuration is, which need not be there.

    Args:
        source: as of `load`.

    Raises:
        ConfigError: as `load`.
    """
    path = _path_of(source, shipped(), "configuration")
    tree = read_yaml(_read(path, source), source)
    _require_keys(tree, source, "configs/")
    expand(tree, source)
    _make_root_absolute(tree)
    return _validated(DataConfig, tree.get("data"), source)


def _complete(tree: dict[str, Any], source: str) -> None:
    """Take from a data set's description what it has: a run then does without it."""
    data = tree.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("root"), str):
        return
    is_well_typed = all(isinstance(data.get(key) or kind(), kind) for key, kind in _FILLED.items())
    if data.get("layout") == NNUNET and is_well_typed:
        complete(data, source)


def _make_root_absolute(tree: dict[str, Any]) -> None:
    """Make ``data.root`` absolute: a run is used from other folders than it was made in.

    And the file of splits, which is relative to it.
    """
    data = tree.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("root"), str):
        return
    data["root"] = os.path.abspath(data["root"])
    split = data.get("split")
    if isinstance(split, dict) and isinstance(split.get("file"), str):
        split["file"] = os.path.join(data["root"], split["file"])


def with_label_values(config: Config, text: str | None) -> Config:
    """The configuration with other ``data.label_values``.

    Args:
        config: the configuration.
        text: YAML such as ``{0: 0, 1-99: 1}``; None keeps the configuration as it is.

    Raises:
        ConfigError: no label values of its classes.
    """
    form = "{value in the file: class}, as in {0: 0, 255: 1}"
    return _with_mapping(config, "label_values", text, form)


def with_structure_names(config: Config, text: str | None) -> Config:
    """The configuration with other ``data.structure_names``.

    Args:
        config: the configuration.
        text: YAML such as ``{GTV-1: tumour}``; None keeps the configuration as it is.

    Raises:
        ConfigError: no names of its classes.
    """
    form = "{region in the structure set: class}, as in {GTV-1: tumour}"
    return _with_mapping(config, "structure_names", text, form)


def with_reference_meaning(
    config: Config, label_values: str | None, structure_names: str | None
) -> Config:
    """The configuration with what references stand for, where it is not what the run has.

    Arguments and errors are as of `with_label_values` and `with_structure_names`.
    """
    return with_structure_names(with_label_values(config, label_values), structure_names)


def _with_mapping(config: Config, key: str, text: str | None, form: str) -> Config:
    """The configuration with another mapping of its data, as an option of the command line."""
    if text is None:
        return config
    source = f"--{key.replace('_', '-')} {text:.80}"
    values = read_yaml(text, source)
    if not isinstance(values, dict):
        raise ConfigError(f"{source}: is not of the form {form}")
    data = _validated(DataConfig, config.data.model_dump() | {key: values}, source)
    return config.model_copy(update={"data": data})


def _validated(schema: type[S], tree: dict[str, Any], source: str) -> S:
    try:
        return schema.model_validate(tree)
    except pydantic.ValidationError as error:
        raise ConfigError(f"{source}: {explain(error, schema)}") from error


def _apply_override(tree: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"override '{override}' is not of the form key.subkey=value, as in training.epochs=5"
        )
    *parents, last = key.split(".")
    if len(parents) > _MOST_DEPTH:
        raise ConfigError(
            f"override '{override:.200}' names {len(parents)} sections within each other; "
            "give one key"
        )
    section = tree
    for parent in parents:
        section = section.setdefault(parent, {})
        if not isinstance(section, dict):
            raise ConfigError(f"override '{override}': '{parent}' is a value, not a section")
    section[last] = read_yaml(value, f"override '{override:.200}'")
