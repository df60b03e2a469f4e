"""Samples folded into reducers, one after another."""

import tensorflow as tf


def reduce_all(samples, reducers):
    p = tf.constant(samples, tf.float32)
    out = {}
    for reducer in reducers:
        state = reducer.initialize(p.shape[1:], tf.constant(len(samples)))
        for t in range(len(samples)):
            state = reducer.update(state, p[t], tf.constant(t))
        out |= reducer.finalize(state, tf.constant(len(samples)))
    return out
