"""View: a page in the browser to look at predicted cases and to decide on them."""
