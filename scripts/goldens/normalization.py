"""Normalization layers with given weights: outputs in training and inference, moving statistics over
several steps, gradients of sum(y * c), masks, and a short training run of Dense + BatchNormalization."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array, config, measured, precision

K = keras.layers


def outputs(layer, x, c, training, mask=None):
    """y, and the gradients of sum(y * c) by the trainable weights and x."""
    v = tf.constant(x)
    options = {} if mask is None else {"mask": tf.constant(mask)}
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = layer(v, training=training, **options)
        total = tf.reduce_sum(y * c)
    wanted = [w.value for w in layer.trainable_variables] + [v]
    gradients = tape.gradient(total, wanted)
    return {"y": array(y), "gradients": [array(g) for g in gradients]}


def zero_row():
    return np.array([[0, 0, 0], [1, 2, -2]], "float32")


def case(label, layer, xs, rng, mask=None, low=-0.5, high=0.5):
    """Inference, a training step for each x (statistics after each), and inference again."""
    unbuilt = config(layer)
    layer.build(xs[0].shape)
    weights = [rng.uniform(low, high, w.shape).astype("float32") for w in layer.get_weights()]
    for weight, w in zip(weights, layer.weights):
        if w.name in ("moving_variance", "moving_stddev", "renorm_stddev"):
            weight += 1.0 - low
    layer.set_weights(weights)
    c = rng.uniform(0.5, 1.5, xs[0].shape).astype("float32")
    if isinstance(layer, K.SpectralNormalization):
        c = rng.uniform(0.5, 1.5, layer(xs[0]).shape).astype("float32")
    out = {"label": label, **unbuilt, "weights": [array(w) for w in weights], "c": array(c)}
    built = layer.get_config()
    out["built"] = {key: v for key, v in built.items() if v != unbuilt["config"][key]}
    out["weight_names"] = [w.name for w in layer.weights]
    out["trainable"] = len(layer.trainable_variables)
    if mask is not None:
        out["mask"] = array(mask)
    out["x"] = [array(x) for x in xs]
    out["inference"] = outputs(layer, xs[0], c, False, mask)
    out["training"] = []
    for x in xs:
        step = outputs(layer, x, c, True, mask)
        out["training"].append({**step, "state": [array(w) for w in layer.get_weights()]})
    out["afterwards"] = array(layer(xs[0], training=False))
    return out


def renormalizing():
    """Batch renormalization; the numbers of other cases stay as they are."""
    rng = np.random.default_rng(32)
    N = K.BatchNormalization
    limits = {"rmax": 1.2, "rmin": 0.7, "dmax": 0.3}
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]], bool)
    xs = [rng.normal(1.0, 2.0, (6, 3)).astype("float32") for _ in range(3)]
    x3 = [rng.normal(1.0, 2.0, (3, 4, 2)).astype("float32") for _ in range(2)]
    return [
        case("renorm", N(renorm=True, name="bn_15"), xs, rng),
        case("renorm, options", N(renorm=True, renorm_clipping=limits, renorm_momentum=0.8, momentum=0.9, name="bn_16"), xs, rng),
        case("renorm, one limit", N(renorm=True, renorm_clipping={"rmax": 1.0}, name="bn_17"), xs, rng),
        case("renorm, no scale", N(renorm=True, scale=False, name="bn_18"), xs, rng),
        case("renorm, no center", N(renorm=True, center=False, name="bn_19"), xs, rng),
        case("renorm, neither", N(renorm=True, scale=False, center=False, name="bn_20"), xs, rng),
        case("renorm, axis 1", N(renorm=True, axis=1, name="bn_21"), x3, rng),
        case("renorm, masked", N(renorm=True, name="bn_22"), x3, rng, mask=mask),
        case("renorm, frozen", N(renorm=True, trainable=False, name="bn_23"), xs[:1], rng),
        case("synchronized", N(synchronized=True, renorm_momentum=0.5, name="bn_24"), xs[:1], rng),
    ]


def layer_cases():
    rng = np.random.default_rng(31)

    def draw(*shape, n=1, offset=0.0, scale=1.0):
        return [rng.normal(offset, scale, shape).astype("float32") for _ in range(n)]

    return [
        case("default", K.BatchNormalization(name="bn"), draw(6, 3, n=3, offset=2.0), rng),
        case(
            "options",
            K.BatchNormalization(
                momentum=0.7,
                epsilon=0.01,
                beta_initializer="ones",
                gamma_initializer=keras.initializers.Constant(0.5),
                moving_mean_initializer="ones",
                moving_variance_initializer=keras.initializers.Constant(2.0),
                beta_regularizer="l2",
                gamma_regularizer=keras.regularizers.L2(0.02),
                gamma_constraint="non_neg",
                name="bn_2",
            ),
            draw(5, 4, n=2),
            rng,
        ),
        case("no center", K.BatchNormalization(center=False, name="bn_3"), draw(5, 4), rng),
        case("no scale", K.BatchNormalization(scale=False, name="bn_4"), draw(5, 4), rng),
        case("neither", K.BatchNormalization(center=False, scale=False, name="bn_5"), draw(5, 4), rng),
        case("rank 4", K.BatchNormalization(name="bn_6"), draw(2, 3, 2, 3, n=2), rng),
        case("axis 1", K.BatchNormalization(axis=1, name="bn_7"), draw(2, 3, 4, n=2), rng),
        case("axis -2", K.BatchNormalization(axis=-2, name="bn_8"), draw(2, 3, 4), rng),
        case("frozen", K.BatchNormalization(trainable=False, name="bn_9"), draw(5, 4, n=2), rng),
        case("one channel", K.BatchNormalization(name="bn_10"), draw(7, 1), rng),
        case("one row", K.BatchNormalization(name="bn_11"), draw(1, 3), rng),
        case(
            "masked",
            K.BatchNormalization(name="bn_12"),
            draw(3, 4, 2, n=2, offset=1.0),
            rng,
            mask=np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]], bool),
        ),
        case(
            "masked, axis 1",
            K.BatchNormalization(axis=1, name="bn_13"),
            draw(3, 4, 2),
            rng,
            mask=np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]], bool),
        ),
        case(
            "all masked",
            K.BatchNormalization(name="bn_14"),
            draw(2, 3, 2),
            rng,
            mask=np.zeros((2, 3), bool),
        ),
        *renormalizing(),
        case("default", K.LayerNormalization(name="ln"), draw(4, 5, offset=3.0), rng),
        case("rank 3", K.LayerNormalization(name="ln_1"), draw(2, 3, 4), rng),
        case("axis 1", K.LayerNormalization(axis=1, name="ln_2"), draw(2, 3, 4), rng),
        case("two axes", K.LayerNormalization(axis=[1, 2], name="ln_3"), draw(2, 3, 4), rng),
        case("axes unsorted", K.LayerNormalization(axis=[-1, 1], name="ln_4"), draw(2, 3, 4, 2), rng),
        case("no scale", K.LayerNormalization(scale=False, epsilon=0.1, name="ln_5"), draw(4, 5), rng),
        case("no center", K.LayerNormalization(center=False, name="ln_6"), draw(4, 5), rng),
        case("rms", K.LayerNormalization(rms_scaling=True, name="ln_7"), draw(4, 5, offset=1.0), rng),
        case(
            "rms, no scale",
            K.LayerNormalization(rms_scaling=True, scale=False, axis=[1, 2], name="ln_8"),
            draw(2, 3, 4),
            rng,
        ),
        case(
            "options",
            K.LayerNormalization(
                beta_initializer="ones",
                gamma_initializer="zeros",
                beta_regularizer="l2",
                gamma_regularizer="l2",
                beta_constraint="non_neg",
                name="ln_9",
            ),
            draw(4, 5),
            rng,
        ),
        case("groups of 2", K.GroupNormalization(groups=2, name="gn"), draw(2, 3, 4), rng),
        case("default", K.GroupNormalization(name="gn_1"), draw(1, 64), rng),
        case("instance", K.GroupNormalization(groups=-1, name="gn_2"), draw(2, 3, 2, 4), rng),
        case("one group", K.GroupNormalization(groups=1, epsilon=0.01, name="gn_3"), draw(2, 3, 4), rng),
        case("axis 1", K.GroupNormalization(groups=2, axis=1, name="gn_4"), draw(2, 4, 3), rng),
        case("axis -2", K.GroupNormalization(groups=2, axis=-2, name="gn_5"), draw(2, 3, 4, 2), rng),
        case(
            "neither",
            K.GroupNormalization(groups=2, center=False, scale=False, name="gn_6"),
            draw(2, 3, 4),
            rng,
        ),
        case("default", K.RMSNormalization(name="rms"), draw(4, 5, offset=1.0), rng),
        case("two axes", K.RMSNormalization(axis=[1, 2], epsilon=0.1, name="rms_1"), draw(2, 3, 4), rng),
        case("axis 1", K.RMSNormalization(axis=1, name="rms_2"), draw(2, 3, 3), rng),
        case("default", K.UnitNormalization(name="unit"), draw(4, 5), rng),
        case("axis 1", K.UnitNormalization(axis=1, name="unit_1"), draw(2, 3, 4), rng),
        case("two axes", K.UnitNormalization(axis=[1, 2], name="unit_2"), draw(2, 3, 4), rng),
        case("a row of zeros", K.UnitNormalization(name="unit_3"), [zero_row()], np.random.default_rng(1)),
        case(
            "dense",
            K.SpectralNormalization(K.Dense(3, name="inner"), name="sn"),
            draw(4, 5, n=3),
            rng,
        ),
        case(
            "three iterations",
            K.SpectralNormalization(
                K.Dense(3, use_bias=False, name="inner_1"), power_iterations=3, name="sn_1"
            ),
            draw(4, 5, n=2),
            rng,
        ),
        case(
            "kernel of zeros",
            K.SpectralNormalization(K.Dense(3, name="inner_2"), name="sn_2"),
            draw(4, 5),
            rng,
            low=0.0,
            high=0.0,
        ),
    ]


def train(x, y, weights, epochs):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            K.Dense(6, name="dense"),
            K.BatchNormalization(momentum=0.8, name="norm"),
            K.Activation("relu", name="relu"),
            K.LayerNormalization(name="layer_norm"),
            K.Dense(1, name="out"),
        ],
        name="net",
    )
    if weights is not None:
        model.set_weights(weights)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    initial = model.get_weights()
    history = model.fit(
        x, y, batch_size=8, epochs=epochs, shuffle=False, validation_split=0.25, verbose=0
    ).history
    return initial, history, model


def training_case():
    rng = np.random.default_rng(32)
    x = rng.normal(1, 2, (28, 4)).astype("float32")
    y = np.sin(x.sum(axis=1, keepdims=True)).astype("float32")
    keras.utils.set_random_seed(5)
    initial, history, model = train(x, y, None, 7)
    precision("float64")
    _, history64, model64 = train(x.astype("float64"), y.astype("float64"), initial, 7)
    precision("float32")
    return {
        "label": "run",
        "x": array(x),
        "y": array(y),
        "config": model.get_config()["layers"],
        "initial": [array(w) for w in initial],
        "history": {key: measured(v, history64[key]) for key, v in history.items()},
        "final": [measured(a, b) for a, b in zip(model.get_weights(), model64.get_weights())],
    }


def cases():
    return [*layer_cases(), training_case()]
