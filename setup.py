"""Finds the packages; everything else about the distribution is in setup.cfg."""

from setuptools import find_packages, setup

# The folders cli, configs and models are installed under names of their own.
NAMED_OTHERWISE = ("tfuq_cli", "tfuq_configs", "tfuq_models")

setup(packages=[*find_packages(include=["tfuq", "tfuq.*"]), *NAMED_OTHERWISE])
