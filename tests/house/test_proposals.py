"""What tfuq advises exists: settings that the configuration has, options of the commands that advise them."""

from __future__ import annotations

import functools
import re

import click
import pydantic

from tests.support.proposals import OPTION, SETTING, Text, texts
from tfuq.config import Config
from tfuq.config.text import read_yaml
from tfuq_cli.main import main

# A setting with its value, as in ``data.train_on: random``.
NAMES = main.list_commands(click.Context(main))
VALUED = re.compile(SETTING.pattern + r"(?:: |=)([a-z0-9.]+|\[[^{}]*\])(?=[\s,;\"')]|$)")
# By room: the commands that can say what is said there; all of them of the rest.
COMMANDS_OF = {
    "tfuq/calibration": ("calibrate", "predict", "score", "doctor"),
    "tfuq/prediction": ("predict", "calibrate", "shift", "score"),
    "tfuq/scoring": ("score", "compare", "predict"),
    "tfuq/serving": ("export", "serve-check", "predict"),
    "tfuq/training": ("train", "predict"),
    "tfuq/workflows/calibrate": ("calibrate",),
    "tfuq/workflows/shift": ("shift",),
    "tfuq/workflows/study": ("study",),
    "tfuq/workflows/demo.py": ("demo",),
    "cli/calibrate.py": ("calibrate", "predict"),
    "cli/train.py": ("train",),
    "cli/serve_check.py": ("serve-check",),
}


@functools.cache
def options_of(name: str) -> set[str]:
    """The options of a command and of those below it."""
    command = main.get_command(click.Context(main), name)
    options = {option for parameter in command.params for option in parameter.opts}
    for below in getattr(command, "commands", {}).values():
        options |= {option for parameter in below.params for option in parameter.opts}
    return options


def allowed_options(text: Text) -> set[str]:
    """The options of the commands that can say a text, and of those that it names."""
    names = list(NAMES)
    for room, commands in COMMANDS_OF.items():
        if text.path.startswith(room):
            names = list(commands)
    names += [name for name in re.findall("tfuq ([a-z-]+)", text.words) if name in NAMES]
    allowed = {option for parameter in main.params for option in parameter.opts} | {"--help"}
    return allowed.union(*map(options_of, names))


def field_of(key: str) -> pydantic.fields.FieldInfo | None:
    """The field that a dotted key names; None where there is none."""
    model = Config
    *sections, last = key.split(".")
    for section in sections:
        if section not in model.model_fields:
            return None
        model = model.model_fields[section].annotation
    return model.model_fields.get(last)


def test_texts_are_found():
    assert len([text for text in texts() if SETTING.search(text.words)]) > 60
    assert len([text for text in texts() if OPTION.search(text.words)]) > 80
    assert isinstance(main, click.Group)


def test_every_setting_that_is_named_is_one():
    """A sentence may end in a key."""
    wrong = []
    for text in texts():
        for key in SETTING.findall(text.words):
            if field_of(key.rstrip(".")) is None:
                wrong.append((f"{text.path}:{text.line}", key))
    assert not wrong


def test_every_value_that_is_named_is_accepted():
    valued = [match for text in texts() for match in VALUED.findall(text.words)]
    assert len(valued) > 3
    for key, value in valued:
        annotation = field_of(key).annotation
        if not hasattr(annotation, "model_fields"):  # a section, which is spoken of
            pydantic.TypeAdapter(annotation).validate_python(read_yaml(value, key))


def test_every_option_that_is_named_is_one_of_a_command_that_names_it():
    wrong = []
    for text in texts():
        for option in OPTION.findall(text.words):
            if option not in allowed_options(text):
                wrong.append((f"{text.path}:{text.line}", option))
    assert not wrong
