"""The text of a planned configuration."""

from tfuq.config.text import read_yaml, write_yaml
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.text import kept_tree, planned_text, with_method

TEXT = """# Of our department.
name: own
task: segmentation
data:
  root: here  # ours
preprocessing:
  crop_to_labels: [3]
  spacing: [1, 1, 1]
# What follows was tried.
training:
  epochs: 3
  seed: 5
ensemble:
  members: 3
"""


def settings():
    made = Settings()
    made.put("preprocessing", "spacing", [2, 2, 2], "the median")
    made.put("training", "epochs", 9)
    made.put("training", "seed", 0, "any")
    return made


def test_own_lines_and_comments_stay():
    text = planned_text(TEXT, settings(), ["planned for 3 cases"])
    assert text.startswith("# Of our department.\nname: own\n")
    assert "  root: here  # ours\n" in text
    assert "\n# planned for 3 cases\n" in text
    assert "spacing: [2, 2, 2]  # the median" in text


def test_a_comment_at_the_start_of_a_line_within_a_section_stays_alone():
    text = TEXT.replace("  epochs: 3\n", "# Too few.\n  epochs: 3\n")
    planned = planned_text(text, settings(), [])
    assert "# Too few.\n" in planned
    assert "  root: here  # ours\n" in planned
    assert "epochs: 3" not in planned


def test_remarks_of_an_earlier_plan_are_replaced():
    first = ["planned for 3 training case(s): small", "allowed: 1h and 2 GiB; foretold: 1h"]
    second = ["planned for 9 training case(s): large", "allowed: 2h and 2 GiB; foretold: 2h"]
    text = planned_text(planned_text(TEXT, settings(), first), settings(), second)
    assert text == planned_text(TEXT, settings(), second)


def test_what_the_data_mean_stays_and_the_rest_is_planned():
    tree = read_yaml(planned_text(TEXT, settings(), []), "text")
    assert tree["preprocessing"] == {"spacing": [2, 2, 2], "crop_to_labels": [3]}
    assert tree["training"] == {"epochs": 9, "seed": 5}
    assert tree["ensemble"] == {"members": 3}


def test_a_reason_of_what_the_owner_wrote_is_left_out():
    assert "# any" not in planned_text(TEXT, settings(), [])


def test_sections_on_one_line_are_planned_too():
    text = planned_text("{name: own, training: {epochs: 3}, data: {root: x}}", settings(), [])
    tree = read_yaml(text, "text")
    assert tree["training"]["epochs"] == 9
    assert tree["data"] == {"root": "x"}


def test_how_it_predicts_stays_as_it_was_written():
    own = {"skip_empty": 0.0, "precision": "bfloat16", "overlap": 0.25}
    made = settings()
    made.put("prediction", "samples", 20)
    start = {"initial_weights": "runs/a", "frozen": ["encoder*"]}
    tree = {"data": {"root": "x"}, "prediction": own, "training": start}
    planned = read_yaml(planned_text(write_yaml(tree), made, []), "text")
    assert planned["prediction"] == {"samples": 20, **own}
    assert planned["training"]["initial_weights"] == "runs/a"
    assert planned["training"]["frozen"] == ["encoder*"]


def test_kept_is_what_a_plan_does_not_decide():
    kept = kept_tree(read_yaml(TEXT, "text"))
    assert kept["training"] == {"seed": 5}
    assert kept["preprocessing"] == {"crop_to_labels": [3]}
    assert set(kept) == {"name", "task", "data", "preprocessing", "training", "ensemble"}


def test_a_method_is_set_or_added():
    assert (
        read_yaml(with_method("name: a\nmethod: vi  # mine\n", "hybrid"), "")["method"] == "hybrid"
    )
    assert with_method(TEXT, "vi").startswith("method: vi\n# Of our department.")
    assert read_yaml(with_method("{name: a, method: vi}", "hybrid"), "")["method"] == "hybrid"
