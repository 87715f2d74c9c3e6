"""Every metric of Keras beyond the few of metrics.py, over several batches: the result after each and
after a reset, unweighted, weighted and masked, with default and other options."""

import keras
import numpy as np
import tensorflow as tf
from keras.src import backend

from .encode import array
from .loss_catalogue import bits, counts, positive, signs
from .losses import normal, normalized, one_hot, probabilities, weights

M = keras.metrics
SIZES = (4, 3)


def plain(value):
    """A config value as JSON has it."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def case(label, cls, options, batches):
    metric = cls(**options)
    config = metric.get_config()
    out = []
    for batch in batches:
        mask = batch.get("mask")
        arguments = {k: v for k, v in batch.items() if k != "mask"}
        if mask is not None:
            arguments["y_pred"] = tf.constant(arguments["y_pred"])
            backend.set_keras_mask(arguments["y_pred"], tf.constant(mask))
        metric.update_state(**arguments)
        out.append({**{k: array(v) for k, v in batch.items()}, "result": array(metric.result())})
    metric.reset_state()
    head = {"label": label, "class_name": cls.__name__, "config": plain(config), "options": options}
    return {**head, "batches": out, "reset": array(metric.result())}


def of(rng, make_y, make_x, shape, weight=None, dtype=None, y_shape=None):
    """Batches of the sizes; None in a weight's shape is the batch axis."""
    for n in SIZES:
        y = make_y(rng, (n, *(shape if y_shape is None else y_shape)))
        batch = {"y_true": y if dtype is None else y.astype(dtype), "y_pred": make_x(rng, (n, *shape))}
        if weight is not None:
            batch["sample_weight"] = weights(rng, tuple(n if d is None else d for d in weight))
        yield batch


def ids(high):
    return lambda rng, shape: rng.integers(0, high, shape).astype("int32")


def scored(rng, shape):
    """Probabilities with ties, some at thresholds and at 0 and 1."""
    return (rng.integers(0, 11, shape) / 10).astype("float32")


def losses(rng):
    """Every loss as a metric."""
    specs = [
        (M.MeanAbsolutePercentageError, {}, normal, normal),
        (M.MeanSquaredLogarithmicError, {}, positive, positive),
        (M.RootMeanSquaredError, {}, normal, normal),
        (M.CosineSimilarity, {}, normal, normal),
        (M.LogCoshError, {}, normal, normal),
        (M.Hinge, {}, signs, normal),
        (M.Hinge, {"name": "of_bits"}, bits, normal),
        (M.SquaredHinge, {}, signs, normal),
        (M.CategoricalHinge, {}, one_hot, normal),
        (M.KLDivergence, {}, normalized, normalized),
        (M.Poisson, {}, counts, positive),
        (M.BinaryCrossentropy, {}, bits, probabilities),
        (M.BinaryCrossentropy, {"from_logits": True, "label_smoothing": 0.1}, bits, normal),
        (M.CategoricalCrossentropy, {}, one_hot, normalized),
        (M.CategoricalCrossentropy, {"from_logits": True, "label_smoothing": 0.2}, one_hot, normal),
        (M.PearsonCorrelation, {}, normal, normal),
        (M.ConcordanceCorrelation, {}, normal, normal),
    ]
    for cls, options, y, x in specs:
        for w in [None, (None,), (None, 1)]:
            yield f"[B, 3] weights {w}", cls, options, of(rng, y, x, (3,), w)
    for cls, options, y, x in specs[:6]:
        yield "[B, 2, 3] weights (None, 2)", cls, options, of(rng, y, x, (2, 3), (None, 2))
    for axis in [0, 1, [1, 2]]:
        for cls in (M.CosineSimilarity, M.PearsonCorrelation, M.ConcordanceCorrelation):
            yield "[B, 2, 3]", cls, {"axis": axis}, of(rng, normal, normal, (2, 3))
    for options in [{}, {"ignore_class": 1}, {"ignore_class": 1, "from_logits": True}]:
        make = normal if options.get("from_logits") else normalized
        for w in [None, (None,)]:
            yield f"weights {w}", M.SparseCategoricalCrossentropy, options, of(rng, ids(3), make, (3,), w, y_shape=())
    for dtype in ("uint8", "int32", "bool"):
        yield f"targets {dtype}", M.BinaryCrossentropy, {}, of(rng, bits, probabilities, (2,), dtype=dtype)


def accuracies(rng):
    for w in [None, (None,), (None, 2)]:
        yield f"[B, 2] weights {w}", M.Accuracy, {}, of(rng, ids(2), ids(2), (2,), w)
    for k in [1, 2, 3, 7]:
        for w in [None, (None,)]:
            yield f"weights {w}", M.TopKCategoricalAccuracy, {"k": k}, of(rng, one_hot, scored, (4,), w)
            yield f"weights {w}", M.SparseTopKCategoricalAccuracy, {"k": k}, of(rng, ids(4), scored, (4,), w, y_shape=())
    yield "[B, 2, 6]", M.TopKCategoricalAccuracy, {}, of(rng, one_hot, scored, (2, 6), (None, 2))
    yield "[B, 2, 6]", M.SparseTopKCategoricalAccuracy, {}, of(rng, ids(6), scored, (2, 6), (None, 2), y_shape=(2,))
    odd = {"y_true": np.array([0, 1, 5, -1, 2], "int32"), "y_pred": np.array([[1, 2, 3], [np.nan, 1, 0], [1, 1, 1], [3, 2, 1], [np.inf, 0, 9]], "float32")}
    yield "not finite, no class", M.SparseTopKCategoricalAccuracy, {"k": 2}, [odd]
    order = {"y_true": np.array([3, 1, 4], "int32"), "y_pred": np.array([[3, 1, 2], [0, 2, 1], [4, 0, 1]], "int32")}
    yield "sorted", M.SparseTopKCategoricalAccuracy, {"k": 2, "from_sorted_ids": True}, [order]


EVEN = [0.0, 0.25, 0.5, 0.75, 1.0]


def confusions(rng):
    for cls in (M.TruePositives, M.TrueNegatives, M.FalsePositives, M.FalseNegatives, M.Precision, M.Recall):
        for options in [{}, {"thresholds": 0.7}, {"thresholds": [0.1, 0.5, 0.6]}, {"thresholds": EVEN}]:
            yield "[B]", cls, options, of(rng, bits, scored, ())
            yield "[B, 1] weights (None,)", cls, options, of(rng, bits, scored, (1,), (None,))
            yield "[B, 3] weights (None, 3)", cls, options, of(rng, bits, scored, (3,), (None, 3))
        yield "[B] [B, 1] bool", cls, {}, of(rng, bits, scored, (1,), dtype="bool", y_shape=())
        yield "[B, 1] weights (None, 1)", cls, {}, of(rng, bits, scored, (1,), (None, 1))
    for cls in (M.Precision, M.Recall):
        for options in [{"top_k": 2}, {"top_k": 1, "thresholds": 0.3}, {"class_id": 1}, {"top_k": 2, "class_id": 0, "thresholds": [0.2, 0.8]}, {"top_k": 3, "thresholds": EVEN}]:
            for w in [None, (None,)]:
                yield f"[B, 4] weights {w}", cls, options, of(rng, bits, scored, (4,), w)
    for cls, name in [(M.SensitivityAtSpecificity, "specificity"), (M.SpecificityAtSensitivity, "sensitivity"), (M.PrecisionAtRecall, "recall"), (M.RecallAtPrecision, "precision")]:
        for options in [{name: 0.5}, {name: 0.8, "num_thresholds": 1}, {name: 0.3, "num_thresholds": 2}, {name: 0.9, "num_thresholds": 7}]:
            for w in [None, (None,)]:
                yield f"[B] weights {w}", cls, options, of(rng, bits, scored, (), w)
        yield "[B, 3]", cls, {name: 0.4, "class_id": 2}, of(rng, bits, probabilities, (3,), (None,))


def areas(rng):
    for curve in ["ROC", "PR", "PRGAIN"]:
        for method in ["interpolation", "majoring", "minoring"]:
            options = {"curve": curve, "summation_method": method}
            yield "[B]", M.AUC, options, of(rng, bits, probabilities, ())
            yield "[B] weights", M.AUC, {**options, "num_thresholds": 11}, of(rng, bits, scored, (), (None,))
            yield "[B, 3] labels", M.AUC, {**options, "multi_label": True}, of(rng, bits, probabilities, (3,))
        thresholds = {"curve": curve, "thresholds": [0.9, 0.15, 0.5]}
        yield "[B, 1] weights", M.AUC, thresholds, of(rng, bits, scored, (1,), (None,))
        labels = {**thresholds, "multi_label": True, "num_labels": 3, "label_weights": [0.5, 2.0, 1.0]}
        yield "[B, 3] weights", M.AUC, labels, of(rng, bits, scored, (3,), (None,))
        yield "[B, 3] weighted labels", M.AUC, {"curve": curve, "label_weights": [1.0, 0.0, 3.0]}, of(rng, bits, scored, (3,), (None,))
    yield "even thresholds", M.AUC, {"thresholds": [0.25, 0.5, 0.75]}, of(rng, bits, scored, ())
    yield "logits", M.AUC, {"from_logits": True, "num_thresholds": 20}, of(rng, bits, normal, (2,))
    yield "two thresholds", M.AUC, {"num_thresholds": 2}, of(rng, bits, scored, (), dtype="uint8")
    one_class = [{"y_true": np.ones(3, "float32"), "y_pred": np.array([0.1, 0.5, 1.0], "float32")}]
    for curve in ["ROC", "PR"]:
        yield "one class only", M.AUC, {"curve": curve}, one_class


def scores(rng):
    for average in [None, "micro", "macro", "weighted"]:
        for w in [None, (None,)]:
            yield f"weights {w}", M.F1Score, {"average": average}, of(rng, one_hot, normal, (3,), w)
            yield f"weights {w}", M.FBetaScore, {"average": average, "beta": 2.0, "threshold": 0.5}, of(rng, bits, scored, (3,), w)
    yield "ties and zeros", M.F1Score, {}, [{"y_true": np.eye(3, dtype="float32"), "y_pred": np.array([[0, 0, 0], [1, 1, 0], [-2, -2, -2]], "float32")}]
    yield "int targets", M.F1Score, {"threshold": 1.0, "average": "macro"}, of(rng, bits, scored, (2,), dtype="int32")
    for aggregation in [None, "uniform_average", "variance_weighted_average"]:
        for w in [None, (None,), (None, 2)]:
            options = {"class_aggregation": aggregation}
            yield f"weights {w}", M.R2Score, options, of(rng, normal, normal, (2,), w)
    for regressors in [1, 4, 12, 40]:
        yield "[B, 1]", M.R2Score, {"num_regressors": regressors}, of(rng, normal, normal, (1,))
    constant = [{"y_true": np.ones((3, 2), "float32"), "y_pred": np.array([[1, 2], [1, 0], [1, 1]], "float32")}]
    yield "constant targets", M.R2Score, {"class_aggregation": None}, constant


def unions(rng):
    whole = lambda *shape: rng.integers(0, 4, shape).astype("float32")  # noqa: E731
    for options in [{}, {"ignore_class": 1}, {"dtype": "float32"}]:
        for cls, more in [(M.IoU, {"target_class_ids": [0, 2]}), (M.MeanIoU, {})]:
            o = {"num_classes": 3, **more, **options}
            yield "[B]", cls, o, of(rng, ids(3), ids(3), ())
            yield "[B, 4]", cls, o, of(rng, ids(4), ids(4), (4,))
            weighted = [{**b, "sample_weight": whole(len(b["y_true"])) + (0.5 if "dtype" in o else 0)} for b in of(rng, ids(3), ids(3), ())]
            yield "[B] weights", cls, o, weighted
        for cls, more in [(M.OneHotIoU, {"target_class_ids": [1]}), (M.OneHotMeanIoU, {})]:
            o = {"num_classes": 3, **more, **options}
            yield "[B, 2, 3]", cls, o, of(rng, one_hot, normal, (2, 3))
            yield "[B, 2] of labels", cls, {**o, "sparse_y_pred": True}, [
                {"y_true": one_hot(rng, (n, 2, 3)), "y_pred": ids(3)(rng, (n, 2))} for n in SIZES
            ]
    for options in [{}, {"threshold": 0.3}, {"target_class_ids": [1], "threshold": 0.6, "dtype": "float32"}]:
        yield "[B]", M.BinaryIoU, options, of(rng, bits, scored, ())
        yield "[B, 2] weights", M.BinaryIoU, options, [{**b, "sample_weight": whole(*b["y_true"].shape)} for b in of(rng, bits, scored, (2,))]
    yield "fractions of weights are cut", M.IoU, {"num_classes": 2, "target_class_ids": [0, 1]}, [
        {"y_true": ids(2)(rng, (6,)), "y_pred": ids(2)(rng, (6,)), "sample_weight": np.array([0.5, 1.5, 2.9, 1, 0, 3], "float32")}
    ]
    halves = {"y_true": np.array([0, 0, 1, 1]), "y_pred": np.array([0, 0, 1, 0]), "sample_weight": np.array([0.5, 0.6, 0.7, 1.5], "float32")}
    for dtype in (None, "float32"):
        yield "halves of one cell", M.MeanIoU, {"num_classes": 2, "dtype": dtype}, [halves, halves]
    yield "scores of two kinds", M.IoU, {"num_classes": 3, "target_class_ids": [0, 1], "sparse_y_pred": False, "name": "scores"}, of(rng, ids(3), normal, (3,), y_shape=())


def sums(rng):
    for shape, w in [((), None), ((), (None,)), ((3,), None), ((3,), (None,)), ((3,), (None, 3)), ((3, 2), (None, 3)), ((3,), (None, 1))]:
        made = []
        for n in (4, 2):
            batch = {"values": normal(rng, (n, *shape))}
            if w is not None:
                batch["sample_weight"] = weights(rng, tuple(n if d is None else d for d in w))
            made.append(batch)
        for cls in (M.Sum, M.Mean):
            yield f"[B, {shape}] weights {w}", cls, {}, made
    for cls in (M.Sum, M.Mean):
        ragged = [{"values": normal(rng, (3, n))} for n in (4, 1)]
        yield "samples of several lengths", cls, {"name": "x"}, ragged
        yield "scalars", cls, {}, [{"values": np.float32(2.5)}, {"values": np.float32(-1), "sample_weight": np.float32(3)}]
        yield "weights that cancel", cls, {}, [{"values": normal(rng, (2,)), "sample_weight": np.array([1, -1], "float32")}]


def masked(rng):
    for cls, y, x in [(M.MeanSquaredError, normal, normal), (M.RootMeanSquaredError, normal, normal), (M.CategoricalAccuracy, one_hot, normalized)]:
        for w in [None, (None, 2), (None, 1)]:
            made = [{**b, "mask": bits(rng, b["y_pred"].shape[:2]).astype("bool")} for b in of(rng, y, x, (2, 3), w)]
            yield f"mask, weights {w}", cls, {}, made
    for w in [None, (None,)]:
        made = [{**b, "mask": bits(rng, b["y_pred"].shape[:1]).astype("bool")} for b in of(rng, bits, probabilities, (3,), w)]
        yield f"mask [B], weights {w}", M.BinaryAccuracy, {}, made
    sparse = [{"y_true": ids(3)(rng, (n, 2)), "y_pred": normalized(rng, (n, 2, 3)), "mask": bits(rng, (n, 2)).astype("bool")} for n in SIZES]
    for options in [{}, {"ignore_class": 0}]:
        yield "mask", M.SparseCategoricalCrossentropy, options, sparse
    yield "mask", M.SparseCategoricalAccuracy, {}, sparse


def family(seed, *makers):
    def cases():
        rng = np.random.default_rng(seed)
        out = []
        for make in makers:
            for label, cls, options, batches in make(rng):
                keras.utils.clear_session()  # Automatic names begin anew.
                out.append(case(label, cls, options, batches))
        return out

    return cases


means = family(23, losses, accuracies, sums, masked)
confusion = family(24, confusions)
areas_and_unions = family(25, areas, scores, unions)
