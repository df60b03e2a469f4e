"""Perturbs the CT of a head: turns it, and lets the network see it from the side."""

from __future__ import annotations

import numpy as np

from tfuq.data.cases import Case, read_case_image
from tfuq.data.perturbations import Subject
from tfuq.data.projection import lateral, upright
from tfuq.workflows.shift.landmarks import LandmarkMeasurer
from tfuq.workflows.shift.pictures import size_of


class HeadMeasurer(LandmarkMeasurer):
    """Perturbs the CT; the network takes an X-ray of it, in which no landmark is known."""

    def subject(self, case: Case) -> Subject:
        """The CT, upright."""
        if case.id not in self._subjects:
            self._subjects[case.id] = Subject(upright(read_case_image(case)))
        return self._subjects[case.id]

    def perturbed(self, case: Case, severity: float) -> Subject:
        """The X-ray of the turned CT, with landmarks that are all NaN."""
        turned = super().perturbed(case, severity)
        picture = lateral(turned.image, self._patch_size)
        self._know_pixel(float(picture.spacing[0]))
        self.sizes[case.id] = size_of(picture)
        unknown = np.full((len(self.config.data.landmarks), 2), np.nan)
        return Subject(self.predictor.network_grid(case, picture), points=unknown)

    def _know_pixel(self, mm: float) -> None:
        """Lengths are in mm of the CT, and not of the images that the run was trained on.

        Args:
            mm: Width and height of a pixel of the X-ray.
        """
        data = self.config.data
        annotations = data.annotations.model_copy(update={"image_size": None, "pixel_mm": mm})
        data = data.model_copy(update={"annotations": annotations})
        self.config = self.config.model_copy(update={"data": data})
        self.predictor.config = self.config
