"""Forward values and gradients of sum(y * c) of the activations, on awkward inputs. `absolute` is the
errors allowed beside the relative one, of value and gradient: formulas with cancellation cannot be held
to a relative error. Keras's elu is exp(x) - 1; gelu has 1 + erf and 1 + tanh, in its gradient 1 - tanh²
times up to x²."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array

A = keras.activations

AWKWARD = [
    0.0, -0.0, 1e-30, -1e-30, 1e-7, -1e-7, 1e-4, -1e-4, 0.1, -0.1, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.3,
    -3.3, 5.0, -5.0, 9.0, -9.0, 16.0, -16.0, 19.9, -19.9, 40.0, -40.0, 87.0, -87.0, 88.5, 100.0, -100.0,
    1e4, -1e4, 1e30,
]

ELEMENTWISE = [
    ("relu", {}, (0.0, 0.0)),
    ("sigmoid", {}, (0.0, 1e-7)),
    ("tanh", {}, (0.0, 4e-7)),
    ("linear", {}, (0.0, 0.0)),
    ("elu", {}, (1e-7, 1e-7)),
    ("elu", {"alpha": 0.3}, (1e-7, 1e-7)),
    ("gelu", {}, (1e-6, 1e-6)),
    ("gelu", {"approximate": True}, (1e-6, 4e-6)),
    ("softplus", {}, (0.0, 0.0)),
]


def case(name, options, absolute, x, rng):
    c = rng.uniform(0.5, 1.5, x.shape).astype("float32")
    v = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = getattr(A, name)(v, **options)
        total = tf.reduce_sum(y * c)
    gradient = tape.gradient(total, v)
    return {
        "name": name,
        "options": options,
        "x": array(x),
        "c": array(c),
        "y": array(y),
        "gradient": array(gradient),
        "absolute": absolute,
    }


def cases():
    rng = np.random.default_rng(1)
    out = []
    awkward = np.array(AWKWARD, "float32")
    for name, options, absolute in ELEMENTWISE:
        # tanh-gelu's gradient is inf * 0 beyond 1e12, in Keras as anywhere
        x = awkward[:-1] if name == "gelu" else awkward
        out.append(case(name, options, absolute, x, rng))
        out.append(case(name, options, absolute, rng.normal(0, 2, (3, 5)).astype("float32"), rng))
    specials = np.array([np.inf, -np.inf, np.nan], "float32")
    for name in ["relu", "sigmoid", "tanh", "linear", "elu", "softplus"]:
        y = getattr(A, name)(tf.constant(specials))
        out.append({"name": name, "options": {}, "x": array(specials), "y": array(y), "absolute": [0, 0]})
    for x in [
        rng.normal(0, 3, (4, 7)),
        rng.normal(0, 1, (2, 3, 5)),
        np.array([[1000.0, 999.0, -1000.0], [0.0, 0.0, 0.0], [-1e4, -1e4, -1e4 + 1]]),
        np.array([[5.0], [-3.0]]),
    ]:
        out.append(case("softmax", {}, (1e-30, 1e-7), x.astype("float32"), rng))
    return out
