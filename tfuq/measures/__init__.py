"""From samples to uncertainty: streaming reducers, measures of voxels, structures and landmarks."""
