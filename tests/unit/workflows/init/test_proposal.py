"""The configuration that a folder suggests."""

import pytest

from tests.support.data_files import write_picture
from tests.support.nnunet_sets import V2, write_description
from tfuq import config as configuration
from tfuq.errors import DataError
from tfuq.workflows.init.proposal import propose


def test_the_text_is_a_configuration_with_its_reasons(balls):
    proposal = propose(balls, name="own")
    loaded = configuration.parse(proposal.text)
    assert (loaded.name, loaded.task, loaded.data.root) == ("own", "segmentation", str(balls))
    assert loaded.data.split.is_by_shares
    assert "# dataset.json is that of the Medical Segmentation Decathlon" in proposal.text


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("my scans (2024)", "my-scans-2024"),
        ("Köln", "Koeln"),
        ("Ko\u0308ln", "Koeln"),  # as macOS writes it
        ("Besançon", "Besancon"),
        ("東京", "own"),
    ],
)
def test_a_folder_s_name_is_made_a_configuration_s(tmp_path, folder, name):
    root = tmp_path / folder
    for label in ("ill", "healthy"):
        write_picture(root / label / f"{label}.png", size=(32, 32))
    proposal = propose(root)
    assert proposal.name == name
    assert configuration.parse(proposal.text).network.name == "resnet"


def test_a_folder_of_another_task_is_refused(tmp_path):
    write_description(tmp_path, V2)
    write_picture(tmp_path / "imagesTr" / "a_0000.png")
    with pytest.raises(DataError, match="landmarks are told by a table"):
        propose(tmp_path, task="landmarks")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder; name the folder of your data"):
        propose(tmp_path / "nowhere")
