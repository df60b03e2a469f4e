"""Scaling of probabilities, and conformal thresholds: records, fits and reducers."""
