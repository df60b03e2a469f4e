"""tfuq: what a network sees in a medical image, and how sure it is."""

import logging
import os

__version__ = "0.2.0"

# TensorFlow reads these when it is first imported. oneDNN is off by default on many CPUs and
# several times faster there. Setting it everywhere also keeps the last bits of a result the same
# from one machine to the next.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its errors reach us as exceptions too

# What tfuq says of its progress goes to loggers below this one, and nowhere until the program
# that embeds tfuq gives it a handler.
logging.getLogger("tfuq").addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    """What `tfuq.api` has; TensorFlow is imported when it is first used, not before."""
    if name in ("load", "load_model", "train"):
        from tfuq import api

        return getattr(api, name)
    raise AttributeError(f"module 'tfuq' has no attribute '{name}'")
