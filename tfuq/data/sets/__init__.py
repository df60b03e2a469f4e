"""Training examples of each task, and the batches made of them."""
