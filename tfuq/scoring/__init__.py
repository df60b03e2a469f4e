"""Scores: metrics by NumPy alone, and the evaluation of predictions folders."""
