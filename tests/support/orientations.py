"""The names of all 48 orientations."""

import itertools

NAMES = [
    "".join(letters)
    for order in itertools.permutations(("LR", "PA", "IS"))
    for letters in itertools.product(*order)
]
