"""tfuq: what a network sees in a medical image, and how sure it is."""

import os

__version__ = "0.1.0"

# TensorFlow reads these when it is first imported. oneDNN is off by default on many CPUs and several times faster there;
# setting it everywhere also keeps the last bits of a result the same from one machine to the next.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
