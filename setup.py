"""Finds the packages; everything else about the distribution is in setup.cfg."""

from setuptools import find_packages, setup

# The folders cli and configs are installed under names of their own.
NAMED_OTHERWISE = ("tfuq_cli", "tfuq_configs")

setup(packages=[*find_packages(include=["tfuq", "tfuq.*"]), *NAMED_OTHERWISE])
