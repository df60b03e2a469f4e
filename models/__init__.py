"""The models that come with tfuq, a folder for each; `tfuq.runs.models` opens them."""
