"""Forward values and gradients of sum(y * c) of the activations, on awkward inputs. `absolute` is the
errors allowed beside the relative one, of value and gradient: formulas with cancellation cannot be held
to a relative error. Keras's elu and selu are exp(x) - 1; gelu has 1 + erf and 1 + tanh, in its
gradient 1 - tanh² times up to x²; tanh_shrink is x - tanh(x), the slope of squareplus has 1 + x/√(x² + b),
that of a softmax dy - Σ dy·y: there eight times Keras's own error in float32 is allowed."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array

A = keras.activations

AWKWARD = [
    0.0, -0.0, 1e-30, -1e-30, 1e-7, -1e-7, 1e-4, -1e-4, 0.1, -0.1, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0,
    3.3, -3.3, 5.0, -5.0, 6.0, -6.0, 9.0, -9.0, 16.0, -16.0, 19.9, -19.9, 40.0, -40.0, 87.0, -87.0, 88.5, 100.0,
    -100.0, 1e4, -1e4, 1e30,
]
SPECIALS = [np.inf, -np.inf, np.nan]

EXACT = (0.0, 0.0)
ELEMENTWISE = [
    ("linear", {}, EXACT),
    ("exponential", {}, EXACT),
    ("relu", {}, EXACT),
    ("relu", {"negative_slope": 0.1}, EXACT),
    ("relu", {"max_value": 6.0}, EXACT),
    ("relu", {"max_value": 5.0}, EXACT),
    ("relu", {"threshold": 1.0}, EXACT),
    ("relu", {"max_value": 6.0, "threshold": 2.0}, EXACT),
    ("relu", {"negative_slope": 0.25, "max_value": 6.0}, EXACT),
    ("relu", {"negative_slope": 0.25, "max_value": 5.0, "threshold": 1.0}, EXACT),
    ("relu", {"negative_slope": -0.5, "threshold": -2.0}, EXACT),
    ("leaky_relu", {}, EXACT),
    ("leaky_relu", {"negative_slope": 1.5}, EXACT),
    ("relu6", {}, EXACT),
    ("elu", {}, (1e-7, 1e-7)),
    ("elu", {"alpha": 0.3}, (1e-7, 1e-7)),
    ("selu", {}, (2e-7, 2e-7)),
    ("celu", {}, EXACT),
    ("celu", {"alpha": 2.5}, EXACT),
    ("sigmoid", {}, (0.0, 1e-7)),
    ("tanh", {}, (0.0, 4e-7)),
    ("hard_sigmoid", {}, EXACT),
    ("hard_tanh", {}, EXACT),
    ("log_sigmoid", {}, EXACT),
    ("sparse_sigmoid", {}, EXACT),
    ("softsign", {}, EXACT),
    ("softplus", {}, EXACT),
    ("squareplus", {}, (0.0, 2e-7)),
    ("squareplus", {"b": 0.5}, (0.0, 2e-7)),
    ("sparse_plus", {}, EXACT),
    ("silu", {}, EXACT),
    ("hard_silu", {}, EXACT),
    ("gelu", {}, (1e-6, 1e-6)),
    ("gelu", {"approximate": True}, (1e-6, 4e-6)),
    ("mish", {}, EXACT),
    ("hard_shrink", {}, EXACT),
    ("hard_shrink", {"threshold": 2.0}, EXACT),
    ("soft_shrink", {}, EXACT),
    ("soft_shrink", {"threshold": 2.0}, EXACT),
    ("tanh_shrink", {}, (1e-7, 4e-7)),
    ("threshold", {"threshold": 0.5, "default_value": -7.0}, EXACT),
]

OVER_AXES = [
    ("softmax", [{}, {"axis": 0}, {"axis": [0, 1]}, {"axis": None}]),
    ("log_softmax", [{}, {"axis": 0}, {"axis": [1, 0]}, {"axis": None}]),
    ("sparsemax", [{}, {"axis": 0}]),
    ("glu", [{}, {"axis": 0}]),
]


def call(name, x, options):
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    return getattr(A, name)(x, **given)


def exact_gradient(name, options, x, c):
    v = tf.constant(x.astype("float64"))
    with tf.GradientTape() as tape:
        tape.watch(v)
        total = tf.reduce_sum(call(name, v, options) * c.astype("float64"))
    return tape.gradient(total, v).numpy()


def case(name, options, absolute, x, rng):
    v = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = call(name, v, options)
        c = rng.uniform(0.5, 1.5, y.shape).astype("float32")
        total = tf.reduce_sum(y * c)
    gradient = tape.gradient(total, v)
    value_error, gradient_error = absolute
    if gradient_error is None:
        gradient_error = 8 * np.max(np.abs(exact_gradient(name, options, x, c) - gradient.numpy()))
        absolute = (value_error, float(f"{max(gradient_error, 2e-7):.1e}"))
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
    specials = np.array(SPECIALS, "float32")
    for name, options, absolute in ELEMENTWISE:
        # tanh-gelu's gradient is inf * 0 beyond 1e12, in Keras as anywhere
        x = awkward[:-1] if name == "gelu" else awkward
        out.append(case(name, options, absolute, x, rng))
        out.append(case(name, options, absolute, rng.normal(0, 2, (3, 5)).astype("float32"), rng))
        y = call(name, tf.constant(specials), options)
        out.append({"name": name, "options": options, "x": array(specials), "y": array(y), "absolute": EXACT})
    for name, choices in OVER_AXES:
        for options in choices:
            for x in [
                rng.normal(0, 3, (4, 8)),
                rng.normal(0, 1, (2, 3, 6)),
                rng.normal(0, 0.3, (2, 6)),
                np.array([[1000.0, 999.0, -1000.0, 1.0], [0.0, 0.0, 0.0, 0.0]]),
                np.array([[-1e4, -1e4, -1e4 + 1, 5.0], [5.0, -3.0, 5.0, 5.0]]),
            ]:
                out.append(case(name, options, (1e-30, None), x.astype("float32"), rng))
    return out
