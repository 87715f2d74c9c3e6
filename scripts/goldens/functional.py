"""Functional models: configs, the order of layers, and short runs with several inputs and outputs."""

import keras
import numpy as np

from .encode import array, measured, precision

L = keras.layers


def two_in_two_out():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    shared = L.Dense(5, activation="relu", name="shared")
    h1, h2 = shared(a), shared(L.Dense(4, name="pre")(b))
    reg = L.Dense(1, name="reg")(h1)
    cls = L.Dense(3, activation="softmax", name="cls")(h2)
    return keras.Model([a, b], [reg, cls], name="two")


def nested():
    i = keras.Input((4,), name="inner_in")
    inner = keras.Model(i, L.Dense(4, activation="tanh", name="inner_dense")(i), name="inner")
    x = keras.Input((4,), name="x")
    y = inner(L.Dense(4, name="pre")(inner(x)))
    return keras.Model(x, L.Dense(2, name="out")(y), name="nested")


def named():
    x = keras.Input((4,), name="x")
    h = L.Dense(6, activation="relu", name="h")(x)
    return keras.Model({"x": x}, {"second": L.Dense(2, name="p")(h), "first": L.Dense(1, name="q")(h)}, name="named")


def diamond():
    x = keras.Input((4,), name="x")
    left = L.Dense(3, name="left")(x)
    right = L.Dense(3, name="right1")(L.Dense(5, name="right0")(x))
    deep = L.Dense(2, name="deep")(right)
    return keras.Model([x], [left, deep, right], name="diamond")


def chain():
    x = keras.Input((4,), name="x")
    # What fit says of training comes before what the layer was called with.
    h = L.BatchNormalization(momentum=0.8, name="norm")(L.Dense(6, activation="relu", name="h")(x), training=False)
    return keras.Model(x, L.Dense(1, activation="sigmoid", name="out")(h), name="chain")


def sequential_inside():
    block = keras.Sequential([keras.Input((4,), name="s_in"), L.Dense(4, name="s0"), L.Dense(3, name="s1")], name="block")
    x = keras.Input((4,), name="x")
    return keras.Model(x, L.Dense(1, name="out")(block(x)), name="with_block")


def frozen():
    x = keras.Input((4,), name="x")
    return keras.Model(x, L.Dense(1, name="out")(L.Dense(4, trainable=False, name="fixed")(x)), name="frozen")


def data(rng, model, rows=20):
    x = [rng.normal(0, 1, (rows, *t.shape[1:])).astype("float32") for t in model.inputs]
    y = []
    for t, name in zip(keras.tree.flatten(model.outputs), model.output_names):
        if name == "cls":
            y.append(rng.integers(0, t.shape[-1], rows).astype("int32"))
        elif name == "out" and model.name == "chain":
            y.append(rng.integers(0, 2, (rows, 1)).astype("float32"))
        else:
            y.append(rng.normal(0, 1, (rows, *t.shape[1:])).astype("float32"))
    return x, y


CASES = [
    (two_in_two_out, dict(loss=["mse", "sparse_categorical_crossentropy"], metrics=[["mae"], ["accuracy"]]), {}),
    (
        two_in_two_out,
        dict(
            loss={"reg": "mae", "cls": "sparse_categorical_crossentropy"},
            loss_weights={"reg": 0.25, "cls": 2.0},
            metrics={"cls": ["accuracy", "sparse_categorical_crossentropy"]},
            weighted_metrics={"reg": ["mse"]},
        ),
        {"weights": True},
    ),
    (nested, dict(loss="mse", metrics=["mae"]), {}),
    (named, dict(loss={"second": "mse", "first": "mae"}, metrics={"first": ["mse"]}), {"names": True}),
    (diamond, dict(loss="mse", metrics=[["mae"], None, ["mse", "mae"]]), {}),
    (diamond, dict(loss=["mse", None, "mae"], loss_weights=[1.0, 1.0, 0.5]), {"skip": 1}),
    (chain, dict(loss="binary_crossentropy", metrics=["accuracy"]), {}),
    (sequential_inside, dict(loss="mse"), {}),
    (frozen, dict(loss="mse"), {}),
]


def run(make, compile_options, extra, start, x, y, weights):
    keras.utils.clear_session()
    model = make()
    real = keras.config.floatx()
    model.set_weights([w.astype(real) for w in start])
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), **compile_options)
    cast = lambda a: a.astype(real) if a.dtype.kind == "f" else a  # noqa: E731
    xs = {n: cast(a) for n, a in zip(["x"], x)} if extra.get("names") else [cast(a) for a in x]
    ys = [cast(a) for a in y]
    if extra.get("names"):
        ys = dict(zip(["first", "second"], ys))  # trees are flattened in the order of their keys
    if "skip" in extra:
        ys = [a for i, a in enumerate(ys) if i != extra["skip"]]
    history = model.fit(
        xs if isinstance(xs, dict) or len(xs) > 1 else xs[0],
        ys if isinstance(ys, dict) or len(ys) > 1 else ys[0],
        sample_weight=[cast(w) for w in weights] if weights else None,
        epochs=3,
        batch_size=8,
        shuffle=False,
        verbose=0,
    )
    return model, history.history


def cases():
    out = []
    for make, compile_options, extra in CASES:
        rng = np.random.default_rng(11)
        keras.utils.clear_session()
        model = make()
        start = [rng.normal(0, 0.5, w.shape).astype("float32") for w in model.weights]
        x, y = data(rng, model)
        weights = [rng.uniform(0.2, 2, 20).astype("float32") for _ in y] if extra.get("weights") else None
        model, history = run(make, compile_options, extra, start, x, y, weights)
        precision("float64")
        other, exact = run(make, compile_options, extra, start, x, y, weights)
        precision("float32")
        out.append(
            {
                "label": f"{model.name}: {', '.join(compile_options)}",
                "config": model.get_config(),
                "layers": [layer.name for layer in model.layers],
                "weight_paths": [w.path for w in model.weights],
                "params": int(model.count_params()),
                "compile": compile_options,
                "extra": extra,
                "weights": [array(w) for w in start],
                "x": [array(a) for a in x],
                "y": [array(a) for a in y],
                "sample_weight": [array(w) for w in weights] if weights else None,
                "history": {k: measured(v, exact[k]) for k, v in history.items()},
                "after": [measured(w, e) for w, e in zip(model.get_weights(), other.get_weights())],
            }
        )
    return out
