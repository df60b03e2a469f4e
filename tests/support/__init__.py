"""Helpers of the tests, and what made the tables in ``tests/data``."""
