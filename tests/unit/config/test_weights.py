"""What a configuration says of weights."""

import pytest

from tests.conftest import settings
from tfuq.config.weights import has_point_weights

FROZEN = {"frozen": ["encoder*"]}


@pytest.mark.parametrize(
    ("method", "latent", "expected"),
    [
        ("deterministic", {}, True),
        ("hybrid", {}, True),
        ("vi", {}, False),
        ("vi", {"backbone": "point"}, False),
        ("latent-vi", {}, True),
        ("latent-vi", {"backbone": "variational"}, False),
    ],
)
def test_point_weights_are_those_without_a_posterior(tmp_path, method, latent, expected):
    assert has_point_weights(settings(tmp_path, method, latent=latent)) is expected


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("training", "precision", "mixed"), ("network", "upsampling", "transposed")],
)
def test_what_serves_point_weights_needs_some(tmp_path, section, key, value):
    asked = {section: {key: value}}
    settings(tmp_path, "latent-vi", **asked)
    with pytest.raises(ValueError, match=f"{section}.{key} {value} .*latent.backbone: point"):
        settings(tmp_path, "latent-vi", latent={"backbone": "variational"}, **asked)
    with pytest.raises(ValueError, match=f"{section}.{key} {value} .*method vi has none"):
        settings(tmp_path, "vi", **asked)


@pytest.mark.parametrize("method", ["vi", "latent-vi"])
def test_widths_are_inferred_by_adam(tmp_path, method):
    with pytest.raises(ValueError, match=r"set training\.optimizer: adam"):
        settings(tmp_path, method, training={"optimizer": "sgd"})


def test_frozen_layers_need_weights_to_stay_at(tmp_path):
    with pytest.raises(
        ValueError, match=r"training\.frozen .* name a run in training\.initial_weights"
    ):
        settings(tmp_path, "deterministic", training=FROZEN)
    settings(tmp_path, "deterministic", training=FROZEN | {"initial_weights": "runs/x"})
    settings(tmp_path, "vi", training=FROZEN, variational={"warm_start": "runs/x"})


def test_a_warm_start_that_the_method_does_not_take_is_none(tmp_path):
    with pytest.raises(ValueError, match=r"training\.frozen"):
        settings(tmp_path, "hybrid", training=FROZEN, variational={"warm_start": "runs/x"})


def test_two_starts_are_refused(tmp_path):
    with pytest.raises(ValueError, match="both say where weights start"):
        settings(
            tmp_path,
            "vi",
            training={"initial_weights": "runs/x"},
            variational={"warm_start": "runs/y"},
        )
