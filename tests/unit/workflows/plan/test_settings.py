"""Keys with their reasons."""

from tfuq.workflows.plan.settings import Settings


def test_a_key_is_put_with_its_reason():
    settings = Settings()
    settings.put("network", "widths", [8, 16], "small")
    settings.put("network", "name", "unet")
    assert settings.sections == {"network": {"widths": [8, 16], "name": "unet"}}
    assert settings.reasons == {"network.widths": "small"}
