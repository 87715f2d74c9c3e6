"""Layers with given weights: outputs in inference, gradients of sum(y * c), and configs."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array, config

K = keras.layers


def case(label, layer, x, rng):
    layer.build(x.shape)
    weights = [rng.normal(0, 0.5, w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    v = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = layer(v, training=False) if isinstance(layer, K.Dropout) else layer(v)
        c = rng.uniform(0.5, 1.5, y.shape).astype("float32")
        total = tf.reduce_sum(tf.cast(y, "float32") * c)
    wanted = [w.value for w in layer.trainable_variables] + ([v] if x.dtype == np.float32 else [])
    gradients = tape.gradient(total, wanted)
    out = {"label": label, **config(layer), "x": array(x), "weights": [array(w) for w in weights]}
    out.update(y=array(y), c=array(c), weight_names=[w.name for w in layer.weights])
    out["output_shape"] = list(layer.compute_output_shape((None, *x.shape[1:])))
    out["count_params"] = int(layer.count_params())
    out["gradients"] = [array(g) for g in gradients]
    return out


def cases():
    rng = np.random.default_rng(6)
    x = rng.normal(0, 1, (5, 4)).astype("float32")
    x3 = rng.normal(0, 1, (2, 3, 4)).astype("float32")
    x4 = rng.normal(0, 1, (2, 3, 2, 2)).astype("float32")
    pixels = rng.integers(0, 256, (2, 3, 3)).astype("uint8")
    out = [case("default", K.Dense(3, name="dense"), x, rng)]
    for name in ["relu", "sigmoid", "tanh", "softmax", "linear", "elu", "gelu", "softplus"]:
        out.append(case(name, K.Dense(3, activation=name, name=f"dense_{name}"), x, rng))
    out += [
        case("no bias", K.Dense(3, use_bias=False, activation="relu", name="bare"), x, rng),
        case("rank 3", K.Dense(3, activation="tanh", name="steps"), x3, rng),
        case("rank 4, no bias", K.Dense(1, use_bias=False, name="deep"), x4, rng),
        case("one unit", K.Dense(1, activation="sigmoid", name="one"), x, rng),
        case(
            "initializers",
            K.Dense(2, kernel_initializer="he_normal", bias_initializer="ones", name="custom"),
            x,
            rng,
        ),
        case("relu", K.Activation("relu", name="activation"), x, rng),
        case("softmax", K.Activation("softmax", name="activation_1"), x3, rng),
        case("gelu", K.Activation("gelu", name="activation_2"), x, rng),
        case("rank 2", K.Flatten(name="flatten"), x, rng),
        case("rank 4", K.Flatten(name="flatten_1"), x4, rng),
        case("rank 1", K.Flatten(name="flatten_2"), x[:, 0], rng),
        case("uint8", K.Flatten(name="flatten_3"), pixels, rng),
        case("scale", K.Rescaling(1 / 255, name="rescaling"), x, rng),
        case("offset", K.Rescaling(2.0, offset=-1.0, name="rescaling_1"), x3, rng),
        case("uint8", K.Rescaling(1 / 127.5, offset=-1.0, name="rescaling_2"), pixels, rng),
        case("vector", K.Rescaling([1.0, 2.0, 0.5, -1.0], offset=[0.0, 1.0, 2.0, 3.0], name="rescaling_3"), x, rng),
        case("inference", K.Dropout(0.4, name="dropout"), x, rng),
        case("options", K.Dropout(0.25, noise_shape=(None, 1), seed=7, name="dropout_1"), x, rng),
    ]
    return out
