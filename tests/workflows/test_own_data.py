"""Data of one's own: images and labels in two folders, whatever the label folder and the label values are."""

import pytest

from tests.conftest import assert_refused
from tests.support.own_data import OWN, write_discs
from tfuq import config as configuration
from tfuq.errors import ConfigError


def test_a_data_set_that_does_not_fit_says_what_to_do(tfuq, tmp_path):
    write_discs(tmp_path / "data")
    (tmp_path / "discs.yaml").write_text(OWN.replace("ROOT", str(tmp_path / "data")))

    def refused(override, *words):
        assert_refused(tfuq("data", "check", tmp_path / "discs.yaml", "-o", override), *words)

    refused("data.label_folder=null", "none of the 7 cases has a label", "data.label_folder")
    refused("data.label_folder=masks", "none of the 7 cases has a label")
    refused(
        "data.label_values=null",
        "label value 255 is outside the declared 0, 1",
        "data.label_values: {0: 0, 255: 1}",
    )
    refused("data.label_values={0-99: 0, 50-255: 1}", "must not overlap")
    refused("data.label_values={0: 0, 9-1: 1}", "'9-1' is neither", "range such as 1000-2999")
    refused("data.layout=decathlon", "label_folder belongs to the layout 'folder'")
    for path in sorted((tmp_path / "data" / "mask").iterdir()):
        path.rename(path.with_name(f"{path.stem}_mask.png"))
    refused(
        "data.split.seed=1", "no label has the name of an image", "mask/disc-0_mask.png", "rename"
    )


def test_ranges_of_label_values_are_read_back():
    text = OWN.replace("ROOT", "x").replace("255: 1", "1000-2999: 1, 7: 0")
    config = configuration.parse(text)
    assert configuration.parse(config.dump()) == config
    with pytest.raises(ConfigError, match="a-b"):
        configuration.parse(text.replace("1000-2999", "a-b"))
