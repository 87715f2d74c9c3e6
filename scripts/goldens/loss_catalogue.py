"""Every loss of Keras beyond the five of losses.py, with its options: value and gradient, unweighted,
weighted, masked, for each reduction, and for targets that are whole numbers or booleans."""

import keras
import numpy as np
from keras.src import backend
import tensorflow as tf

from .encode import array, config, difference
from .losses import REDUCTIONS, normal, normalized, one_hot, probabilities, weights

L = keras.losses


def run(loss, y, x, weight, mask, activation, c=None, rng=None):
    """The value, its gradient, and the weights c of the sum that the gradient is of."""
    v = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(v)
        p = keras.activations.get(activation)(v) if activation else tf.identity(v)
        if mask is not None:
            backend.set_keras_mask(p, tf.constant(mask))
        value = loss(y, p, sample_weight=weight)
        if c is None:
            c = rng.uniform(0.5, 1.5, value.shape).astype("float32")
        total = tf.reduce_sum(value * c)
    return value, tape.gradient(total, v), c


def case(label, cls, options, y, x, rng, weight=None, mask=None, activation=None):
    loss = cls(**options)
    value, gradient, c = run(loss, y, x, weight, mask, activation, rng=rng)
    out = {"label": label, **config(loss), "options": options, "y_true": array(y), "y_pred": array(x)}
    if weight is not None:
        out["sample_weight"] = array(weight)
    if mask is not None:
        out["mask"] = array(mask)
    if activation:
        out["activation"] = activation
    out = {**out, "c": array(c), "value": array(value), "gradient": array(gradient)}
    if cls is L.Circle:  # Scaled by gamma inside of an exponential: what float32 itself moves it by.
        exact = run(cls(**options, dtype="float64"), y, x.astype("float64"), weight, mask, activation, c)
        out["differences"] = [difference(value, exact[0]), difference(gradient, exact[1])]
    return out


def bits(rng, shape):
    return rng.integers(0, 2, shape).astype("float32")


def signs(rng, shape):
    return 2 * bits(rng, shape) - 1


def positive(rng, shape):
    return rng.uniform(0.1, 4, shape).astype("float32")


def counts(rng, shape):
    return rng.poisson(2, shape).astype("float32")


def labels(rng, shape):
    return rng.integers(0, shape[-1], shape[:-1]).astype("int32")


def unit(rng, shape):
    x = rng.normal(0, 1, shape)
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype("float32")


def few(rng, shape):
    return rng.integers(0, 3, shape[:-1]).astype("int32")


EQUAL = [(3, 4), (2, 2, 4)]
# class, options, targets, predictions, shapes of predictions
SPECS = [
    (L.MeanAbsolutePercentageError, [{}], normal, normal, EQUAL),
    (L.MeanSquaredLogarithmicError, [{}], positive, normal, EQUAL),
    (L.Huber, [{}, {"delta": 0.5}, {"delta": 3.0, "reduction": "sum"}], normal, normal, EQUAL),
    (L.LogCosh, [{}], normal, normal, EQUAL),
    (L.CosineSimilarity, [{}, {"axis": 0}, {"axis": 1}], normal, normal, EQUAL),
    (L.KLDivergence, [{}], normalized, normalized, EQUAL),
    (L.Poisson, [{}], counts, positive, EQUAL),
    (L.Hinge, [{}], bits, normal, EQUAL),
    (L.Hinge, [{"reduction": "none"}], signs, normal, EQUAL),
    (L.SquaredHinge, [{}], bits, normal, EQUAL),
    (L.SquaredHinge, [{"reduction": "sum"}], signs, normal, EQUAL),
    (L.CategoricalHinge, [{}, {"reduction": "none"}], one_hot, normal, EQUAL),
    (L.Dice, [{}, {"axis": -1}, {"axis": [0, 1], "reduction": "none"}], bits, probabilities, EQUAL),
    (L.Tversky, [{}, {"alpha": 0.3, "beta": 0.9}, {"axis": 1, "alpha": 2.0, "reduction": "none"}], bits, probabilities, EQUAL),
    (
        L.Circle,
        [{}, {"gamma": 4.0, "margin": 0.25, "reduction": "none"}, {"remove_diagonal": False, "reduction": "sum"}],
        few,
        unit,
        [(6, 4), (2, 3)],
    ),
    (L.CategoricalGeneralizedCrossEntropy, [{}, {"q": 0.9, "reduction": "none"}], labels, normalized, EQUAL),
    (
        L.BinaryFocalCrossentropy,
        [{}, {"gamma": 3.5, "label_smoothing": 0.1}, {"apply_class_balancing": True, "alpha": 0.6, "axis": 1, "reduction": "none"}],
        bits,
        probabilities,
        EQUAL,
    ),
    (L.BinaryFocalCrossentropy, [{"from_logits": True}, {"from_logits": True, "apply_class_balancing": True}], bits, normal, EQUAL),
    (
        L.CategoricalFocalCrossentropy,
        [{}, {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.5}, {"label_smoothing": 0.2, "reduction": "none"}],
        one_hot,
        normalized,
        EQUAL,
    ),
    (L.CategoricalFocalCrossentropy, [{"from_logits": True}, {"from_logits": True, "axis": -2}], one_hot, normal, [(2, 4, 4)]),
    (L.CategoricalCrossentropy, [{"axis": 1, "from_logits": True}, {"axis": 1, "label_smoothing": 0.3}], one_hot, probabilities, [(2, 4, 3)]),
    (L.BinaryCrossentropy, [{"axis": 1, "reduction": "none"}], bits, probabilities, [(2, 4, 3)]),
    (
        L.SparseCategoricalCrossentropy,
        [{"ignore_class": 0}, {"ignore_class": 1, "from_logits": True}, {"ignore_class": 2, "reduction": "none"}],
        labels,
        normalized,
        EQUAL,
    ),
]


def plain(rng):
    for cls, options, make_y, make_x, shapes in SPECS:
        for i, shape in enumerate(shapes):
            for o in options if i == 0 else options[-1:]:
                yield f"{list(shape)}", cls, o, make_y(rng, shape), make_x(rng, shape), {}


def ranks(rng):
    """Targets and predictions whose ranks differ by one."""
    for cls in (L.MeanAbsolutePercentageError, L.MeanSquaredLogarithmicError, L.Huber, L.LogCosh, L.KLDivergence, L.Poisson, L.Hinge):
        for s, t in [((4,), (4, 1)), ((4, 1), (4,)), ((2, 3), (2, 3, 1))]:
            yield f"{list(s)} {list(t)}", cls, {}, bits(rng, s), positive(rng, t), {}


def dtypes(rng):
    for dtype in ("uint8", "int32", "bool"):
        y = bits(rng, (3, 4)).astype(dtype)
        for cls in (L.Hinge, L.Dice, L.BinaryFocalCrossentropy, L.LogCosh, L.Poisson):
            yield f"targets {dtype}", cls, {}, y, probabilities(rng, (3, 4)), {}


def weighted(rng):
    """Weights and masks, and both, with every reduction; a mask with nothing in it."""
    shape = (3, 2, 2)
    mask = np.array([[1, 1], [0, 1], [0, 0]], "bool")
    for reduction in REDUCTIONS[:-1]:  # None is "none".
        for cls, y, x in (
            (L.Huber, normal(rng, shape), normal(rng, shape)),
            (L.SparseCategoricalCrossentropy, rng.integers(0, 2, (3, 2)).astype("int32"), normalized(rng, shape)),
        ):
            o = {"reduction": reduction}
            if cls is L.SparseCategoricalCrossentropy:
                o["ignore_class"] = 1
            yield f"{reduction}, mask", cls, o, y, x, {"mask": mask}
            yield f"{reduction}, weights", cls, o, y, x, {"weight": weights(rng, (3, 2))}
            for w in [(3, 2), (3, 1)]:
                yield f"{reduction}, mask, weights {list(w)}", cls, o, y, x, {"mask": mask, "weight": weights(rng, w)}
            yield f"{reduction}, nothing counts", cls, o, y, x, {"mask": np.zeros((3, 2), "bool")}
        o = {"reduction": reduction}
        y, x = normal(rng, (4, 2)), normal(rng, (4, 2))
        yield f"{reduction}, mask [B]", L.LogCosh, o, y, x, {"mask": np.array([1, 0, 1, 1], "bool"), "weight": weights(rng, (4,))}
        yield f"{reduction}, weights that cancel", L.LogCosh, o, y, x, {"weight": np.array([1, -1, 2, -2], "float32")}
        t, p = bits(rng, (4, 3)), probabilities(rng, (4, 3))
        yield f"{reduction}, one value, weights", L.Dice, o, t, p, {"weight": weights(rng, (4,))}
        yield f"{reduction}, weights", L.Tversky, {**o, "axis": -1}, t, p, {"weight": weights(rng, (4,))}
        k = np.array([0, 0, 1, 2, 1], "int32")
        yield f"{reduction}, own mask and weights", L.Circle, {**o, "gamma": 2.0}, k, unit(rng, (5, 3)), {"weight": weights(rng, (5,))}


def edges(rng):
    y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], "float32")
    wild = np.array([[-40.0, 30.0], [20.0, -25.0], [0.0, 90.0]], "float32")
    none = {"reduction": "none"}
    yield "logits recovered", L.BinaryFocalCrossentropy, none, y, wild, {"activation": "sigmoid"}
    yield "wild logits", L.BinaryFocalCrossentropy, {**none, "from_logits": True}, y, wild, {}
    yield "wild logits", L.CategoricalFocalCrossentropy, {**none, "from_logits": True}, y[:2], wild[:2], {}
    yield "behind softmax", L.CategoricalFocalCrossentropy, none, y[:2], wild[:2], {"activation": "softmax"}
    p = np.array([[0.0, 1.0], [1.0, 0.0], [1e-9, 0.5]], "float32")
    yield "probabilities 0 and 1", L.KLDivergence, none, y, p, {}
    yield "probabilities 0 and 1", L.Poisson, none, y, p, {}
    yield "targets of 0", L.MeanAbsolutePercentageError, none, y, p, {}
    yield "negative", L.MeanSquaredLogarithmicError, none, y - 1, p - 0.5, {}
    yield "far off", L.LogCosh, none, 100 * y, -wild, {}
    yield "targets neither 0 nor 1", L.Hinge, none, y + 0.5, p, {}
    yield "at the kinks", L.Huber, none, np.zeros((1, 4), "float32"), np.array([[1, -1, 0, 2]], "float32"), {}
    yield "at the kinks", L.Hinge, none, np.ones((1, 3), "float32"), np.array([[1, 0, 2]], "float32"), {}
    yield "ties", L.CategoricalHinge, none, np.array([[0, 1, 0]], "float32"), np.array([[2, 1, 2]], "float32"), {}
    yield "nothing there", L.Dice, none, np.zeros((2, 2), "float32"), np.zeros((2, 2), "float32"), {}
    labels_ = np.array([0, 255, 1, 255], "int32")
    yield "ignore 255", L.SparseCategoricalCrossentropy, {"ignore_class": 255}, labels_, normalized(rng, (4, 3)), {}
    yield "ignore −1", L.SparseCategoricalCrossentropy, {"ignore_class": -1}, np.array([[0], [-1], [2]], "int32"), normalized(rng, (3, 3)), {}
    yield "ignore 0 behind softmax", L.SparseCategoricalCrossentropy, {"ignore_class": 0}, np.array([0, 1, 0], "int32"), wild, {"activation": "softmax"}


def cases():
    rng = np.random.default_rng(12)
    out = []
    for make in (plain, ranks, dtypes, weighted, edges):
        for label, cls, options, y, x, more in make(rng):
            out.append(case(label, cls, options, y, x, rng, **more))
    return out
