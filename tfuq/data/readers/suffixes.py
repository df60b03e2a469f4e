"""How the names of files that tfuq reads end, by their format.

No format is imported for it: listing the cases of a data set takes no longer than looking at names.
"""

from __future__ import annotations

from pathlib import Path

from tfuq.data.readers.dicom.marks import DICOM_SUFFIX

NIFTI_SUFFIXES = (".nii.gz", ".nii", ".img", ".hdr")
NRRD_SUFFIXES = (".seg.nrrd", ".nrrd", ".nhdr")  # the first is that of 3D Slicer's label maps
METAIMAGE_SUFFIXES = (".mha", ".mhd")
MGH_SUFFIXES = (".mgh.gz", ".mgz", ".mgh")
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")
SCAN_SUFFIXES = (*NIFTI_SUFFIXES, *NRRD_SUFFIXES, *METAIMAGE_SUFFIXES, *MGH_SUFFIXES)
READABLE_SUFFIXES = (*SCAN_SUFFIXES, *IMAGE_SUFFIXES, DICOM_SUFFIX)


def is_plain_image(path: Path) -> bool:
    """Whether the name is that of a plain image, which does not say how wide its pixels are."""
    return path.name.lower().endswith(IMAGE_SUFFIXES)
