"""A head's CT, turned and then seen from the side."""

from __future__ import annotations

import numpy as np

from tfuq.data.cases import read_case_image
from tfuq.data.perturbations import Subject
from tfuq.data.projection import lateral, upright
from tfuq.shift.pictures import LandmarkMeasurer


class HeadMeasurer(LandmarkMeasurer):
    """The CT is perturbed, and the network takes its X-ray, of which no landmark is known."""

    def subject(self, case):
        if case.id not in self._subjects:
            self._subjects[case.id] = Subject(upright(read_case_image(case)))
        return self._subjects[case.id]

    def perturbed(self, case, severity):
        picture = lateral(super().perturbed(case, severity).image, tuple(self.config.network.patch_size))
        self.sizes[case.id] = picture.shape
        unknown = np.full((len(self.config.data.landmarks), 2), np.nan)
        return Subject(self.predictor.network_grid(case, picture), points=unknown)
