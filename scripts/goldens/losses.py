"""Losses as classes: value and the gradient of sum(value * c) with respect to yPred (or to the logits,
when `activation` is applied in front: Keras then recovers the logits)."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array, config

L = keras.losses
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]


def case(label, loss, y, x, rng, weight=None, activation=None):
    v = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(v)
        p = keras.activations.get(activation)(v) if activation else v
        value = loss(y, p, sample_weight=weight)
        c = rng.uniform(0.5, 1.5, value.shape).astype("float32")
        total = tf.reduce_sum(value * c)
    out = {"label": label, **config(loss), "y_true": array(y), "y_pred": array(x)}
    if weight is not None:
        out["sample_weight"] = array(weight)
    if activation:
        out["activation"] = activation
    gradient = tape.gradient(total, v)
    return {**out, "c": array(c), "value": array(value), "gradient": array(gradient)}


def probabilities(rng, shape):
    return rng.uniform(0.02, 0.98, shape).astype("float32")


def normalized(rng, shape):
    p = rng.uniform(0.05, 1, shape)
    return (p / p.sum(-1, keepdims=True)).astype("float32")


def normal(rng, shape):
    return rng.normal(0, 2, shape).astype("float32")


def one_hot(rng, shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], shape[:-1])]


def weights(rng, shape):
    """Weights with a zero among them."""
    w = rng.uniform(0.1, 3, shape).astype("float32")
    w.ravel()[1] = 0
    return w


def pairs(cls, rng):
    """(label, options, y, x) for one class, over its options and shapes."""
    if cls in (L.MeanSquaredError, L.MeanAbsoluteError):
        shapes = [((5,), (5,)), ((5, 1), (5, 1)), ((5,), (5, 1)), ((5, 1), (5,)), ((4, 3), (4, 3))]
        shapes += [((2, 3, 4), (2, 3, 4)), ((2, 3), (2, 3, 1)), ((2, 3, 1), (2, 3))]
        for s, t in shapes:
            yield f"{list(s)} {list(t)}", {}, normal(rng, s), normal(rng, t)
        return
    for from_logits in [False, True]:
        if cls is L.BinaryCrossentropy:
            make = normal if from_logits else probabilities
            for smoothing in [0.0, 0.2]:
                options = {"from_logits": from_logits, "label_smoothing": smoothing}
                for s, t in [((5, 1), (5, 1)), ((5,), (5, 1)), ((5, 1), (5,)), ((4, 3), (4, 3)), ((2, 3, 4), (2, 3, 4)), ((2, 3), (2, 3, 1))]:
                    y = rng.integers(0, 2, s).astype("float32")
                    yield f"{list(s)} {list(t)}", options, y, make(rng, t)
        elif cls is L.CategoricalCrossentropy:
            make = normal if from_logits else normalized
            for smoothing in [0.0, 0.1]:
                options = {"from_logits": from_logits, "label_smoothing": smoothing}
                for s in [(5, 4), (2, 3, 4)]:
                    yield f"{list(s)}", options, one_hot(rng, s), make(rng, s)
        else:
            make = normal if from_logits else normalized
            for s, t in [((5,), (5, 4)), ((5, 1), (5, 4)), ((2, 3), (2, 3, 4)), ((2, 3, 1), (2, 3, 4))]:
                y = rng.integers(0, 4, s).astype("int32")
                yield f"{list(s)} {list(t)}", {"from_logits": from_logits}, y, make(rng, t)


def edges(rng):
    """Probabilities at the clipping, labels that are no indicators, unnormalised predictions, and the
    logits behind a final softmax or sigmoid."""
    p = np.array([[0.0], [1.0], [1e-8], [1 - 1e-6], [0.5], [1.0], [0.0]], "float32")
    y = np.array([[0.0], [1.0], [1.0], [0.0], [0.3], [0.0], [1.0]], "float32")
    yield "probabilities 0 and 1", L.BinaryCrossentropy(reduction="none"), y, p, None
    wild = np.array([[-300.0], [300.0], [0.0], [-20.0], [40.0], [90.0], [-90.0]], "float32")
    yield "wild logits", L.BinaryCrossentropy(from_logits=True, reduction="none"), y, wild, None
    yield "logits recovered", L.BinaryCrossentropy(reduction="none"), y, wild, "sigmoid"
    yield "logits recovered, y of rank 1", L.BinaryCrossentropy(reduction="none"), y[:, 0], wild, "sigmoid"
    yield "logits recovered, smoothing", L.BinaryCrossentropy(label_smoothing=0.1), y, wild, "sigmoid"
    squeezed = np.array([[[-20.0], [3.0]], [[25.0], [-1.0]]], "float32")
    yield (
        "logits lost by squeezing [2,2,1] to [2,2]",
        L.BinaryCrossentropy(reduction="none"),
        np.array([[1, 0], [0, 1]], "float32"),
        squeezed,
        "sigmoid",
    )
    q = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.2, 0.2], [3.0, 1.0, 1.0]], "float32")
    k = np.array([1, 2, 0, 1], "int32")
    h = np.eye(3, dtype="float32")[k]
    soft = np.array([[0.2, 0.5, 0.3], [0, 0, 1], [1, 0, 0], [0.1, 0.1, 0.1]], "float32")
    z = np.array([[60.0, -60.0, 0.0], [0, 0, 0], [-1e4, 1e4, 0.0], [3.0, 1.0, -90.0]], "float32")
    yield "probabilities 0 and 1, unnormalised", L.SparseCategoricalCrossentropy(reduction="none"), k, q, None
    yield "probabilities 0 and 1, unnormalised", L.CategoricalCrossentropy(reduction="none"), h, q, None
    yield "soft labels", L.CategoricalCrossentropy(from_logits=True, reduction="none"), soft, z, None
    yield "wild logits", L.SparseCategoricalCrossentropy(from_logits=True, reduction="none"), k, z, None
    yield "logits recovered", L.SparseCategoricalCrossentropy(reduction="none"), k, z, "softmax"
    yield "logits recovered", L.CategoricalCrossentropy(reduction="none"), soft, z, "softmax"
    yield "logits recovered, smoothing", L.CategoricalCrossentropy(label_smoothing=0.2), h, z, "softmax"


def weighted(cls, rng):
    """Every reduction, without and with weights: one per sample, [B, 1], and per element where legal."""
    if cls in (L.MeanSquaredError, L.MeanAbsoluteError):
        y, x, inner = normal(rng, (4, 3, 2)), normal(rng, (4, 3, 2)), (4, 3)
    elif cls is L.BinaryCrossentropy:
        y, x, inner = rng.integers(0, 2, (4, 3, 2)).astype("float32"), probabilities(rng, (4, 3, 2)), (4, 3)
    elif cls is L.CategoricalCrossentropy:
        y, x, inner = one_hot(rng, (4, 3, 5)), normalized(rng, (4, 3, 5)), (4, 3)
    else:
        y, x, inner = rng.integers(0, 5, (4, 3)).astype("int32"), normalized(rng, (4, 3, 5)), (4, 3)
    for reduction in REDUCTIONS:
        loss = cls(reduction=reduction)
        yield f"{reduction}", loss, y, x, None
        yield f"{reduction}, weight per element", loss, y, x, weights(rng, inner)
        yield f"{reduction}, weight [B, 1]", loss, y, x, weights(rng, (4, 1))
        # One value per sample, so that a weight per sample is legal.
        yield f"{reduction}, weight per sample", loss, y[:, 0], x[:, 0], weights(rng, (4,))
        yield f"{reduction}, weight [B, 1] on [B]", loss, y[:, 0], x[:, 0], weights(rng, (4, 1))


def cases():
    rng = np.random.default_rng(2)
    out = []
    classes = [
        L.MeanSquaredError,
        L.MeanAbsoluteError,
        L.BinaryCrossentropy,
        L.CategoricalCrossentropy,
        L.SparseCategoricalCrossentropy,
    ]
    for cls in classes:
        for label, options, y, x in pairs(cls, rng):
            out.append(case(label, cls(**options), y, x, rng))
        for label, loss, y, x, w in weighted(cls, rng):
            out.append(case(label, loss, y, x, rng, weight=w))
    ones = normal(rng, (3, 2))
    for reduction in ["mean_with_sample_weight", "sum_over_batch_size"]:
        loss = L.MeanSquaredError(reduction=reduction)
        out.append(case(f"{reduction}, weights all zero", loss, ones, 2 * ones, rng, weight=np.zeros(3, "float32")))
    for label, loss, y, x, activation in edges(rng):
        out.append(case(label, loss, y, x, rng, activation=activation))
    return out
