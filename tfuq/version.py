"""The version, apart from the package so that it can be read without importing more."""

__version__ = "0.1.0"
