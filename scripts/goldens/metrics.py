"""Metrics over several batches (result after each), and what `metrics=['accuracy']` and its kin mean in
compile(): logs of evaluate() of a model that only passes its input through."""

import keras
import numpy as np

from .encode import array, config, number
from .losses import normal, normalized, one_hot, probabilities, weights

M = keras.metrics


def updates(label, metric, batches):
    out = []
    for batch in batches:
        metric.update_state(**batch)
        out.append({**{k: array(v) for k, v in batch.items()}, "result": number(metric.result())})
    metric.reset_state()
    return {"kind": "updates", "label": label, **config(metric), "batches": out, "reset": number(metric.result())}


def batches(rng, make_y, make_x, weight_shape=None):
    for n in (5, 5, 3):
        batch = {"y_true": make_y(n), "y_pred": make_x(n)}
        if weight_shape is not None:
            batch["sample_weight"] = weights(rng, tuple(n if d is None else d for d in weight_shape))
        yield batch


def metric_cases(rng):
    def bits(shape):
        return lambda n: rng.integers(0, 2, (n, *shape)).astype("float32")

    def probs(shape):
        return lambda n: probabilities(rng, (n, *shape))

    for w in [None, (None,), (None, 1)]:
        yield f"[B] weights {w}", M.BinaryAccuracy(), batches(rng, bits(()), probs(()), w)
        yield f"[B, 1] weights {w}", M.BinaryAccuracy(threshold=0.7), batches(rng, bits((1,)), probs((1,)), w)
        yield f"[B] [B, 1] weights {w}", M.BinaryAccuracy(), batches(rng, bits(()), probs((1,)), w)
    for w in [None, (None,), (None, 3), (None, 1)]:
        yield f"[B, 3] weights {w}", M.BinaryAccuracy(), batches(rng, bits((3,)), probs((3,)), w)
    edge = {"y_true": np.array([1, 0, 1, 0], "float32"), "y_pred": np.array([0.5, 0.5, 0.6, 0.4], "float32")}
    yield "at the threshold", M.BinaryAccuracy(), [edge]

    def hot(shape):
        return lambda n: one_hot(rng, (n, *shape))

    def dist(shape):
        return lambda n: normalized(rng, (n, *shape))

    def labels(shape):
        return lambda n: rng.integers(0, 3, (n, *shape)).astype("int32")

    for w in [None, (None,), (None, 1)]:
        yield f"[B, 3] weights {w}", M.CategoricalAccuracy(), batches(rng, hot((3,)), dist((3,)), w)
        yield f"[B] weights {w}", M.SparseCategoricalAccuracy(), batches(rng, labels(()), dist((3,)), w)
        yield f"[B, 1] weights {w}", M.SparseCategoricalAccuracy(), batches(rng, labels((1,)), dist((3,)), w)
    for w in [None, (None,), (None, 4)]:
        yield f"[B, 4, 3] weights {w}", M.CategoricalAccuracy(), batches(rng, hot((4, 3)), dist((4, 3)), w)
        yield f"[B, 4] weights {w}", M.SparseCategoricalAccuracy(), batches(rng, labels((4,)), dist((4, 3)), w)
    ties = {"y_true": np.array([0, 1, 2], "int32"), "y_pred": np.full((3, 3), 1 / 3, "float32")}
    yield "ties", M.SparseCategoricalAccuracy(), [ties]

    def real(shape):
        return lambda n: normal(rng, (n, *shape))

    for cls in (M.MeanSquaredError, M.MeanAbsoluteError):
        yield "[B], so that a batch counts once", cls(), batches(rng, real(()), real(()))
        for w in [None, (None,), (None, 1)]:
            yield f"[B, 1] weights {w}", cls(), batches(rng, real((1,)), real((1,)), w)
            yield f"[B] [B, 1] weights {w}", cls(), batches(rng, real(()), real((1,)), w)
            yield f"[B, 4] weights {w}", cls(), batches(rng, real((4,)), real((4,)), w)
        for w in [None, (None,), (None, 4)]:
            yield f"[B, 4, 2] weights {w}", cls(), batches(rng, real((4, 2)), real((4, 2)), w)

    for shape, w in [((), None), ((), (None,)), ((3,), None), ((3,), (None,)), ((3,), (None, 3)), ((3, 2), (None, 3))]:
        made = []
        for n in (5, 3):
            batch = {"values": normal(rng, (n, *shape))}
            if w is not None:
                batch["sample_weight"] = weights(rng, tuple(n if d is None else d for d in w))
            made.append(batch)
        yield f"[B, {shape}] weights {w}", M.Mean(), made
    scalars = [{"values": np.float32(2.5)}, {"values": np.float32(-1), "sample_weight": np.float32(3)}]
    yield "scalars", M.Mean(), scalars


def compiled(label, loss, y, p, metrics=("accuracy",), weighted_metrics=None, weight=None):
    """evaluate() in batches of 4."""
    inputs = keras.Input(p.shape[1:])
    model = keras.Sequential([inputs, keras.layers.Activation("linear")])
    model.compile(optimizer="sgd", loss=loss, metrics=list(metrics), weighted_metrics=weighted_metrics)
    logs = model.evaluate(p, y, batch_size=4, sample_weight=weight, verbose=0, return_dict=True)
    resolved = [type(m).__name__ for m in model._compile_metrics.metrics]
    out = {"kind": "compiled", "label": label, "loss": loss, "metrics": list(metrics)}
    if weighted_metrics:
        out["weighted_metrics"] = weighted_metrics
    if weight is not None:
        out["sample_weight"] = array(weight)
    out.update(x=array(p), y=array(y), batch_size=4, resolved=resolved)
    return {**out, "names": list(logs), "logs": {k: number(v) for k, v in logs.items()}}


def compiled_cases(rng):
    n = 10
    ints = lambda high, *s: rng.integers(0, high, (n, *s)).astype("int32")  # noqa: E731
    prob = lambda *s: probabilities(rng, (n, *s))  # noqa: E731
    dist = lambda *s: normalized(rng, (n, *s))  # noqa: E731
    real = lambda *s: normal(rng, (n, *s))  # noqa: E731
    hot = lambda *s: one_hot(rng, (n, *s))  # noqa: E731
    binary, sparse, categorical, mse, mae = (
        "binary_crossentropy",
        "sparse_categorical_crossentropy",
        "categorical_crossentropy",
        "mse",
        "mean_absolute_error",
    )
    yield compiled("y [B], p [B, 1]", binary, ints(2), prob(1))
    yield compiled("y [B, 1], p [B, 1]", binary, ints(2, 1), prob(1))
    yield compiled("y [B, 3], p [B, 3]: categorical, not binary", binary, ints(2, 3), prob(3))
    yield compiled("y [B, 3, 1], p [B, 3, 1]", binary, ints(2, 3, 1), prob(3, 1))
    yield compiled("y [B, 3], p [B, 3, 1]", binary, ints(2, 3), prob(3, 1))
    yield compiled("y [B], p [B, 4]", sparse, ints(4), dist(4))
    yield compiled("y [B, 1], p [B, 4]", sparse, ints(4, 1), dist(4))
    yield compiled("y [B, 3], p [B, 3, 4]", sparse, ints(4, 3), dist(3, 4))
    yield compiled("y [B, 4], p [B, 4]", categorical, hot(4), dist(4))
    yield compiled("y [B, 3, 4], p [B, 3, 4]", categorical, hot(3, 4), dist(3, 4))
    yield compiled("mse y [B, 1], p [B, 1]: binary", mse, ints(2, 1).astype("float32"), prob(1))
    yield compiled("mse y [B, 3], p [B, 3]: categorical", mse, hot(3), dist(3))
    yield compiled("acc keeps its name", sparse, ints(4), dist(4), ["acc"])
    yield compiled("several names", mse, real(2), real(2), ["mae", "mse", "mean_squared_error"])
    yield compiled("order of metrics", mae, real(1), real(1), ["mse", "mean_absolute_error", "accuracy"])
    yield compiled("explicit names", binary, ints(2, 1), prob(1), ["binary_accuracy", "mse"])
    yield compiled("explicit sparse", sparse, ints(4), dist(4), ["sparse_categorical_accuracy"])
    yield compiled("the same twice", sparse, ints(4), dist(4), ["accuracy", "accuracy"])
    w = weights(rng, (n,))
    yield compiled("weights reach the loss alone", mse, real(2), real(2), ["mae"], None, w)
    yield compiled("weighted metrics", mse, real(2), real(2), ["mae"], ["mae", "mse"], w)
    yield compiled("weighted accuracy", sparse, ints(4), dist(4), ["accuracy"], ["accuracy"], w)
    yield compiled("weighted, no weights", sparse, ints(4), dist(4), [], ["accuracy"])
    yield compiled("weights [B, 1]", binary, ints(2, 1), prob(1), ["accuracy"], ["accuracy"], w[:, None])
    steps = weights(rng, (n, 3))
    yield compiled("weights per step", sparse, ints(4, 3), dist(3, 4), ["accuracy"], ["accuracy"], steps)
    names = ["AUC", "Precision", "Recall", "bce", "TruePositives", "true_negatives", "FalsePositives", "FalseNegatives"]
    yield compiled("confusion by name", binary, ints(2, 1), prob(1), names, names[:3], w)
    names = ["TopKCategoricalAccuracy", "KLDivergence", "cosine_similarity", "categorical_crossentropy", "kl_divergence"]
    yield compiled("categorical by name", "kl_divergence", hot(6), dist(6), names, ["CategoricalHinge"], w)
    names = ["RootMeanSquaredError", "R2Score", "MSLE", "LogCoshError", "mape", "MAPE", "poisson", "concordance_correlation"]
    yield compiled("regression by name", "log_cosh", prob(2), prob(2), names, ["r2_score", "PearsonCorrelation"], w)
    yield compiled("hinge by name", "squared_hinge", 2.0 * ints(2, 1) - 1, real(1), ["hinge", "SquaredHinge", "BinaryIoU"], ["Hinge"], w)


def cases():
    rng = np.random.default_rng(3)
    out = [updates(label, metric, made) for label, metric, made in metric_cases(rng)]
    return out + list(compiled_cases(rng))
