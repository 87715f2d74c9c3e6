"""Regularizers and constraints: values, and gradients of the penalties, on matrices, on weights of
convolutions, and on zeros."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array, config

R = keras.regularizers
C = keras.constraints


def inputs(rng):
    w = rng.normal(0, 1, (5, 4)).astype("float32")
    w[:, 1] = 0
    w[2] = 0
    return [w, rng.normal(0, 0.3, (3, 2)).astype("float32"), np.zeros((2, 3), "float32")]


def penalty(regularizer, w):
    v = tf.constant(w)
    with tf.GradientTape() as tape:
        tape.watch(v)
        value = regularizer(v)
    gradient = tape.gradient(value, v)
    gradient = tf.zeros_like(v) if gradient is None else gradient
    return {**config(regularizer), "kind": "regularizer", "w": array(w), "value": array(value), "gradient": array(gradient)}


def constrained(constraint, w):
    return {**config(constraint), "kind": "constraint", "w": array(w), "value": array(constraint(tf.constant(w)))}


def cases():
    rng = np.random.default_rng(7)
    matrices = inputs(rng)
    kernel = rng.normal(0, 1, (2, 3, 2, 4)).astype("float32")
    out = []
    for regularizer in [
        R.L1(),
        R.L1(0.3),
        R.L2(),
        R.L2(0.1),
        R.L1L2(),
        R.L1L2(l1=0.2),
        R.L1L2(l2=0.5),
        R.L1L2(0.1, 0.02),
    ]:
        out += [penalty(regularizer, w) for w in [*matrices, kernel]]
    for regularizer in [R.OrthogonalRegularizer(), R.OrthogonalRegularizer(0.5, mode="columns")]:
        # At zeros the gradient is NaN, in Keras too.
        out += [penalty(regularizer, w) for w in [matrices[1], rng.normal(0, 1, (4, 6)).astype("float32")]]
    for constraint in [C.NonNeg(), C.MaxNorm(), C.MaxNorm(0.5, axis=1), C.UnitNorm(), C.UnitNorm(axis=1)]:
        out += [constrained(constraint, w) for w in matrices]
    for constraint in [C.MinMaxNorm(), C.MinMaxNorm(0.5, 1.2, rate=0.7, axis=-1), C.MinMaxNorm(1.0, 3.0, axis=0)]:
        out += [constrained(constraint, w) for w in matrices]
    for constraint in [C.MaxNorm(0.5, axis=None), C.UnitNorm(axis=None), C.MinMaxNorm(1.0, 0.7)]:
        out.append(constrained(constraint, matrices[0]))
    for constraint in [C.MaxNorm(1, axis=[0, 1, 2]), C.UnitNorm(axis=[0, 1, 2]), C.MinMaxNorm(2.0, 2.5, axis=[0, 1])]:
        out.append(constrained(constraint, kernel))
    return out
