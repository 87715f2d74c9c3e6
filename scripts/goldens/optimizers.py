"""Ten updates from given weights and gradients; the weights after each."""

import keras
import numpy as np

from .encode import array, config, measured, number, precision

O = keras.optimizers
STEPS = 10


def updated(make, start, gradients):
    """The optimizer, its rates and the weights after each step, in Keras's current precision."""
    real = lambda a: a.astype(keras.config.floatx())  # noqa: E731
    optimizer = make()
    variables = [keras.Variable(real(w)) for w in start]
    optimizer.build(variables)
    rates, after = [], []
    for g in gradients:
        rates.append(number(np.asarray(optimizer.learning_rate)))
        optimizer.apply([keras.ops.convert_to_tensor(real(v)) for v in g], variables)
        after.append([v.numpy() for v in variables])
    return optimizer, rates, after


def case(label, make, rng, tiny=False):
    shapes = [(3, 4), (4,), (1,)]
    start = [rng.normal(0, 1, s).astype("float32") for s in shapes]
    scale = 1e-7 if tiny else 1.0
    gradients = [[(scale * rng.normal(0, 1, s)).astype("float32") for s in shapes] for _ in range(STEPS)]
    gradients[2][1][:] = 0  # a gradient that vanishes for a step
    optimizer, rates, after = updated(make, start, gradients)
    precision("float64")
    _, _, exact = updated(make, start, gradients)
    precision("float32")
    return {
        "label": label,
        **config(optimizer),
        "start": [array(w) for w in start],
        "gradients": [[array(v) for v in g] for g in gradients],
        "learning_rates": rates,
        # Adam's 1 - beta2^t loses half its digits in float32: Keras's own error counts as such.
        "after": [[measured(v, e) for v, e in zip(a, b)] for a, b in zip(after, exact)],
        "iterations": int(optimizer.iterations.numpy()),
    }


def cases():
    rng = np.random.default_rng(4)
    decay = lambda: O.schedules.ExponentialDecay(0.1, decay_steps=4, decay_rate=0.5)  # noqa: E731
    made = [
        ("plain", lambda: O.SGD(), False),
        ("rate 0.3", lambda: O.SGD(0.3), False),
        ("momentum", lambda: O.SGD(0.1, momentum=0.9), False),
        ("nesterov", lambda: O.SGD(0.1, momentum=0.9, nesterov=True), False),
        ("schedule", lambda: O.SGD(decay(), momentum=0.5), False),
        ("default", lambda: O.Adam(), False),
        ("betas and epsilon", lambda: O.Adam(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4), False),
        ("tiny gradients, where epsilon counts", lambda: O.Adam(0.01), True),
        ("schedule", lambda: O.Adam(decay()), False),
    ]
    return [case(label, make, rng, tiny) for label, make, tiny in made]
