"""What is frozen of each member."""

import pytest

from tests.conftest import settings
from tfuq.errors import ConfigError
from tfuq.training.frozen_members import frozen_facts, frozen_of_members, frozen_texts

# Of a U-Net of widths 4 and 8 that sees one channel: kernels of 3 × 3, and their biases.
ENCODER = (9 * 1 + 1) * 4 + (9 * 4 + 1) * 4 + (9 * 4 + 1) * 8 + (9 * 8 + 1) * 8
LAYERS = [f"encoder{level}_conv{number}" for level in (1, 2) for number in (1, 2)]


def config_of(root, *overrides, method="ensemble", patterns=("encoder*",), **changes):
    training = {"initial_weights": "a run", "frozen": list(patterns)}
    ensemble = {"members": 2}
    if overrides:
        ensemble |= {"diversity": "overrides", "overrides": list(overrides)}
    return settings(root, method, 2, training=training, ensemble=ensemble, **changes)


@pytest.mark.parametrize("method", ["ensemble", "swag"])
def test_weights_are_counted_as_they_are_trained(tmp_path, method):
    """The Gaussian of a member of swag has more numbers, which nothing trains."""
    config = config_of(tmp_path, method=method, swag={"members": 2})
    members = frozen_of_members(config, channels=1)
    assert [frozen.layers for frozen in members] == [LAYERS, LAYERS]
    assert {frozen.weights for frozen in members} == {ENCODER}
    facts = frozen_facts(members)
    assert (facts["layers"], facts["weights"]) == (LAYERS, ENCODER)


def test_each_member_has_what_its_configuration_freezes(tmp_path):
    config = config_of(tmp_path, {"training.frozen": []}, {})
    members = frozen_of_members(config, channels=1)
    assert members[0] is None
    facts = frozen_facts(members)
    assert facts["member 0"] is None
    assert facts["member 1"]["weights"] == ENCODER
    none, some = frozen_texts(members)
    assert none == "none frozen"
    assert some.startswith(f"{ENCODER:,} of ")


def test_where_nothing_is_frozen_nothing_is_said(tmp_path):
    assert frozen_facts(frozen_of_members(config_of(tmp_path, patterns=()), channels=1)) is None


def test_a_pattern_that_a_member_has_no_layer_for_is_refused(tmp_path):
    config = config_of(tmp_path, {}, {"network.name": "fcn"}, patterns=["decoder*"])
    with pytest.raises(ConfigError, match=r"'decoder\*' matches no layer with weights"):
        frozen_of_members(config, channels=1)
