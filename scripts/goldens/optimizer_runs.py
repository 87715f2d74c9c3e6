"""One small training run of every optimizer: 25 steps with a tail batch, and validation. What only a whole
`fit` shows is in it: the loss scale, averages at the end, constraints, embeddings' gradients."""

import keras
import numpy as np

from .encode import array, config, measured, precision
from .optimizers import draws

K = keras.layers
O = keras.optimizers


def drawn(seed, *shape):
    """Numbers in (-1, 1) that the test draws too."""
    source = draws(seed)
    return np.array([next(source) for _ in range(int(np.prod(shape)))], "float32").reshape(shape)


def data():
    x = drawn(11, 37, 5)
    return x, (x[:, :2] * x[:, 1:3] + 0.5 * x[:, 3:]).astype("float32")


def model():
    layers = [
        K.Dense(6, activation="tanh", name="first"),
        K.Dense(6, activation="tanh", kernel_constraint=keras.constraints.NonNeg(), name="middle"),
        K.Dense(2, name="last"),
    ]
    made = keras.Sequential([keras.Input((5,)), *layers], name="sequential")
    made.set_weights([(0.7 * drawn(20 + i, *w.shape)).astype(w.dtype) for i, w in enumerate(made.get_weights())])
    return made


def trained(make, prepare):
    """History and weights in Keras's current precision."""
    real = lambda a: a.astype(keras.config.floatx())  # noqa: E731
    x, y = data()
    optimizer = make()
    net = model()
    if prepare:
        prepare(optimizer, net)
    net.compile(optimizer=optimizer, loss="mse")
    history = net.fit(
        real(x[:29]),
        real(y[:29]),
        validation_data=(real(x[29:]), real(y[29:])),
        batch_size=6,
        epochs=5,
        shuffle=False,
        verbose=0,
    ).history
    return optimizer, history, np.concatenate([w.ravel() for w in net.get_weights()])


def case(label, make, prepare=None):
    keras.utils.clear_session()
    described = make()
    nested = isinstance(described, (O.MultiOptimizer, O.LossScaleOptimizer))
    written = {"class_name": type(described).__name__, "config": O.serialize(described)["config"]}
    keras.utils.clear_session()
    optimizer, history, weights = trained(make, prepare)
    precision("float64")
    keras.utils.clear_session()
    _, exact_history, exact_weights = trained(make, prepare)
    precision("float32")
    return {
        "label": label,
        **(written if nested else config(described)),
        "history": {k: measured(np.array(v, "float32"), exact_history[k]) for k, v in history.items()},
        "weights": measured(weights, exact_weights),
        "variables": [v.name for v in optimizer.variables],
    }


def cases():
    decay = lambda rate: O.schedules.ExponentialDecay(rate, decay_steps=10, decay_rate=0.5)  # noqa: E731
    made = [
        ("clipped", lambda: O.SGD(0.2, momentum=0.5, nesterov=True, global_clipnorm=0.3)),
        ("loss scale", lambda: O.SGD(0.1, momentum=0.9, loss_scale_factor=64.0, clipnorm=0.5)),
        ("centered", lambda: O.RMSprop(0.01, centered=True, momentum=0.5)),
        ("plain", lambda: O.Adagrad(0.1)),
        ("plain", lambda: O.Adadelta(1.0, epsilon=1e-4)),
        ("amsgrad", lambda: O.Adam(decay(0.05), amsgrad=True)),
        (
            "no decay of biases",
            lambda: O.AdamW(0.02, weight_decay=0.5),
            lambda o, _: o.exclude_from_weight_decay(var_names=["bias"]),
        ),
        (
            "no decay of a layer",
            lambda: O.AdamW(0.02, weight_decay=0.5),
            lambda o, _: o.exclude_from_weight_decay(var_names=["middle"]),
        ),
        ("plain", lambda: O.Adamax(0.02)),
        ("average", lambda: O.Nadam(0.02, use_ema=True, ema_momentum=0.8)),
        ("average that overwrites", lambda: O.Adam(0.02, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4)),
        ("penalties", lambda: O.Ftrl(0.1, l1_regularization_strength=0.01, l2_shrinkage_regularization_strength=0.01)),
        ("plain", lambda: O.Lion(0.01, weight_decay=0.1)),
        ("plain", lambda: O.Lamb(0.02)),
        ("plain", lambda: O.Adafactor(0.1)),
        ("plain", lambda: O.Muon(0.02)),
        # Built in fit's graph, its z starts at zero in place of the weights: TensorFlow loses the assignment.
        (
            "warm-up, built before fit",
            lambda: O.ScheduleFreeAdamW(0.05, warmup_steps=6),
            lambda o, net: o.build(net.trainable_variables),
        ),
        ("accumulation", lambda: O.Adam(decay(0.05), gradient_accumulation_steps=3, clipvalue=0.05)),
        (
            "map",
            lambda: O.MultiOptimizer(
                O.OptimizerMap(O.SGD(0.1), {".*/first/.*": O.Adam(0.02), ".*/last/bias": O.Lion(0.01)}),
                loss_scale_factor=16.0,
            ),
        ),
        ("plain", lambda: O.LossScaleOptimizer(O.Adam(0.02), dynamic_growth_steps=7)),
    ]
    return [case(*row) for row in made]
