"""A case as the network sees it."""

import numpy as np

from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared


def test_a_case_to_validate_on_has_rows_and_channels_alone():
    examples = Examples(np.zeros((3, 4, 4, 2), np.float32), np.zeros((3, 4, 4), np.uint8))
    prepared = Prepared.for_validation(examples)
    assert prepared.facts == CaseFacts(rows=3, channels=2)
    assert prepared.nbytes == 3 * 4 * 4 * 2 * 4 + 3 * 4 * 4
