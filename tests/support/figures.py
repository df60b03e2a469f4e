"""What figures show."""

import numpy as np
from PIL import Image

from tfuq.report.plotting import save

DIGITS = [str(k) for k in range(10)]


def drawn(figure, folder):
    """The saved picture's size in pixels; there is something on it."""
    with Image.open(save(figure, folder / "figure.png")) as image:
        assert np.asarray(image.convert("L")).std() > 5
        return image.size


def sampled(rng, n=60, classes=10, samples=50):
    """True classes, votes of the samples, and their shares as probabilities."""
    truth = rng.integers(0, classes, n)
    mean = (
        rng.dirichlet(np.full(classes, 0.3), n)
        + rng.random((n, 1)) ** 2 * 3 * np.eye(classes)[truth]
    )
    mean /= mean.sum(1, keepdims=True)
    votes = np.array([rng.multinomial(samples, row) for row in mean])
    return truth, votes, votes / samples


def titles(figure):
    return [axes.get_title() for axes in figure.get_axes() if axes.get_title()]


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]
