"""Whole training runs from Keras's own initial weights, in order (shuffle=False), with a tail batch.

Each run happens in float32, which is the golden, and again in float64 from the same weights; the largest
difference between the two, per array, says how far float32's rounding alone carries a run.
"""

import keras
import numpy as np

from .encode import array, config, difference, measured, number, precision

K = keras.layers
O = keras.optimizers
L = keras.losses


def regression(rng, n, features, outputs=1):
    x = rng.normal(0, 1, (n, features))
    w = rng.normal(0, 1, (features, outputs))
    y = np.sin(x @ w) + 0.1 * rng.normal(0, 1, (n, outputs))
    return x.astype("float32"), y.astype("float32")


def classes(rng, n, features, count):
    x = rng.normal(0, 1, (n, features))
    y = np.argmax(x @ rng.normal(0, 1, (features, count)) + 0.3 * rng.normal(0, 1, (n, count)), -1)
    return x.astype("float32"), y.astype("int32")


def hot(y, count):
    return np.eye(count, dtype="float32")[y]


def dense(*specs):
    """[(units, activation), ...] as makers, so that each precision builds its own layers."""
    return lambda: [K.Dense(units, activation=activation) for units, activation in specs]


def runs():
    """name → (layers, compile, fit, data); all of them makers, called once per precision."""
    rng = np.random.default_rng(7)
    weights = lambda n: rng.uniform(0, 2, n).astype("float32")  # noqa: E731

    x, y = regression(rng, 50, 6)
    yield "mse, SGD, relu", dense((8, "relu"), (1, None)), dict(optimizer=lambda: O.SGD(0.05), loss="mse"), dict(
        batch_size=8, epochs=4
    ), dict(x=x, y=y)
    yield "mse, SGD with momentum, validation split", dense((8, "tanh"), (1, None)), dict(
        optimizer=lambda: O.SGD(0.05, momentum=0.9), loss="mean_squared_error", metrics=["mae"]
    ), dict(batch_size=8, epochs=4, validation_split=0.3), dict(x=x, y=y)
    yield "mse, nesterov, y of rank 1, split that floating point rounds down", dense((4, "elu"), (1, None)), dict(
        optimizer=lambda: O.SGD(0.02, momentum=0.8, nesterov=True), loss="mse"
    ), dict(batch_size=4, epochs=8, validation_split=0.8), dict(x=x, y=y[:, 0])
    x, y = regression(rng, 61, 5, 3)
    vx, vy = regression(rng, 23, 5, 3)
    yield "mse, Adam, gelu, validation data", dense((10, "gelu"), (3, None)), dict(
        optimizer=lambda: O.Adam(0.01), loss="mse", metrics=["mae", "mse"]
    ), dict(batch_size=10, epochs=4), dict(x=x, y=y, validation_x=vx, validation_y=vy)
    yield "mae, Adam, softplus, sample weights", dense((10, "softplus"), (3, None)), dict(
        optimizer=lambda: O.Adam(0.01),
        loss="mean_absolute_error",
        metrics=["mse"],
        weighted_metrics=["mse", "mae"],
    ), dict(batch_size=16, epochs=6, validation_split=0.25), dict(x=x, y=y, sample_weight=weights(61))
    yield "mse, sample weights in training and validation data", dense((6, "relu"), (3, None)), dict(
        optimizer=lambda: O.SGD(0.1), loss="mse", weighted_metrics=["mae"]
    ), dict(batch_size=16, epochs=6), dict(
        x=x, y=y, sample_weight=weights(61), validation_x=vx, validation_y=vy, validation_sample_weight=weights(23)
    )
    yield "mse, Adam, schedule", dense((8, "tanh"), (3, None)), dict(
        optimizer=lambda: O.Adam(O.schedules.ExponentialDecay(0.05, decay_steps=10, decay_rate=0.5)), loss="mse"
    ), dict(batch_size=16, epochs=6), dict(x=x, y=y)
    yield "mse, loss reduced by sum", dense((5, "tanh"), (3, None)), dict(
        optimizer=lambda: O.SGD(0.001), loss=lambda: L.MeanSquaredError(reduction="sum")
    ), dict(batch_size=16, epochs=6), dict(x=x, y=y, sample_weight=weights(61))

    x, y = classes(rng, 53, 5, 2)
    yield "sigmoid, binary cross-entropy, accuracy", dense((8, "relu"), (1, "sigmoid")), dict(
        optimizer=lambda: O.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy"]
    ), dict(batch_size=10, epochs=5, validation_split=0.2), dict(x=x, y=y[:, None])
    yield "sigmoid, class weights, y of rank 1", dense((8, "tanh"), (1, "sigmoid")), dict(
        optimizer=lambda: O.SGD(0.3), loss="binary_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"]
    ), dict(batch_size=10, epochs=5, class_weight={0: 0.4, 1: 2.0}, validation_split=0.2), dict(x=x, y=y)
    yield "binary logits, smoothing", dense((8, "elu"), (1, None)), dict(
        optimizer=lambda: O.Adam(0.02),
        loss=lambda: L.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["mae"],
    ), dict(batch_size=10, epochs=5), dict(x=x, y=y[:, None].astype("float32"))
    yield "sigmoid, several outputs", dense((8, "relu"), (2, "sigmoid")), dict(
        optimizer=lambda: O.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy", "binary_accuracy"]
    ), dict(batch_size=10, epochs=5), dict(x=x, y=hot(y, 2))

    x, y = classes(rng, 70, 6, 4)
    vx, vy = classes(rng, 21, 6, 4)
    yield "softmax, sparse cross-entropy, Adam", dense((12, "relu"), (12, "relu"), (4, "softmax")), dict(
        optimizer=lambda: O.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    ), dict(batch_size=16, epochs=6), dict(x=x, y=y, validation_x=vx, validation_y=vy)
    yield "softmax by name of optimizer, y [B, 1]", dense((8, "tanh"), (4, "softmax")), dict(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["acc"]
    ), dict(batch_size=16, epochs=6, validation_split=0.1), dict(x=x, y=y[:, None])
    yield "softmax, sparse, class weights", dense((8, "relu"), (4, "softmax")), dict(
        optimizer=lambda: O.SGD(0.2), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    ), dict(batch_size=16, epochs=6, class_weight={0: 2.0, 2: 0.25}), dict(x=x, y=y)
    yield "sparse logits, sample weights", dense((8, "gelu"), (4, None)), dict(
        optimizer=lambda: O.Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-5),
        loss=lambda: L.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    ), dict(batch_size=16, epochs=6), dict(x=x, y=y, sample_weight=weights(70))
    yield "softmax, categorical with smoothing", dense((8, "elu"), (4, "softmax")), dict(
        optimizer=lambda: O.Adam(0.01),
        loss=lambda: L.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy"],
    ), dict(batch_size=16, epochs=6, validation_split=0.2), dict(x=x, y=hot(y, 4))
    yield "softmax, categorical, class weights", dense((8, "sigmoid"), (4, "softmax")), dict(
        optimizer=lambda: O.SGD(0.2, momentum=0.5), loss="categorical_crossentropy", metrics=["accuracy", "mse"]
    ), dict(batch_size=16, epochs=6, class_weight={1: 3.0}), dict(x=x, y=hot(y, 4))
    yield "large inputs: logits recovered behind the softmax", dense((8, "relu"), (4, "softmax")), dict(
        optimizer=lambda: O.SGD(1e-4), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    ), dict(batch_size=16, epochs=5), dict(x=(100 * x).astype("float32"), y=y)
    yield "large inputs: logits recovered behind an Activation", lambda: [
        K.Dense(1),
        K.Activation("sigmoid"),
    ], dict(optimizer=lambda: O.SGD(1e-3), loss="binary_crossentropy", metrics=["accuracy"]), dict(
        batch_size=16, epochs=5
    ), dict(x=(50 * x).astype("float32"), y=(y > 1).astype("int32"))

    images = rng.integers(0, 256, (45, 4, 4)).astype("uint8")
    labels = (images[:, :2].mean((1, 2)) > images[:, 2:].mean((1, 2))).astype("int32") + (
        images[:, :, 0].mean(1) > 140
    ).astype("int32")
    yield "uint8 images, uint8 labels", lambda: [
        K.Rescaling(1 / 255),
        K.Flatten(),
        K.Dense(12, activation="relu"),
        K.Dropout(0.0),
        K.Dense(3, activation="softmax"),
    ], dict(optimizer=lambda: O.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"]), dict(
        batch_size=8, epochs=5, validation_split=0.1
    ), dict(x=images, y=labels.astype("uint8"))
    steps = rng.normal(0, 1, (30, 3, 4)).astype("float32")
    tags = (steps.sum(-1) > 0).astype("int32")
    yield "a sequence, weights per step", dense((6, "tanh"), (2, "softmax")), dict(
        optimizer=lambda: O.Adam(0.02),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    ), dict(batch_size=7, epochs=5), dict(x=steps, y=tags, sample_weight=rng.uniform(0, 2, (30, 3)).astype("float32"))


def made(value):
    return value() if callable(value) else value


def train(layers, compile, fit, data, start):
    """One run in Keras's current precision; `start` None takes Keras's own initial weights."""
    real = lambda a: a.astype(keras.config.floatx()) if a is not None and a.dtype.kind == "f" else a  # noqa: E731
    data = {k: real(v) for k, v in data.items()}
    model = keras.Sequential([keras.Input(data["x"].shape[1:], dtype=str(data["x"].dtype)), *layers()])
    if start is not None:
        model.set_weights([real(w) for w in start])
    initial = model.get_weights()
    if start is None:  # zero biases would hide how biases start
        initial = [w if w.ndim > 1 else np.linspace(-0.2, 0.2, w.size).astype("float32") for w in initial]
        model.set_weights(initial)
    compiled = {k: made(v) for k, v in compile.items()}
    model.compile(**compiled)
    validation = None
    if "validation_x" in data:
        validation = tuple(data[k] for k in ("validation_x", "validation_y", "validation_sample_weight") if k in data)
    steps = []

    class Steps(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(float(logs["loss"]))

    history = model.fit(
        data["x"],
        data["y"],
        sample_weight=data.get("sample_weight"),
        validation_data=validation,
        shuffle=False,
        verbose=0,
        callbacks=[Steps()],
        **fit,
    )
    evaluated = model.evaluate(
        data["x"],
        data["y"],
        sample_weight=data.get("sample_weight"),
        batch_size=9,
        verbose=0,
        return_dict=True,
    )
    predicted = model.predict(data["x"], batch_size=11, verbose=0)
    return dict(
        model=model,
        compiled=compiled,
        initial=initial,
        history=history.history,
        running_losses=np.array(steps),
        weights=model.get_weights(),
        evaluate=evaluated,
        predict=predicted,
    )


def named(value):
    return config(value) if hasattr(value, "get_config") else value


def case(name, layers, compile, fit, data, index):
    keras.utils.clear_session()
    keras.utils.set_random_seed(100 + index)
    precision("float32")
    single = train(layers, compile, fit, data, None)
    model = single["model"]
    described = [config(layer) for layer in model.layers]
    compiled = {k: named(v) for k, v in single["compiled"].items()}
    precision("float64")
    double = train(layers, compile, fit, data, single["initial"])
    precision("float32")
    return {
        "name": name,
        "input_shape": list(data["x"].shape[1:]),
        "layers": described,
        "compile": compiled,
        "fit": {**fit, "shuffle": False},
        "data": {k: array(v) for k, v in data.items()},
        "initial_weights": [array(w) for w in single["initial"]],
        "history_names": list(single["history"]),
        "history": {
            k: measured(np.array(v, "float32"), double["history"][k]) for k, v in single["history"].items()
        },
        "running_losses": measured(single["running_losses"].astype("float32"), double["running_losses"]),
        "weights": [measured(a, b) for a, b in zip(single["weights"], double["weights"])],
        "evaluate_names": list(single["evaluate"]),
        "evaluate": {
            k: {"value": number(v), "difference": difference(v, double["evaluate"][k])}
            for k, v in single["evaluate"].items()
        },
        "predict": measured(single["predict"], double["predict"]),
    }


def cases():
    return [case(*run, index) for index, run in enumerate(runs())]
